"""From a table to a contract. It asks nothing: what it guesses stands in the file, with the reason, to be read and mended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from ..artifacts import whole
from ..data_loaders.sources import load_sources
from ..errors import SettingsError
from ..settings import Settings
from ..steps import CONTRACT, SOURCES, Project
from .file import load_contract
from .infer_columns import NAMED_ID, Guess, guess_column, keep, parts_of
from .infer_sample import Sample, open_table
from .infer_suspects import Bounds, find_suspects, too_good
from .infer_target import TargetGuess, guess_target
from .infer_text import contract_text, sources_text
from .types import MAX_COLUMNS, MAX_NAME, Contract, TaskName, TooGood

#: Rows of one thing, such as the visits of a patient: about so many times a value comes back.
REPEATS = (2, 50)
MANY_VALUES = 30
FEW_DAYS = 20
#: A hold-out has about this share of the expected events for certain.
CERTAIN_EVENTS = 0.5


@dataclass(frozen=True)
class Roles:
    """What the command line says of columns."""

    time: str | None = None
    group: str | None = None
    key: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.key, *(name for name in (self.time, self.group) if name))


@dataclass(frozen=True)
class Draft:
    """A contract, with the reasons.

    Args:
        guesses: all columns but the target; those that are no features have `kind` None.
        known_later: columns that can only be known after the outcome, each with the reason.
        remarks: what a person should know who reads the contract.
    """

    sample: Sample
    target: TargetGuess
    guesses: tuple[Guess, ...]
    roles: Roles
    period: str
    minimum_events: int
    known_later: dict[str, str]
    bounds: Bounds
    remarks: tuple[str, ...]

    @property
    def features(self) -> list[Guess]:
        """The columns that a model sees."""
        return [guess for guess in self.guesses if guess.kind and guess.name not in self.known_later]

    @property
    def ignored(self) -> dict[str, str]:
        """Columns without any part in it, each with the reason."""
        used = {*self.roles.names, *self.known_later}
        return {guess.name: guess.ignored for guess in self.guesses if guess.ignored and guess.name not in used}

    @property
    def source_name(self) -> str:
        """The table's name, from the file's."""
        stem = Path(self.sample.source["path"]).name.partition(".")[0]
        return re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:60].strip("-_") or "rows"

    def contract(self) -> Contract:
        """The same as what is written, checked."""
        target: dict[str, Any] = {"column": self.target.values.name}
        if self.target.labels:
            target |= {"labels": self.target.labels, "positive": self.target.positive}
        return Contract.model_validate(
            {
                "format": 1,
                "task": self.target.task,
                "target": target,
                "columns": {guess.name: {"kind": guess.kind, **guess.keys} for guess in self.features},
                "key": self.roles.key,
                "time": self.roles.time,
                "time_zone": self.sample.form.zone,
                "period": self.period,
                "group": self.roles.group,
                "known_later": tuple(self.known_later),
                "ignored": self.ignored,
                "acceptance": {"minimum_events": self.minimum_events, "too_good": self.bounds.alarms},
            }
        )

    def rows(self) -> pl.DataFrame:
        """All rows with a target, all columns as their kind; in order of time, if there is one."""
        rows = pl.DataFrame([*(guess.values for guess in self.guesses), self.target.values])
        rows = rows.filter(rows[self.target.values.name].is_not_null())
        return rows.sort(self.roles.time, maintain_order=True) if self.roles.time else rows


def infer_contract(project: Project, file: Path, target: str, roles: Roles, task: TaskName | None) -> Draft:
    """Guess what the rows of a file mean.

    Raises:
        DataError: the file cannot be read.
        SettingsError: a column that is named is not there, or not what it is named for.
    """
    settings, sample = project.settings, open_table(file, project.root)
    for name in (target, *roles.names):
        _require(name, sample.frame.columns)
    if target in roles.names:
        raise SettingsError(f"`{target}` is the target and cannot be a role, too.", "Name another column.")
    guessed = guess_target(sample.frame[target], sample.read, task)
    known = guessed.values.is_not_null()
    names = [name for name in sample.frame.columns if name != target and len(name) <= MAX_NAME][:MAX_COLUMNS]
    guesses = (_of_role(_guess(sample, name), roles) for name in names)
    judged = _some_feature([_worth(guess, known, settings) for guess in guesses], roles)
    draft = Draft(
        sample=sample,
        target=guessed,
        guesses=judged,
        roles=roles,
        period=_period(judged, roles.time),
        minimum_events=_minimum_events(guessed, settings),
        known_later={},
        bounds=Bounds(TooGood(reason="not looked at yet"), ""),
        remarks=(),
    )
    suspects = find_suspects(draft.rows(), draft.contract(), settings)
    draft = replace(draft, known_later=suspects.known_later)
    if not draft.features:
        raise SettingsError(
            "Every column knows the outcome: "
            + "; ".join(f"`{name}`: {why}" for name, why in draft.known_later.items()),
            "A model needs a column that is known before the outcome.",
        )
    bounds = too_good(draft.rows(), draft.contract(), settings, suspects.strong)
    return replace(draft, bounds=bounds, remarks=tuple(_remarks(draft, settings)))


def _require(name: str, columns: list[str]) -> None:
    if name in columns:
        return
    folded = {column.strip().casefold(): column for column in columns}
    near = [folded[close] for close in get_close_matches(name.strip().casefold(), folded, n=3)]
    raise SettingsError(
        f"There is no column `{name}`.",
        f"Did you mean {' or '.join(f'`{close}`' for close in near)}?"
        if near
        else f"There are: {', '.join(columns[:40])}.",
    )


def _guess(sample: Sample, name: str) -> Guess:
    return guess_column(sample.frame[name], sample.read)


def _of_role(guess: Guess, roles: Roles) -> Guess:
    """A column as its role leaves it: groups and keys are no features, and time only where its parts come back."""
    if guess.name == roles.time:
        if guess.values.dtype != pl.Datetime:
            raise SettingsError(
                f"--time: `{guess.name}` holds no dates.", "Leave --time away, or name a column of dates."
            )
        parts = parts_of(guess.values, orders=True)
        why = f"{guess.remark}; orders the rows, so only parts that come back are features"
        if guess.missing:
            raise SettingsError(
                f"--time: `{guess.name}` is missing in {guess.missing:,} rows.", "Fill it, or leave --time away."
            )
        return replace(guess, kind="datetime" if parts else None, keys={**guess.keys, "parts": parts}, remark=why)
    if guess.name == roles.group:
        return replace(
            guess, kind=None, remark="rows with the same value are on the same side of a split", ignored=None
        )
    if guess.name in roles.key and guess.words >= len(guess.values) / 2:
        return replace(guess, kind=None, ignored=None)
    return guess


def _worth(guess: Guess, known: pl.Series, settings: Settings) -> Guess:
    """Leave out a column that tells nothing in the rows with an outcome."""
    values = guess.values.filter(known)
    missing = values.null_count()
    if guess.kind and missing > settings.validation.maximum_missing_share * len(values):
        return replace(guess, kind=None, ignored=f"missing in {missing:,} of {len(values):,} rows")
    if guess.kind and not missing and values.n_unique() == 1:
        return replace(guess, kind=None, ignored="the same in every row with an outcome")
    return guess


def _some_feature(guesses: list[Guess], roles: Roles) -> tuple[Guess, ...]:
    """Where there are only names of rows, take them as features after all."""
    if any(guess.kind for guess in guesses):
        return tuple(guesses)
    kept = tuple(guess if guess.name in roles.names else keep(guess) for guess in guesses)
    if any(guess.kind for guess in kept):
        return kept
    left = "; ".join(f"`{guess.name}`: {guess.ignored or 'a role'}" for guess in kept)
    raise SettingsError(f"No column can be a feature: {left or 'there is only the target'}.", "Add one to the table.")


def _period(guesses: Sequence[Guess], time: str | None) -> str:
    """Days are kept whole, unless there are too few of them to divide."""
    for guess in guesses:
        if guess.name == time and guess.values.dt.date().n_unique() < FEW_DAYS:
            return "1h"
    return "1d"


def _minimum_events(target: TargetGuess, settings: Settings) -> int:
    """The usual minimum of events in the hold-out, or less where the table is too small for it."""
    counts = target.values.drop_nulls().value_counts()["count"]
    events = counts.sum() - (counts.max() if target.labels else 0)  # type: ignore[operator]
    return max(1, min(10, int(events * settings.split.holdout_share * CERTAIN_EVENTS)))


def _remarks(draft: Draft, settings: Settings) -> list[str]:
    """What a person should know."""
    remarks = []
    rows, roles = len(draft.sample.frame), draft.roles
    dates = [guess.name for guess in draft.guesses if guess.kind == "datetime"]
    if dates and not roles.time and not roles.group:
        remarks.append(
            f"There are dates, but rows are split at random: a model then knows the future of what it is judged on. "
            f"More honest, if they order the rows: --time {dates[0]}"
        )
    for guess in draft.guesses:
        often = rows / max(guess.words, 1)
        repeats = guess.words >= MANY_VALUES and REPEATS[0] <= often <= REPEATS[1]
        if repeats and NAMED_ID.search(guess.name) and guess.name not in roles.names:
            remarks.append(
                f"`{guess.name}` comes back about {often:.0f} times: rows of one thing? Then --group {guess.name}"
            )
    if roles.key and (twice := rows - draft.sample.frame.n_unique(subset=list(roles.key))):
        remarks.append(f"The key is not unique: {twice:,} rows have that of another, and the pipeline will refuse them")
    if rows < settings.validation.minimum_rows:
        remarks.append(f"{rows} rows: params.yaml wants {settings.validation.minimum_rows} (validation.minimum_rows)")
    if unseen := len(draft.sample.frame.columns) - 1 - len(draft.guesses):
        remarks.append(
            f"{unseen} columns are left out: there may be {MAX_COLUMNS}, with names of {MAX_NAME} letters at most"
        )
    return remarks


def write_draft(project: Project, draft: Draft) -> None:
    """Write configs/contract.yaml and configs/sources.yaml, both or none; both have been read back as what is meant.

    Raises:
        DataError: they cannot be written; what was there is as it was.
    """
    contract, sources = project.root / CONTRACT, project.root / SOURCES
    with whole(contract) as first, whole(sources) as second:
        first.write_text(contract_text(draft), encoding="utf-8")
        second.write_text(sources_text(draft), encoding="utf-8")
        if load_contract(first) != draft.contract() or not load_sources(second, project.root):
            raise AssertionError("what is written is not what is meant")


def forbid_overwriting(project: Project) -> None:
    """Refuse to replace a contract that somebody may have edited; raises `SettingsError`."""
    if there := [name for name in (CONTRACT, SOURCES) if (project.root / name).exists()]:
        raise SettingsError(f"{' and '.join(there)} would be overwritten.", "Keep them, or say --replace.")

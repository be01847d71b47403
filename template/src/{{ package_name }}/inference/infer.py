"""From a table to a contract. It asks nothing: what it guesses stands in the file, with the reason, to be read and mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from ..artifacts import whole
from ..configuration import values_of
from ..contract.file import load_contract
from ..contract.types import MAX_COLUMNS, MAX_NAME, Contract, TaskName, TooGood
from ..data_loaders.sources import load_sources
from ..errors import SettingsError
from ..features.identifiers import BELONG, NAMES
from ..problems import listed
from ..settings import Settings
from ..steps import CONTRACT, SOURCES, Project
from .columns import ALMOST, Guess, guess_column, recurring_parts
from .sample import Sample, open_table, personal_columns
from .suspects import alarms_for, find_suspects
from .target import TargetGuess, guess_target
from .text import contract_text, sources_text

#: With fewer days than this, days cannot be kept whole and be divided, too.
FEW_DAYS = 20
#: Of the events that a hold-out will have about, it has this share for certain.
CERTAIN = 0.5
MOST_EVENTS = 10


@dataclass(frozen=True)
class Roles:
    """What the command line says of columns."""

    time: str | None = None
    group: str | None = None
    key: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that have a role."""
        return (*self.key, *(name for name in (self.time, self.group) if name))


@dataclass(frozen=True)
class Draft:
    """A contract, with the reasons.

    Args:
        guesses: all columns but the target.
        known_later: columns that can only be known after the outcome, each with the reason.
        probed: what a quick model reaches.
        remarks: what a person should know who reads the contract.
    """

    sample: Sample
    target: TargetGuess
    guesses: tuple[Guess, ...]
    roles: Roles
    period: str
    minimum_events: int
    known_later: dict[str, str]
    alarms: TooGood
    probed: str
    remarks: tuple[str, ...]

    @property
    def features(self) -> list[Guess]:
        """The columns that a model sees."""
        return [guess for guess in self.guesses if guess.ignored is None and guess.name not in self.known_later]

    @property
    def ignored(self) -> dict[str, str]:
        """Columns that have no part in it, each with the reason."""
        used = {*self.roles.names, *self.known_later}
        return {guess.name: guess.ignored for guess in self.guesses if guess.ignored and guess.name not in used}

    def contract(self) -> Contract:
        """What is written, as it will be read."""
        return Contract.model_validate(values_of(contract_text(self)))

    def rows(self) -> pl.DataFrame:
        """All rows with a target, all columns as their kind; in order of time, if there is one."""
        rows = pl.DataFrame([*(guess.values for guess in self.guesses), self.target.values])
        rows = rows.filter(rows[self.target.values.name].is_not_null())
        return rows.sort(self.roles.time, maintain_order=True) if self.roles.time else rows


def infer_contract(project: Project, file: Path, target: str, roles: Roles, task: TaskName | None) -> Draft:
    """Guess what the rows of a file mean.

    Raises:
        DataError: the file cannot be read.
        SettingsError: a column that is named is not there, or not what it is named for; or nothing is left to learn from.
    """
    settings, sample = project.settings, open_table(file, project.root)
    for name in (target, *roles.names):
        _require(name, sample.frame.columns)
    if target in roles.names:
        raise SettingsError(f"`{target}` is the target and cannot have another role.", "Name another column.")
    guessed = guess_target(sample.frame[target], sample.read, task)
    names = [name for name in sample.frame.columns if name != target and len(name) <= MAX_NAME][:MAX_COLUMNS]
    guesses = [_in_role(guess_column(sample.frame[name], sample.read), roles, sample) for name in names]
    personal = personal_columns(project)
    guesses = [guess.personal() if guess.name in personal else guess for guess in guesses]
    draft = Draft(
        sample=sample,
        target=guessed,
        guesses=_some_feature([_worth(guess, guessed, settings) for guess in guesses], roles),
        roles=roles,
        period="1d" if roles.time is None or _days(sample, roles.time) >= FEW_DAYS else "1h",
        minimum_events=_minimum_events(guessed, settings),
        known_later={},
        alarms=TooGood(reason="nobody looked yet"),
        probed="",
        remarks=(),
    )
    known_later, strong = find_suspects(draft.rows(), draft.contract(), settings)
    draft = replace(draft, known_later=known_later)
    if not draft.features:
        told = "; ".join(f"`{name}`: {why}" for name, why in known_later.items())
        raise SettingsError(f"Every column knows the outcome: {told}.", "A model needs one that is known before it.")
    alarms, probed = alarms_for(draft.rows(), draft.contract(), settings, strong)
    return replace(draft, alarms=alarms, probed=probed, remarks=tuple(_remarks(draft, settings)))


def _require(name: str, columns: list[str]) -> None:
    if name not in columns:
        folded = {column.casefold(): column for column in columns}
        near = [f"`{folded[close]}`" for close in get_close_matches(name.strip().casefold(), folded, n=3)]
        advice = f"Did you mean {' or '.join(near)}?" if near else f"There are: {listed(columns)}."
        raise SettingsError(f"There is no column `{name}`.", advice)


def _in_role(guess: Guess, roles: Roles, sample: Sample) -> Guess:
    """A column as its role leaves it: a group is no feature, and time only by parts that come back."""
    if guess.name == roles.group:
        return replace(guess, ignored="it is the group")
    if guess.name == roles.time:
        if guess.kind != "datetime" or guess.values.null_count():
            what = (
                f"is missing in {guess.values.null_count():,} rows"
                if guess.kind == "datetime"
                else "does not hold dates"
            )
            raise SettingsError(
                f"`{guess.name}` {what}, so it cannot order the rows.", "Leave --time away, or mend the column."
            )
        parts = recurring_parts(guess.values)
        remark = f"{guess.remark}; without parts that are new in every row to come"
        return replace(
            guess, keys=guess.keys | {"parts": parts}, remark=remark, ignored=None if parts else "it orders the rows"
        )
    if not sample.whole and guess.kind and "missing" not in guess.keys:
        return replace(
            guess, keys=guess.keys | {"missing": True}, remark=f"{guess.remark}; not all rows were looked at"
        )
    return guess


def _worth(guess: Guess, target: TargetGuess, settings: Settings) -> Guess:
    """Leave out a column that tells nothing in the rows with an outcome."""
    values = guess.values.filter(target.values.is_not_null())
    missing = values.null_count()
    if guess.ignored is None and missing > settings.validation.maximum_missing_share * len(values):
        return replace(guess, ignored=f"missing in {missing:,} of {len(values):,} rows")
    if guess.ignored is None and not missing and values.n_unique() == 1:
        return replace(guess, ignored="the same in every row with an outcome")
    return guess


def _some_feature(guesses: list[Guess], roles: Roles) -> tuple[Guess, ...]:
    """Where only names of rows are left, they are features after all."""
    if all(guess.ignored for guess in guesses):
        spare = [
            name.name for name in guesses if (name.ignored or "").startswith(NAMES) and name.name not in roles.names
        ]
        guesses = [replace(guess, ignored=None) if guess.name in spare else guess for guess in guesses]
    if all(guess.ignored for guess in guesses):
        left = "; ".join(f"`{guess.name}`: {guess.ignored}" for guess in guesses)
        raise SettingsError(
            f"No column can be a feature: {left or 'there is only the target'}.", "Add one to the table."
        )
    return tuple(guesses)


def _days(sample: Sample, time: str) -> int:
    return sample.read(sample.frame[time], "datetime").dt.date().n_unique()


def _minimum_events(target: TargetGuess, settings: Settings) -> int:
    """The usual minimum of events in the hold-out, or less where the table is too small for it."""
    counts = sorted(target.values.drop_nulls().value_counts()["count"])
    events = sum(counts[:-1] if target.labels else counts)
    return max(1, min(MOST_EVENTS, int(events * settings.split.holdout_share * CERTAIN)))


def _remarks(draft: Draft, settings: Settings) -> Iterator[str]:
    """What a person should know."""
    rows, frame, roles = draft.sample.rows, draft.sample.frame, draft.roles
    dates = [guess.name for guess in draft.guesses if guess.kind == "datetime"]
    if dates and not roles.time:
        yield (
            f"The split is not by time, so that models know the future of what they are judged on. If `{dates[0]}` orders "
            f"the rows, --time {dates[0]} is more honest."
        )
    for guess in draft.guesses:
        if (guess.ignored or "").startswith(BELONG) and not (roles.group or roles.time):
            yield f"If rows with the same `{guess.name}` belong together, --group {guess.name} is more honest."
        if guess.remark.startswith(tuple(ALMOST.values())):
            yield (
                f"`{guess.name}`: {guess.remark.partition(';')[0]}. If these are slips, mend them; if they stand for no value, "
                f"write them to `missing` in {SOURCES}, and here the kind that the column has then."
            )
    if roles.key and (twice := len(frame) - frame.n_unique(subset=list(roles.key))):
        yield f"The key is not unique: {twice:,} rows have that of another, and the pipeline will refuse them."
    if rows < settings.validation.minimum_rows:
        yield f"{rows} rows are few: params.yaml wants {settings.validation.minimum_rows} (validation.minimum_rows)."
    if unseen := len(frame.columns) - 1 - len(draft.guesses):
        yield f"{unseen} columns are not looked at: there may be {MAX_COLUMNS}, with names of {MAX_NAME} letters."


def forbid_overwriting(project: Project) -> None:
    """Refuse to replace a contract that somebody may have edited; raises `SettingsError`."""
    if there := [name for name in (CONTRACT, SOURCES) if (project.root / name).exists()]:
        raise SettingsError(f"{' and '.join(there)} would be overwritten.", "Keep them, or say --replace.")


def write_draft(project: Project, draft: Draft) -> None:
    """Write configs/contract.yaml and configs/sources.yaml, both or none, once they can be read.

    Raises:
        DataError: they cannot be written; what was there is as it was.
    """
    with whole(project.root / CONTRACT) as contract, whole(project.root / SOURCES) as sources:
        contract.write_text(contract_text(draft), encoding="utf-8")
        sources.write_text(sources_text(draft), encoding="utf-8")
        load_contract(contract)
        load_sources(sources, project.root)

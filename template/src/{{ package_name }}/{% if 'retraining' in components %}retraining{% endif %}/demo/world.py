"""Rows of the demo, and what becomes of them: by a rule that is known, so that it is known what should happen.

The columns are those of a made table, or of the project's contract. Outcomes are never the project's own: they follow
from a score of some columns, with noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import polars as pl

from ...contract.types import CategoryColumn, Contract, IntegerColumn, NumberColumn

Row = dict[str, Any]
#: A word that nobody has seen.
NEW_WORD = "never seen before"
#: Columns that take part in the score.
_NUMBERS, _WORDS = 3, 2
_POOL = 4000
_MISSING, _MEMBERS = 0.05, 0.4
#: How much of the outcome the score explains.
_SIGNAL = 3.0
_REASON = "The outcomes of the demo follow from its rows."

MADE = Contract.model_validate(
    {
        "format": 1,
        "task": "binary",
        "target": {"column": "bought", "labels": ("no", "yes"), "positive": "yes"},
        "columns": {
            "age": {"kind": "integer", "minimum": 16, "maximum": 110},
            "income": {"kind": "number", "minimum": 0, "maximum": 1000},
            "minutes": {"kind": "number", "minimum": 0, "maximum": 600, "missing": True},
            "region": {"kind": "category"},
            "channel": {"kind": "category"},
            "member": {"kind": "boolean"},
        },
        "acceptance": {"too_good": {"metrics": {}, "single_column": None, "reason": _REASON}},
    }
)


class Draw(Protocol):
    """Draws rows [n] without outcomes; where `high` names a column, such as have more of it."""

    def __call__(self, random: np.random.Generator, count: int, high: str | None = None) -> list[Row]:
        """So many."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """Rows, and what becomes of them.

    Args:
        contract: of the rows.
        draw: makes rows.
        numbers: columns of the score, with mean and deviation.
        words: columns of the score, with what each word adds.
        spread: the deviation of the score.
        cuts: between the outcomes, on the scale of the score.
        is_own: whether the rows are a project's own.
    """

    contract: Contract
    draw: Draw
    numbers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spread: float = 1.0
    cuts: tuple[float, ...] = ()
    is_own: bool = False

    @classmethod
    def of(cls, contract: Contract, draw: Draw, seed: int) -> World:
        """A world with a score of its first columns that vary."""
        pool = draw(np.random.default_rng(seed), _POOL)
        plain = cls(contract=contract, draw=draw, numbers=_numbers(contract, pool), words=_words(contract, pool))
        scores = plain.scores(pool)
        scaled = replace(plain, spread=float(scores.std()) or 1.0)
        classes = len(contract.labels)
        shares = np.arange(1, classes) / classes if classes else np.empty(0)
        return replace(scaled, cuts=tuple(float(cut) for cut in np.quantile(scaled.scores(pool), shares)))

    def scores(self, rows: Sequence[Row]) -> np.ndarray:
        """What speaks for a high outcome, [n]."""
        total = np.zeros(len(rows))
        for place, (name, (mean, deviation)) in enumerate(self.numbers.items()):
            found = np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
            z = np.nan_to_num((found - mean) / deviation)
            # The first turns: far above the mean more of it speaks against what it spoke for.
            total += np.where(z > 1, 2 - z * 2, z) + (z > 1) if place == 0 else z * (-1) ** place
        for name, effects in self.words.items():
            total += np.array([effects.get(str(row[name]), -2.0) for row in rows])
        return total / self.spread

    def outcomes(self, random: np.random.Generator, rows: Sequence[Row], *, turned: bool = False) -> list[Any]:
        """What becomes of rows [n]; in a world that is turned, the contrary."""
        scores = self.scores(rows) * (-1 if turned else 1)
        noisy = scores + random.logistic(0, 1 / _SIGNAL, len(rows))
        if not self.contract.labels:
            return [round(float(value), 4) for value in noisy * 10]
        cuts = [-cut for cut in reversed(self.cuts)] if turned else list(self.cuts)
        return [self.contract.labels[index] for index in np.searchsorted(cuts, noisy)]


def made_rows(random: np.random.Generator, count: int, high: str | None = None) -> list[Row]:
    """Rows of the made table."""
    shift = {name: 1.6 * (name == high) for name in ("age", "income", "minutes")}
    age = np.clip(random.normal(45 + 12 * shift["age"], 12, count), 16, 110).astype(int)
    income = np.round(np.clip(random.normal(50 + 12 * shift["income"], 12, count), 0, 1000), 1)
    minutes = np.round(np.clip(random.normal(120 + 40 * shift["minutes"], 40, count), 0, 600), 1)
    lost = random.random(count) < _MISSING
    region = random.choice(["east", "north", "south", "west"], count, p=[0.4, 0.3, 0.2, 0.1])
    channel = random.choice(["app", "phone", "shop"], count, p=[0.5, 0.3, 0.2])
    member = random.random(count) < _MEMBERS
    return [
        {
            "age": int(age[row]),
            "income": float(income[row]),
            "minutes": None if lost[row] else float(minutes[row]),
            "region": str(region[row]),
            "channel": str(channel[row]),
            "member": bool(member[row]),
        }
        for row in range(count)
    ]


@dataclass(frozen=True)
class Again:
    """Draws from rows that there are."""

    rows: pl.DataFrame

    def __call__(self, random: np.random.Generator, count: int, high: str | None = None) -> list[Row]:
        """The same rows again, in any order and as often."""
        chances = None
        if high is not None:
            values = self.rows[high].cast(pl.Float64).to_numpy()
            z = np.nan_to_num((values - np.nanmean(values)) / (np.nanstd(values) or 1.0))
            weights = np.exp(np.clip(1.6 * z, -8, 8))
            chances = weights / weights.sum()
        places = random.choice(len(self.rows), count, p=chances)
        return [_plain(row) for row in self.rows[places].iter_rows(named=True)]


def own_contract(contract: Contract) -> Contract:
    """The contract as the demo can keep it: rows of all times and groups, and outcomes that follow from columns."""
    said = contract.model_dump(mode="json", exclude_unset=True)
    for name in ("key", "group", "weight", "slices", "protected", "time", "embargo", "known_later", "ignored"):
        said.pop(name, None)
    said["target"] = {name: value for name, value in said["target"].items() if name not in {"costs", "threshold"}}
    said["acceptance"] = {"too_good": {"metrics": {}, "single_column": None, "reason": _REASON}}
    for column in said["columns"].values():
        column["pii"] = False
    return Contract.model_validate(said, strict=False)


def sensor_of(world: World) -> str | None:
    """The number that breaks, and that shifts; None if none takes part."""
    return next(iter(world.numbers), None)


def open_words(world: World) -> str | None:
    """A category that may have a word that nobody has seen; None if there is none."""
    columns = world.contract.columns.items()
    return next((name for name, each in columns if name in world.words and _is_open(each)), None)


def _is_open(column: object) -> bool:
    return isinstance(column, CategoryColumn) and column.allowed is None


def _numbers(contract: Contract, pool: Sequence[Row]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for name, column in contract.columns.items():
        if not isinstance(column, NumberColumn | IntegerColumn) or len(found) == _NUMBERS:
            continue
        values = np.array([row[name] for row in pool if row[name] is not None], dtype=np.float64)
        if len(values) > len(pool) / 2 and len(np.unique(values)) > 10:  # noqa: PLR2004 - it varies
            found[name] = (float(values.mean()), float(values.std()))
    return found


def _words(contract: Contract, pool: Sequence[Row]) -> dict[str, dict[str, float]]:
    """What each word adds: the more frequent ones for and against, in turn."""
    found: dict[str, dict[str, float]] = {}
    for name, column in contract.columns.items():
        if isinstance(column, CategoryColumn) and len(found) < _WORDS:
            words, counts = np.unique([str(row[name]) for row in pool], return_counts=True)
            ranked = [str(words[place]) for place in np.argsort(-counts, kind="stable")]
            found[name] = {word: 0.8 * (-1) ** rank for rank, word in enumerate(ranked)}
    return found


def _plain(row: Mapping[str, Any]) -> Row:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}

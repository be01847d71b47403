"""The leak alarm: columns that tell more than anybody can know at the moment of prediction.

Two kinds of alarm. A column alone tells too much: its strength on rows that were not learnt from, less what chance can do
among so many columns, is above the contract's bound. Or it bears the mark of a leak, however little it tells: it is there
only for one outcome, it is a copy, or an aggregate of the outcomes themselves. docs/models/trust.md says how often each is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import rankdata

from ..contract.types import Contract, Kind
from ..errors import LeakageError
from ..tasks.base import task_of
from .aggregates import MOST_ROWS, aggregates, aggregates_of_large
from .split import rows_at
from .strength import FOLDS, outcomes_of, strength_of
from .structure import cut_of_values, pure_level

#: A table of more is not looked at whole, but in samples: of rows, drawn by the seed, and of groups of them.
MOST_CELLS = 20_000_000
#: From here on a column is a copy; honest columns of easy tables lie below.
COPY = 0.999
#: But not from a handful of events, which chance can sort.
SURE = 0.7


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one column alone tells about the outcome.

    Args:
        column: its name.
        strength: 0 to 1, on rows that were not learnt from: ROC AUC (macro, one against the rest), or rank correlation.
        low: lower confidence bound of it, corrected for the number of columns.
        structure: why it is suspicious whatever its strength, in words; None if it is not.
    """

    column: str
    strength: float
    low: float
    structure: str | None = None


@dataclass(frozen=True)
class _Look:
    """How columns are looked at: what draws the folds, which are aggregates, and whose values are never said."""

    random: np.random.Generator
    aggregated: Mapping[str, str]
    personal: frozenset[str]


def strengths(  # noqa: PLR0913
    table: pl.DataFrame,
    target: np.ndarray,
    kinds: Mapping[str, Kind],
    *,
    classes: int,
    seed: int,
    personal: frozenset[str] = frozenset(),
) -> list[Finding]:
    """What each column alone tells; works without a contract.

    Args:
        table: canonical columns [N], in order of time if there is one: those of `kinds`, and others (key, group) over which
            an aggregate may have been made. All rows that there are: an aggregate is seen best by all rows it is made of.
        target: class indices int64 [N], or values float64 [N]; no row is missing.
        kinds: the columns to look at.
        classes: how many there are; 0 for values.
        seed: of sample and folds.
        personal: columns whose values are never said.
    """
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(target))[:MOST_ROWS])
    marks = dict(aggregates(table, target, kinds, classes))
    return _judged(table[chosen], target[chosen], kinds, classes, _Look(random, marks, personal))


def _judged(
    sample: pl.DataFrame,
    known: np.ndarray,
    kinds: Mapping[str, Kind],
    classes: int,
    look: _Look,
) -> list[Finding]:
    """What each column of a sample tells."""
    outcomes = outcomes_of(known, classes)
    if not classes:
        outcomes = np.asarray(rankdata(outcomes, axis=0))
    if len(known) < 2 * FOLDS or not outcomes.size or np.ptp(known) == 0:
        return [Finding(column=name, strength=0.0, low=0.0) for name in kinds]
    # Folds of equal shares of the outcome: else the mean of the other folds would tell what is missing in them.
    folds = np.empty(len(known), dtype=np.int64)
    folds[np.lexsort((look.random.random(len(known)), known))] = np.arange(len(known)) % FOLDS
    findings = []
    for name in kinds:
        strength, low = found = strength_of(sample[name], outcomes, folds, classes=classes, tests=len(kinds))
        mark = _mark(sample[name], known, found, (classes, len(kinds), name in look.personal))
        mark = mark or look.aggregated.get(name)
        findings.append(Finding(column=name, strength=strength, low=low, structure=mark))
    return findings


def _mark(
    values: pl.Series, target: np.ndarray, strength: tuple[float, float], of: tuple[int, int, bool]
) -> str | None:
    classes, tests, personal = of
    if strength[0] >= COPY and strength[1] >= SURE:
        return "it is a copy of the outcome, or of its order"
    return pure_level(values, target, classes=classes, tests=tests, personal=personal) or (
        None if classes else cut_of_values(values, target)
    )


def forbid_leaks(rows: pl.DataFrame | pl.LazyFrame, contract: Contract, *, seed: int) -> list[str]:
    """Refuse columns that tell too much; sentences about how it was looked for come back.

    Args:
        rows: rows of the contract with the target; all of them, also the hold-out: only a refusal can follow from it.
        contract: names the columns, the bound, and the columns that may pass it.
        seed: of sample and folds.

    Raises:
        LeakageError: names each column, what it tells, why that is suspicious, and what to do.
    """
    alarm = contract.acceptance.too_good
    found, notes = _findings(rows.lazy(), contract, seed)
    if alarm.single_column is None:
        return [*notes, f"leak alarm is off: {alarm.reason}"]
    suspicious = [
        item
        for item in found
        if (item.structure or item.low > alarm.single_column) and item.column not in alarm.columns
    ]
    if suspicious:
        raise LeakageError(
            "\n".join(
                ["The outcome is known too well by one column alone:", *(_line(item, contract) for item in suspicious)]
            ),
            "Find out when each value is known. If only after the outcome, move the column to `known_later` in "
            "configs/contract.yaml. If it truly is before the prediction, name it with the reason under "
            "acceptance.too_good.columns there.",
        )
    passed = [name for name in alarm.columns if name in contract.columns]
    return [*notes, *(f"leak alarm: `{name}` may pass: {alarm.columns[name]}" for name in passed)]


def _findings(rows: pl.LazyFrame, contract: Contract, seed: int) -> tuple[list[Finding], list[str]]:
    """What each feature tells, and how it was looked for if not in all rows."""
    task, target = task_of(contract), contract.target.column
    kinds = {name: column.kind for name, column in contract.columns.items()}
    personal = frozenset(name for name, column in contract.columns.items() if column.pii)
    classes, count = len(contract.labels), int(rows.select(pl.len()).collect(engine="streaming").item())
    said = f"leak alarm: strength on {MOST_ROWS} of {count} rows, drawn by the seed"
    if count * len(rows.collect_schema()) <= MOST_CELLS:
        table = rows.collect()
        table = table.sort(contract.time, maintain_order=True) if contract.time else table
        known = task.target(table[target], contract)
        found = strengths(table, known, kinds, classes=classes, seed=seed, personal=personal)
        return found, [said] if count > MOST_ROWS else []
    random = np.random.default_rng(seed)
    sample = pl.concat(rows_at(rows, np.sort(random.permutation(count)[:MOST_ROWS])))
    marks = dict(aggregates_of_large(rows, contract))
    found = _judged(sample, task.target(sample[target], contract), kinds, classes, _Look(random, marks, personal))
    return found, [f"{said}; aggregates of outcomes in whole groups of about as many rows"]


def _line(finding: Finding, contract: Contract) -> str:
    what = "ROC AUC" if contract.labels else "rank correlation"
    bound = f"at least {finding.low:.3f} for sure; more than {contract.acceptance.too_good.single_column:g} is an alarm"
    why = finding.structure or bound
    return f"- `{finding.column}`: {why} ({what} {finding.strength:.3f})"

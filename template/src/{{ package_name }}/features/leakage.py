"""The leak alarm: columns that tell more than anybody can know at the moment of prediction.

Two kinds of alarm. A column alone tells too much: its strength on rows that were not learnt from, less what chance can do
among so many columns, is above the contract's bound. Or it bears the mark of a leak, however little it tells: it is there
only for one outcome, it is a copy, or an aggregate of the outcomes themselves. docs/models/trust.md says how often each is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import polars as pl
from scipy.stats import rankdata

from ..contract.types import Contract, Kind
from ..errors import LeakageError
from ..tasks.base import task_of
from .strength import FOLDS, aggregated_of, numbers_of, outcomes_of, strength_of
from .structure import Groups, cut_of_values, grouping_columns, outcome_mean, pure_level

#: Strength is measured on at most so many rows, drawn by the seed.
MOST_ROWS = 20_000
#: From here on a column is a copy; honest columns of easy tables lie below.
COPY = 0.999
#: But not from a handful of events, which chance can sort.
SURE = 0.7
#: Grouping columns that aggregates are looked for over.
MOST_GROUPINGS = 20


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


def strengths(
    table: pl.DataFrame, target: np.ndarray, kinds: Mapping[str, Kind], *, classes: int, seed: int
) -> list[Finding]:
    """What each column alone tells; works without a contract.

    Args:
        table: canonical columns [N], in order of time if there is one: those of `kinds`, and others (key, group) over which
            an aggregate may have been made. All rows that there are: an aggregate is seen best by all rows it is made of.
        target: class indices int64 [N], or values float64 [N]; no row is missing.
        kinds: the columns to look at.
        classes: how many there are; 0 for values.
        seed: of sample and folds.
    """
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(len(target))[:MOST_ROWS])
    sample, known = table[chosen], target[chosen]
    outcomes = outcomes_of(known, classes)
    if not classes:
        outcomes = np.asarray(rankdata(outcomes, axis=0))
    if len(known) < 2 * FOLDS or not outcomes.size or np.ptp(known) == 0:
        return [Finding(column=name, strength=0.0, low=0.0) for name in kinds]
    # Folds of equal shares of the outcome: else the mean of the other folds would tell what is missing in them.
    folds = np.empty(len(known), dtype=np.int64)
    folds[np.lexsort((random.random(len(known)), known))] = np.arange(len(known)) % FOLDS
    aggregates = dict(_aggregates(table, target, kinds, classes))
    findings = []
    for name in kinds:
        strength, low = found = strength_of(sample[name], outcomes, folds, classes=classes, tests=len(kinds))
        mark = _mark(sample[name], known, found, classes, len(kinds)) or aggregates.get(name)
        findings.append(Finding(column=name, strength=strength, low=low, structure=mark))
    return findings


def _mark(values: pl.Series, target: np.ndarray, strength: tuple[float, float], classes: int, tests: int) -> str | None:
    if strength[0] >= COPY and strength[1] >= SURE:
        return "it is a copy of the outcome, or of its order"
    return pure_level(values, target, classes=classes, tests=tests) or (
        None if classes else cut_of_values(values, target)
    )


def _aggregates(
    table: pl.DataFrame, target: np.ndarray, kinds: Mapping[str, Kind], classes: int
) -> Iterator[tuple[str, str]]:
    """Columns that are aggregates of the outcome, and of which kind."""
    numeric = [name for name, kind in kinds.items() if kind in {"number", "integer"}]
    for name in numeric:
        if found := outcome_mean(numbers_of(table[name]), target, classes, len(numeric)):
            yield name, found
    # A running count starts with the first row; 0 is left out.
    all_rows = ("", (np.arange(len(target)) < MOST_ROWS).astype(np.int64))
    for group, levels in [all_rows, *islice(grouping_columns(table), MOST_GROUPINGS)]:
        groups = Groups(levels, MOST_ROWS)
        rows, outcomes = table[groups.rows], [groups.outcome(told) for told in aggregated_of(target, classes).T]
        for name in numeric:
            numbers = numbers_of(rows[name])
            for outcome in outcomes:
                if name != group and (found := groups.aggregate(numbers, outcome)):
                    yield name, f"it is {found}, by `{group}`" if group else f"it is {found}"


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
    rows = rows.lazy().collect()
    if contract.time:
        rows = rows.sort(contract.time, maintain_order=True)
    target = task_of(contract).target(rows[contract.target.column], contract)
    kinds = {name: column.kind for name, column in contract.columns.items()}
    found = strengths(rows, target, kinds, classes=len(contract.labels), seed=seed)
    notes = (
        []
        if len(rows) <= MOST_ROWS
        else [f"leak alarm: strength on {MOST_ROWS} of {len(rows)} rows, drawn by the seed"]
    )
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
    passed = [name for name in alarm.columns if name in kinds]
    return [*notes, *(f"leak alarm: `{name}` may pass: {alarm.columns[name]}" for name in passed)]


def _line(finding: Finding, contract: Contract) -> str:
    what = "ROC AUC" if contract.labels else "rank correlation"
    bound = f"at least {finding.low:.3f} for sure; more than {contract.acceptance.too_good.single_column:g} is an alarm"
    why = finding.structure or bound
    return f"- `{finding.column}`: {why} ({what} {finding.strength:.3f})"

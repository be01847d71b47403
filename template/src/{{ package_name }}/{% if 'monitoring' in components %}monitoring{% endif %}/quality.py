"""What got worse in the newest batch that was ingested, compared with those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .batches import Batch
from .distributions import as_many
from .tests.shares import MISSING, of_shares

#: A batch is compared with so many before it.
LOOK_BACK = 20
#: Kinds of checks that are about values that are missing: they hold although some are.
_OF_MISSING = frozenset({"missing", "mostly_missing"})


class Worse(NamedTuple):
    """What got worse in the newest batch.

    Args:
        check: the name of the check that failed; of a column of which more is missing than before, nothing.
        found: in so many rows; 0 of 0 if it is about the table as a whole.
        before: the same, in the batches before in which the check held.
        batches: how many these are.
        p: that chance makes such a difference; None if it is about the table as a whole.
        is_sure: chance does not explain it.
    """

    check: str
    table: str
    column: str | None
    says: str
    found: tuple[int, int]
    before: tuple[int, int]
    batches: int
    p: float | None
    is_sure: bool


def worse(found: Sequence[Batch], level: float) -> list[Worse]:
    """What the newest batch fails that held before, and columns of which more is missing; the surest first.

    Args:
        found: the newest last.
        level: that anything is called sure by chance, of all that is compared together (Bonferroni).
    """
    if not found:
        return []
    *before, newest = found
    before = before[-LOOK_BACK:]
    compared = [*_failed(newest, before), *_missing(newest, before)]
    sure = level / max(1, sum(each.p is not None for each in compared))
    least = MISSING.least
    told = [
        each._replace(is_sure=each.p is None or (each.p <= sure and (bool(each.check) or _more(each) >= least)))
        for each in compared
    ]
    # A check that fails is told in any case, and a column of which more is missing if that is no chance.
    return sorted(
        (each for each in told if each.check or each.is_sure), key=lambda each: (not each.check, each.p or 0.0)
    )


def alarming(told: Sequence[Worse]) -> list[Worse]:
    """Checks that held before, and fail by more than chance explains."""
    return [each for each in told if each.check and each.is_sure]


def _failed(newest: Batch, before: Sequence[Batch]) -> Iterator[Worse]:
    for step, checked in newest.steps.items():
        for finding in checked.findings:
            held = [batch for batch in before if batch.held(step, finding)]
            if not held:
                continue
            found, rows_before, place = (finding.rows, checked.rows.get(finding.table, 0)), 0, None
            if finding.kind in _OF_MISSING and finding.column is not None:
                place = (finding.table, finding.column)
                found = (newest.missing.get(place, finding.rows), found[1])
            rows_before = sum(batch.steps[step].rows.get(finding.table, 0) for batch in held)
            known = (sum(batch.missing.get(place, 0) for batch in held) if place else 0, rows_before)
            of_table = not finding.rows and place is None
            yield Worse(
                check=finding.check,
                table=finding.table,
                column=finding.column,
                says=finding.says,
                found=(0, 0) if of_table else found,
                before=(0, 0) if of_table else known,
                batches=len(held),
                p=None if of_table else _chance(found, known),
                is_sure=False,
            )


def _missing(newest: Batch, before: Sequence[Batch]) -> Iterator[Worse]:
    rows = newest.rows
    for (table, column), count in newest.missing.items():
        others = [batch for batch in before if (table, column) in batch.missing]
        known = (sum(batch.missing[table, column] for batch in others), sum(batch.rows[table] for batch in others))
        if others and known[1] and count and rows[table]:
            found = (count, rows[table])
            yield Worse(
                check="",
                table=table,
                column=column,
                says="more is missing than before",
                found=found,
                before=known,
                batches=len(others),
                p=_chance(found, known),
                is_sure=False,
            )


def _chance(found: tuple[int, int], before: tuple[int, int]) -> float:
    """That chance makes at least such a difference; 1 if it is no worse."""
    now, then = ((min(wrong, rows), rows) for wrong, rows in (found, before))
    if not now[1] or not then[1] or now[0] / now[1] <= then[0] / then[1]:
        return 1.0
    statistic = of_shares(*then, *now, more=True)
    p = None if statistic is None else statistic.p
    return as_many(*now, *then) if p is None else p


def _more(told: Worse) -> float:
    return told.found[0] / told.found[1] - told.before[0] / told.before[1]

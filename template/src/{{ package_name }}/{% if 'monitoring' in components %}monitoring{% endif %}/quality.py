"""What the checks of the pipeline found in each batch that was ingested, over time; and what got worse.

A batch is the content of the tables that were ingested, by its digest. Each step that checks has an entry of the history about
it; to check the same again adds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from pydantic import Field

from ..contract.types import Section
from .distributions import as_many
from .history import History
from .moments import Count
from .tests.shares import MISSING, of_shares

KIND = "quality"
#: A batch is compared with so many before it.
LOOK_BACK = 20
#: Findings of one step that are kept, and letters of what is said of one.
MOST_FINDINGS, MOST_LETTERS = 200, 300
#: Kinds of checks that are about values that are missing: they hold although some are.
_OF_MISSING = frozenset({"missing", "mostly_missing"})


class Finding(Section):
    """What a check found.

    Args:
        check: its name; of the rules of a project, the rule's.
        kind: what is checked.
        column: None if it is about several, or none.
        rows: in how many; 0 if it is about the table as a whole.
        stops: nothing is learnt from such a table.
        says: what is wrong, without a value.
    """

    check: str
    kind: str
    table: str
    column: str | None = None
    rows: Count = 0
    stops: bool = True
    says: Annotated[str, Field(max_length=MOST_LETTERS)] = ""

    @property
    def place(self) -> tuple[str, str, str | None]:
        """What makes it the same finding in another batch."""
        return self.check, self.table, self.column


class Checked(Section):
    """What a step found in a batch: an entry of the history.

    Args:
        batch: SHA-256 of the tables that were ingested.
        at: when it was checked.
        rows: of each table.
        missing: rows without a value, by table and column.
        asked: names of the checks; none: all that the step knows.
    """

    batch: str
    step: str
    at: str
    rows: dict[str, Count]
    missing: dict[str, dict[str, Count]] = {}  # noqa: RUF012 - pydantic copies it
    asked: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def says_as(self, other: Checked) -> bool:
        """Whether the other one found the same in the same batch; how old rows are by now is not looked at."""
        plain = [
            (each.batch, each.rows, each.missing, each.asked, [(*item.place, item.rows) for item in each.findings])
            for each in (self, other)
        ]
        return plain[0] == plain[1]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What all steps found in a batch, each when it looked at it last.

    Args:
        at: when that was.
    """

    digest: str
    at: str
    steps: dict[str, Checked] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """Of each table."""
        return {name: rows for each in self.steps.values() for name, rows in each.rows.items()}

    @property
    def size(self) -> int:
        """Rows that were ingested."""
        ingested = {table: each.rows[table] for each in self.steps.values() for table in each.missing}
        return sum((ingested or self.rows).values())

    @property
    def missing(self) -> dict[tuple[str, str], int]:
        """Rows without a value, by table and column."""
        return {
            (table, column): count
            for each in self.steps.values()
            for table, counts in each.missing.items()
            for column, count in counts.items()
        }

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all steps."""
        return tuple(finding for each in self.steps.values() for finding in each.findings)

    def held(self, step: str, finding: Finding) -> bool:
        """Whether this was asked here, and not found."""
        checked = self.steps.get(step)
        if checked is None or finding.table not in checked.rows:
            return False
        was_asked = not checked.asked or finding.check in checked.asked
        return was_asked and all(finding.place != each.place for each in checked.findings)


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


def keep(history: History, checked: Checked) -> bool:
    """Add an entry, unless the step has just said the same of the same batch; whether it was added.

    Raises:
        DataError: the history cannot be read or written.
    """
    with history.appending() as append:
        entries = history.entries(KIND, Checked)
        last = next((each for each in reversed(entries) if each.step == checked.step), None)
        is_newest = bool(entries) and entries[-1].batch == checked.batch
        if last is not None and is_newest and checked.says_as(last):
            return False
        append(KIND, checked)
    return True


def batches(entries: Sequence[Checked]) -> list[Batch]:
    """One a batch, in the order in which they were looked at last."""
    found: dict[str, Batch] = {}
    for entry in entries:
        before = found.pop(entry.batch, None)
        steps = {**(before.steps if before else {}), entry.step: entry}
        found[entry.batch] = Batch(digest=entry.batch, at=entry.at, steps=steps)
    return list(found.values())


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

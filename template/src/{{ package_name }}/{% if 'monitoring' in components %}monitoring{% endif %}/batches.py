"""What the checks of the pipeline found in each batch that was ingested.

A batch is the content of the tables that were ingested, by its digest. Each step that checks has an entry of the history about
it; to check the same again adds none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from ..contract.types import Section
from .history import History
from .moments import Count

KIND = "quality"
#: Findings of one step that are kept, and letters of what is said of one.
MOST_FINDINGS, MOST_LETTERS = 200, 300


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

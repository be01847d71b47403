"""What other analyses found: whatever stands in reports/analysis.json and has no section of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...discovery import names_in
from ...plotting.figures import Sheet
from ...plotting.wording import shown
from ..run import Run
from ..section import Block, Section, Table, Words, score

MOST_ROWS = 40
#: Numbers of single rows say nothing on a page.
LONG = 12


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """Each in a table of its numbers."""
    own = set(names_in("reporting/sections"))
    for name, told in run.reports.get("analysis", {}).items():
        if name in own:
            continue
        rows = [
            [" · ".join(path), score(value) if not isinstance(value, str) else shown(value, 60)]
            for path, value in _leaves(told)
        ]
        if rows:
            yield Words(f"{name.replace('_', ' ').capitalize()}:")
            yield Table(("what", "found"), rows[:MOST_ROWS])
        yield from (Words(says, "grave") for says in told["objections"])


def _leaves(told: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Single numbers and words, by where they stand; what is of single rows is left out."""
    if isinstance(told, Mapping):
        for name, item in told.items():
            if name not in {"objections", "notes"}:
                yield from _leaves(item, (*path, str(name).replace("_", " ")))
    elif isinstance(told, list):
        if len(told) <= LONG and all(isinstance(item, Mapping) for item in told):
            for place, item in enumerate(told, 1):
                yield from _leaves(item, (*path, str(place)))
    elif isinstance(told, int | float | str):
        yield path, told


SECTION = Section("others", "Further analyses", 200, of)

"""What was guessed, as a person reads it in a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..steps import CONTRACT, SOURCES
from .infer import Draft
from .infer_columns import Guess


def draft_view(draft: Draft) -> RenderableType:
    """The task, a table of all columns, the alarms, and what to look at."""
    target, bounds = draft.target, draft.bounds
    columns = Table("column", "kind", "values", "missing", "remark")
    for guess in draft.guesses:
        columns.add_row(*map(Text, _row(draft, guess)))
    lines = [
        f"{draft.sample.seen} of {draft.sample.source['path']}",
        f"task      {target.task}: `{target.values.name}`, {'; '.join(target.remarks)}",
        *([f"positive  {target.positive}: {target.why}"] if target.positive else []),
        f"too good  {bounds.why or bounds.alarms.reason}",
        *(f"too good  `{name}` {why}" for name, why in bounds.alarms.columns.items()),
        *(f"note      {remark}" for remark in draft.remarks),
    ]
    written = f"Written: {CONTRACT}, {SOURCES}. Read them, then: pipeline"
    return Group(*map(Text, lines), columns, Text(written))


def _row(draft: Draft, guess: Guess) -> tuple[str, str, str, str, str]:
    missing = f"{guess.missing:,}" if guess.missing else ""
    roles = {draft.roles.time: "time", draft.roles.group: "group", **dict.fromkeys(draft.roles.key, "key")}
    role = f"{roles[guess.name]}; " if guess.name in roles else ""
    if guess.name in draft.known_later:
        return guess.name, "left out", "", missing, f"known later? {draft.known_later[guess.name]}"
    if guess.kind is None:
        return guess.name, roles.get(guess.name, "left out"), "", missing, guess.ignored or guess.remark
    if "minimum" in guess.keys:
        values = f"{guess.keys['minimum']} to {guess.keys['maximum']}"
    else:
        values = f"{guess.words:,} different"
    return guess.name, guess.kind, values, missing, role + guess.remark

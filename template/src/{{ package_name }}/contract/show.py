"""A contract as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .types import BooleanColumn, CategoryColumn, Column, Contract, DatetimeColumn, TextColumn

#: More words than this are counted rather than listed.
SHOWN_WORDS = 6


def contract_view(contract: Contract) -> RenderableType:
    """The task and the roles, a table of the features, and what is left out."""
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(contract):
        facts.add_row(Text(name, style="bold"), Text(value))
    columns = Table("column", "kind", "values", "missing", "what it is", title=f"{len(contract.columns)} features")
    for name, column in contract.columns.items():
        unit = f" [{unit}]" if (unit := getattr(column, "unit", None)) else ""
        missing = "allowed" if column.missing else ""
        columns.add_row(*map(Text, (name, column.kind, values_of(column) + unit, missing, column.description)))
    left_out = Table("left out", "why")
    for name, why in [*contract.ignored.items(), *((name, "known later") for name in contract.known_later)]:
        left_out.add_row(Text(name), Text(why))
    return Group(facts, columns, *([left_out] if left_out.row_count else []))


def values_of(column: Column) -> str:
    """What a column may hold, in a few words."""
    match column:
        case CategoryColumn(allowed=None):
            return "any word"
        case CategoryColumn(allowed=words) if words is not None and len(words) <= SHOWN_WORDS:
            return ", ".join(words)
        case CategoryColumn():
            return f"{len(column.allowed or ())} words"
        case BooleanColumn():
            return "true, false"
        case TextColumn():
            return "any text"
        case DatetimeColumn():
            return f"{_range(column.minimum, column.maximum)}: {', '.join(column.parts)}"
        case _:
            return _range(column.minimum, column.maximum)


def _range(low: object, high: object) -> str:
    return " to ".join(("any" if bound is None else _plain(bound)) for bound in (low, high))


def _plain(bound: object) -> str:
    return f"{bound:.10g}" if isinstance(bound, float) else str(bound)


def _facts(contract: Contract) -> Iterator[tuple[str, str]]:
    target = contract.target
    predicts = [
        target.column,
        *([f"[{target.unit}]"] if target.unit else []),
        *([f"({', '.join(labels)})"] if (labels := contract.labels) else []),
    ]
    yield "task", contract.task
    yield "predicts", " ".join(predicts)
    if target.positive:
        yield "looks for", target.positive
    for role in ("key", "time", "group", "weight", "slices", "protected"):
        if named := getattr(contract, role):
            yield role, named if isinstance(named, str) else ", ".join(named)
    if contract.time:
        yield "split", f"by time ({contract.time_zone}), in periods of {contract.period}, embargo {contract.embargo}"
    else:
        yield "split", f"by {contract.group}" if contract.group else "at random"
    bounds = contract.acceptance
    for name, wanted in (("required", bounds.required), ("too good", bounds.too_good.metrics)):
        yield name, ", ".join(f"{metric} {bound:g}" for metric, bound in wanted.items()) or "no bound"

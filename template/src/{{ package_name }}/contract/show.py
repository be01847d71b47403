"""A contract as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .types import CategoryColumn, Column, Contract, DatetimeColumn, IntegerColumn, NumberColumn

#: More words than this are counted rather than listed.
SHOWN_WORDS = 6


def contract_view(contract: Contract, remarks: Mapping[str, str]) -> RenderableType:
    """The task and the roles, a table of the features, and what is left out.

    Args:
        contract: what is shown.
        remarks: about columns, by name, where the contract has none.
    """
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(contract):
        facts.add_row(Text(name, style="bold"), Text(value))
    columns = Table("column", "kind", "values", "missing", "remark")
    for name, column in contract.columns.items():
        missing = "allowed" if column.missing else ""
        remark = column.description or remarks.get(name, "")
        columns.add_row(*map(Text, (name, column.kind, values_of(column), missing, remark)))
    left_out = {name: f"known later: {remarks.get(name, '')}".rstrip(": ") for name in contract.known_later}
    for name, why in (left_out | contract.ignored).items():
        columns.add_row(*map(Text, (name, "left out", "", "", why)))
    return Group(facts, columns)


def values_of(column: Column) -> str:
    """What a column may hold, in a few words."""
    said = ""
    match column:
        case NumberColumn() | IntegerColumn() | DatetimeColumn():
            said = " to ".join("any" if bound is None else _plain(bound) for bound in (column.minimum, column.maximum))
        case CategoryColumn(allowed=words) if words is not None:
            said = ", ".join(words) if len(words) <= SHOWN_WORDS else f"{len(words)} words"
    if isinstance(column, DatetimeColumn):
        return f"{said}: {', '.join(column.parts)}"
    unit = getattr(column, "unit", None)
    return f"{said} {unit}" if unit else said


def _plain(bound: object) -> str:
    return f"{bound:.10g}" if isinstance(bound, float) else str(bound).removesuffix(" 00:00:00")


def _facts(contract: Contract) -> Iterator[tuple[str, str]]:
    target, bounds = contract.target, contract.acceptance
    yield "task", contract.task
    yield "target", target.column + (f" ({', '.join(contract.labels)})" if contract.labels else f" {target.unit or ''}")
    if target.positive:
        yield "positive", target.positive
    for role in ("key", "time", "group", "weight", "slices", "protected"):
        if named := getattr(contract, role):
            yield role, named if isinstance(named, str) else ", ".join(named)
    by_time = f"by time, in periods of {contract.period}, embargo {contract.embargo}, {contract.time_zone}"
    yield "split", by_time if contract.time else f"by {contract.group}" if contract.group else "at random"
    if bounds.required:
        yield "required", ", ".join(f"{metric} {bound:g}" for metric, bound in bounds.required.items())
    alarms = [f"{metric} {bound:g}" for metric, bound in bounds.too_good.metrics.items()]
    yield "too good", ", ".join([*alarms, *([bounds.too_good.reason] if bounds.too_good.reason else [])])
    for name, why in bounds.too_good.columns.items():
        yield "may tell", f"{name}: {why}"

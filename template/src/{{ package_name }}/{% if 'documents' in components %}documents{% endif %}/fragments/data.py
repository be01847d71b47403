"""For the data card and the labelling guideline: what the contract says of columns and labels, and how many rows there are."""

from __future__ import annotations

from ...artifacts import SPLIT, VALIDATION
from ...contract.types import Column, Contract
from ..base import Fragment, Run, cell, number, table


def columns(run: Run, _: str) -> str | None:
    """A row a column: features, target, roles, and what is never a feature."""
    contract = run.contract
    if contract is None:
        return None
    features = [
        (name, "feature", column.kind, _allowed(column), _notes(column)) for name, column in contract.columns.items()
    ]
    target = contract.target
    allowed = ", ".join(contract.labels) or (f"in {target.unit}" if target.unit else "")
    others: list[tuple[str, ...]] = [(target.column, "target", contract.task, allowed, "")]
    others += [(name, _role(contract, name), "", "", "") for name in contract.roles]
    others += [(name, "known later, never a feature", "", "", "") for name in contract.known_later]
    others += [(name, "left out", "", "", reason) for name, reason in contract.ignored.items()]
    return table(("column", "role", "kind", "allowed", "notes"), [*others, *features])


def _role(contract: Contract, name: str) -> str:
    roles = {
        "key": contract.key,
        "time": (contract.time,),
        "group": (contract.group,),
        "weight": (contract.weight,),
        "slices": contract.slices,
        "protected": contract.protected,
    }
    return ", ".join(role for role, named in roles.items() if name in named)


def _allowed(column: Column) -> str:
    if column.kind == "category":
        return ", ".join(column.allowed or ())
    if column.kind == "boolean" or column.kind == "text":  # noqa: PLR1714 - the types follow from it
        return ""
    low, high = column.minimum, column.maximum
    bounds = " to ".join(str(bound).removesuffix(".0") for bound in (low, high) if bound is not None)
    words = {(True, False): "from ", (False, True): "up to "}.get((low is not None, high is not None), "")
    unit = getattr(column, "unit", None)
    return f"{words}{bounds} {unit or ''}".strip()


def _notes(column: Column) -> str:
    said = (column.description, "may be missing" * column.missing, "personal data" * column.pii)
    return "; ".join(part.rstrip(".") for part in said if part)


def rows(run: Run, _: str) -> str | None:
    """How many rows were read, learnt from and judged by."""
    if not run.has(VALIDATION, SPLIT):
        return None
    split = run.read(SPLIT)
    lines: list[tuple[str, object]] = [
        (f"table {name}", f"{found['rows']:,} rows, {found['columns']} columns{_gaps(found['missing_share'])}")
        for name, found in run.read(VALIDATION)["tables"].items()
    ]
    for part, words in (("train", "learnt from"), ("holdout", "judged by")):
        found = split[part]
        when = f", {found['time'][0]} to {found['time'][1]}" if found.get("time") else ""
        lines.append((words, f"{found['rows']:,} rows{when}"))
    lines += [("left out", f"{count}: {reason}") for reason, count in split.get("left_out", {}).items()]
    lines += [("divided by", split["by"]), ("what that flatters", split["says"])]
    return table(("what", "how many"), lines)


def _gaps(shares: dict[str, float], most: int = 5) -> str:
    """The columns with the most missing values."""
    worst = sorted(((share, name) for name, share in shares.items() if share >= 0.01), reverse=True)  # noqa: PLR2004
    named = ", ".join(f"{name} {share:.0%}" for share, name in worst[:most])
    return f"; most often missing: {named}" if named else ""


def labels(run: Run, _: str) -> str | None:
    """The labels, or the unit of the number, with how often each is there."""
    contract = run.contract
    if contract is None:
        return None
    target = contract.target
    if not contract.labels:
        return f"`{cell(target.column)}` is a number{f' in {cell(target.unit)}' if target.unit else ''}."
    split = run.read(SPLIT) if run.has(SPLIT) else {}
    shares = [split.get(part, {}).get("classes") or {} for part in ("train", "holdout")]
    named = [
        (label, "looked for" if label == target.positive else "", *(number(share.get(label)) for share in shares))
        for label in contract.labels
    ]
    return table(("label", "", "share of rows learnt from", "share of rows judged by"), named)


COLUMNS = Fragment("columns", columns)
ROWS = Fragment("rows", rows)
LABELS = Fragment("labels", labels)

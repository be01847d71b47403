"""No value of a column of personal data stands on a page: groups of it are numbered, in tables and in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Run


def without_persons(run: Run) -> Run:
    """The run with groups of personal data numbered. Of a run without a contract nobody knows which these are: no names at all."""
    analysis = run.reports.get("analysis", {})
    hidden = {column: names for column, names in _groups(analysis) if _personal(run, column)}
    if not hidden:
        return run
    said = {column: {name: f"group {place}" for place, name in enumerate(names, 1)} for column, names in hidden.items()}
    return replace(run, reports=_renamed(run.reports, said), records=_renamed(run.records, said))


def _personal(run: Run, column: str) -> bool:
    return run.contract is None or (column in run.contract.columns and run.contract.columns[column].pii)


def _groups(analysis: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The groups of each column that analyses tell apart by name."""
    found: dict[str, list[str]] = {}
    for column, told in analysis.get("fairness", {}).get("columns", {}).items():
        found.setdefault(column, []).extend(item["group"] for item in told["groups"])
    for column, told in analysis.get("slices", {}).get("by_column", {}).items():
        found.setdefault(column, []).extend(item["slice"].partition(": ")[2] for item in told)
    for column, names in found.items():
        yield column, list(dict.fromkeys(names))


def _renamed(value: Any, said: Mapping[str, Mapping[str, str]], column: str | None = None) -> Any:
    """Whatever is below, with other names of groups; what is below a column's name is about it."""
    if isinstance(value, Mapping):
        return {
            name: said[column].get(item, item)
            if column and name == "group"
            else _renamed(item, said, name if name in said else column)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_renamed(item, said, column) for item in value]
    return _reworded(value, said, column) if isinstance(value, str) else value


def _reworded(sentence: str, said: Mapping[str, Mapping[str, str]], column: str | None) -> str:
    """A sentence as analyses write it: `a` and `b`, or column: group."""
    for name in [column] if column else [name for name in said if name in sentence]:
        for group, number in sorted(said[name].items(), key=lambda item: -len(item[0])):
            sentence = sentence.replace(f"`{group}` and `", f"`{number}` and `")
            sentence = sentence.replace(f"` and `{group}`", f"` and `{number}`")
            sentence = sentence.replace(f"{name}: {group}", f"{name}: {number}")
    return sentence

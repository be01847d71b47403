"""What an item of a list is, whatever its details; and in which lists order is meaning."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from .data import canonical

__all__ = [
    "are_versions",
    "identities",
    "is_named_apart",
    "is_ordered",
    "is_requirements",
    "requirement_name",
    "share_a_name",
]

_REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*+(?P<extras>\[[^\]]*\])?\s*+(?P<rest>$|[<>=!~;@(].*)",
    re.DOTALL,
)
_VERSION = re.compile(r"^(py|python|pypy|v)?[-\d]+(\.\d+)*([.-]?(dev|alpha|beta|rc)\S*)?$")
#: Lists in which order is meaning.
_ORDERED = frozenset(
    {
        "script",
        "before_script",
        "after_script",
        "args",
        "run",
        "command",
        "commands",
        "cmd",
        "entrypoint",
        "steps",
        "nav",
        "argv",
        "exec",
        "extends",
        "filterwarnings",
        "layers",
        "pythonpath",
    }
)
#: What names an item of a list of mappings, the first that it has.
_NAMES: tuple[str, ...] = (
    "id",
    "repo",
    "name",
    "key",
    "local",
    "template",
    "component",
    "remote",
    "project",
    "uses",
    "job",
    "url",
    "path",
    "label",
)
#: What follows an `@` there is a version: the item is the same in another one.
_WITH_VERSION = frozenset({"uses", "component"})
#: What names an item that has nothing else (`- run: …`).
_WHOLE_ITEMS = frozenset({"run", "script"})


def requirement_name(text: str) -> str:
    """The normalised name, extras and marker of a requirement; empty if the text is none."""
    match = _REQUIREMENT.match(text.strip())
    if match is None:
        return ""
    marker = match["rest"].partition(";")[2].strip()
    name = re.sub(r"[-_.]+", "-", match["name"]).lower()
    return f"{name}{(match['extras'] or '').replace(' ', '').lower()};{marker}"


def identities(items: Sequence[Any], *, requirements: bool) -> list[Hashable] | None:
    """What each item of a list is, whatever its details; None if two are the same or one has no name."""
    names: list[Hashable] = []
    for item in items:
        if isinstance(item, dict):
            name = next((name for name in _NAMES if isinstance(item.get(name), str)), None)
            if name is None:
                return None
            extra = item.get("file") if name == "project" else None
            names.append((name, _named(item, name), str(extra)))
        elif isinstance(item, list):
            names.append(canonical(item))
        elif isinstance(item, str) and requirements:
            names.append(("requirement", requirement_name(item) or item))
        else:
            names.append((type(item).__name__, item))
    return names if len(set(names)) == len(names) else None


def _named(item: Mapping[Any, Any], name: str) -> str:
    """What an item is called by one of its names; empty without it."""
    value = item.get(name)
    if not isinstance(value, str):
        return ""
    return value.partition("@")[0] if name in _WITH_VERSION else value


def share_a_name(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Whether two items of lists are called the same by any of their names."""
    return any(_named(one, name) == _named(other, name) != "" for name in _NAMES)


def is_named_apart(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> bool:
    """Whether the only key that two items have names them, and names them differently."""
    (key,) = one
    return key in {*_NAMES, *_WHOLE_ITEMS} and _named(one, key) != _named(other, key)


def is_ordered(path: tuple[str, ...], *lists: Sequence[Any]) -> bool:
    """Whether order is meaning in a list: in commands and their options, and where the first or last match wins."""
    if path and path[-1] in _ORDERED:
        return True
    return any(isinstance(item, str) and item.startswith(("-", "!")) for items in lists for item in items)


def is_requirements(path: tuple[str, ...]) -> bool:
    """Whether the strings of a list name packages with their versions."""
    return any("dependencies" in part or part in {"dependency-groups", "requires"} for part in path)


def are_versions(*lists: Sequence[Any]) -> bool:
    """Whether lists name versions alone: what is tested against is one decision, not one for each item."""
    return all(_is_version(item) for items in lists for item in items)


def _is_version(item: Any) -> bool:
    return isinstance(item, int | float) or (isinstance(item, str) and _VERSION.match(item) is not None)

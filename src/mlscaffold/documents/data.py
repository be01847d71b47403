"""TOML, YAML and JSON as data: parsing that refuses what is ambiguous, and the judge of a merge.

The judge does not merge: given the three sides and a result, it says whether the result is what a merge of the parsed
values must be. Whoever made the result, by whatever means, has to pass it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ..merge.diff3 import holds, merged_sequence
from ..merge.likeness import Slot, aligned

__all__ = [
    "ABSENT",
    "Judge",
    "are_versions",
    "data_of",
    "format_of",
    "identities",
    "is_ordered",
    "is_requirements",
    "is_strict_json",
    "requirement_name",
]

_LIMIT_BYTES = 2 * 1024 * 1024
_MOST_ALIASES = 200
_MOST_NODES = 200_000
#: Parts of a key or a header of TOML.
_MOST_PARTS = 200
_DEEPEST = 100
#: Written by programs: merged lines of them mean nothing.
_LOCK_FILES = frozenset({"package-lock.json", "npm-shrinkwrap.json", "composer.lock", "pixi.lock"})
_SUFFIXES = {".toml": "toml", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".cff": "yaml", ".webmanifest": "json"}


class _Absent:
    """No value at all."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
#: Base, mine, theirs, result.
Sides = tuple[Any, Any, Any, Any]


def format_of(path: str) -> str:
    """`toml`, `yaml` or `json` by a file's name; empty for what is none of them, or is written by a program."""
    pure = PurePosixPath(path)
    return "" if pure.name in _LOCK_FILES else _SUFFIXES.get(pure.suffix.lower(), "")


def data_of(form: str, content: bytes) -> Any:
    """The data in a document.

    Raises:
        ValueError: It does not parse, names a key twice, or is too large or too tangled to be worth it.
    """
    if len(content) > _LIMIT_BYTES:
        raise ValueError("too large")
    try:
        return _PARSERS[form](content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def is_strict_json(content: bytes) -> bool:
    """Whether every reader of JSON takes it: no comments, no last comma."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _toml(text: str) -> Any:
    import tomllib

    if any(line.partition("=")[0].count(".") > _MOST_PARTS for line in text.split("\n")):
        raise ValueError("nested too deeply")
    return tomllib.loads(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError:
        # Editors allow comments and a last comma in their settings.
        plain = _LAST_COMMA.sub(_strings_only, _COMMENT.sub(_strings_only, text))
        return json.loads(plain, object_pairs_hook=_unique)


def _strings_only(found: re.Match[str]) -> str:
    return found.group() if found.group().startswith('"') else " "


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is named twice")
    return found


def _yaml(text: str) -> Any:
    import yaml

    if text.count("*") > _MOST_ALIASES and len(re.findall(r"(?:^|[\s\[{,:-])\*[\w-]+", text)) > _MOST_ALIASES:
        raise ValueError("too many aliases")
    try:
        documents = list(yaml.load_all(text, Loader=_loader()))
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError) as error:
        # PyYAML lets others out of its constructors: `!!int ""`.
        raise ValueError(str(error)) from error
    if len(documents) > 1:
        raise ValueError("several documents")
    return documents[0] if documents else None


def _loader() -> Any:
    """PyYAML's safe loader that refuses a key named twice, and keeps unknown tags as data."""
    import yaml

    base_class: Any = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader

    class Loader(base_class):  # type: ignore[misc]
        pass

    def mapping(loader: Any, node: Any) -> Any:
        seen = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, "a key is named twice", key.start_mark)
            seen.add(name)
        loader.flatten_mapping(node)
        return {
            _key(loader.construct_object(key, deep=True)): loader.construct_object(value, deep=True)
            for key, value in node.value
        }

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {"!": suffix, "value": mapping(loader, node)}
        if isinstance(node, yaml.SequenceNode):
            return {"!": suffix, "value": loader.construct_sequence(node, deep=True)}
        return {"!": suffix, "value": node.value}

    def text(_loader: Any, node: Any) -> Any:
        return node.value

    def document(loader: Any, node: Any) -> Any:
        if _expanded(node, {}) > _MOST_NODES:
            raise ValueError("aliases that make it large")
        return base_class.construct_document(loader, node)

    Loader.construct_document = document
    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", text)
    Loader.add_multi_constructor("", tagged)
    return Loader


def _expanded(node: Any, known: dict[int, int]) -> int:
    """How many nodes a document has once every alias is what it stands for."""
    if id(node) not in known:
        # An alias of itself is found here, too.
        known[id(node)] = _MOST_NODES + 1
        parts = node.value if isinstance(node.value, list) else []
        below = [part for each in parts for part in (each if isinstance(each, tuple) else (each,))]
        known[id(node)] = 1 + sum(_expanded(part, known) for part in below)
    return known[id(node)]


def _key(value: Any) -> Any:
    """A key that a dict can have: YAML allows lists and mappings."""
    return json.dumps(value, default=str) if type(value) in {list, dict} else value


_STRING = r'"(?>\\.|[^"\\])*+"'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*+[\]}}])", re.DOTALL)
_PARSERS: Mapping[str, Callable[[str], Any]] = {"toml": _toml, "json": _json, "yaml": _yaml}

_REQUIREMENT = re.compile(
    r"^(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?P<extras>\[[^\]]*\])?\s*(?P<rest>$|[<>=!~;@(].*)",
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
_NAMES = (
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
)


def requirement_name(text: str) -> str:
    """The normalised name, extras and marker of a requirement; empty if the text is none."""
    found = _REQUIREMENT.match(text.strip())
    if found is None:
        return ""
    marker = found["rest"].partition(";")[2].strip()
    name = re.sub(r"[-_.]+", "-", found["name"]).lower()
    return f"{name}{(found['extras'] or '').replace(' ', '').lower()};{marker}"


def identities(items: Sequence[Any], *, requirements: bool) -> list[Hashable] | None:
    """What each item of a list is, whatever its details; None if two are the same or one has no name."""
    found: list[Hashable] = []
    for item in items:
        if isinstance(item, dict):
            name = next((name for name in _NAMES if isinstance(item.get(name), str)), None)
            if name is None:
                return None
            extra = item.get("file") if name == "project" else None
            found.append((name, item[name], str(extra)))
        elif isinstance(item, list):
            found.append(json.dumps(item, sort_keys=True, default=str))
        elif isinstance(item, str) and requirements:
            found.append(("requirement", requirement_name(item) or item))
        else:
            found.append((type(item).__name__, item))
    return found if len(set(found)) == len(found) else None


def is_ordered(path: tuple[str, ...], *lists: Sequence[Any]) -> bool:
    """Whether order is meaning in a list: in commands and their options, and where the first or last match wins."""
    if path and path[-1] in _ORDERED:
        return True
    return any(isinstance(item, str) and item.startswith(("-", "!")) for items in lists for item in items)


def is_requirements(path: tuple[str, ...]) -> bool:
    """Whether the strings of a list name packages with their versions."""
    return any("dependencies" in part or part in {"dependency-groups", "requires"} for part in path)


@dataclass(kw_only=True)
class Judge:
    """Says whether a result is the merge of three sides, and collects what a person should know of it."""

    #: Whose value (0, 1, 2: base, mine, theirs) may stand where the result is not the merge; None is nobody's.
    instead: int | None = None
    reasons: list[str] = field(default_factory=list)

    def accepts(self, sides: Sides, path: tuple[str, ...] = ()) -> bool:
        """Whether every change of either side, and nothing else, is in the result.

        Args:
            sides: Base, mine, theirs, result; `ABSENT` where a side has nothing.
            path: Where in the document they are.
        """
        said = len(self.reasons)
        if self._is_merge(sides, path):
            return True
        del self.reasons[said:]
        return self.instead is not None and _same(sides[3], sides[self.instead])

    def _is_merge(self, sides: Sides, path: tuple[str, ...]) -> bool:
        base, mine, theirs, result = sides
        if len(path) > _DEEPEST:
            return False
        if _same(mine, theirs) or _same(theirs, base) or _same(mine, base):
            return _same(result, theirs if _same(mine, base) else mine)
        if mine is ABSENT:
            self.reasons.append(f"{'.'.join(path)}: you removed it, so the template's change of it is left out")
            return result is ABSENT
        if all(isinstance(side, dict) for side in sides[1:]):
            return self._mappings((base if isinstance(base, dict) else {}, mine, theirs, result), path)
        if all(isinstance(side, list) for side in sides[1:]):
            return self._lists((base if isinstance(base, list) else [], mine, theirs, result), path)
        return all(isinstance(side, str) and "\n" in side for side in sides) and _is_merged_text(*sides)

    def _mappings(self, sides: Sides, path: tuple[str, ...], shown: Callable[[Any], str] = str) -> bool:
        keys = {key: None for side in sides for key in side}
        return all(self.accepts(_each(sides, key), (*path, shown(key))) for key in keys)

    def _lists(self, sides: Sides, path: tuple[str, ...]) -> bool:
        if are_versions(*sides):
            return False
        if not is_ordered(path, *sides[:3]):
            named = [_named(side, requirements=is_requirements(path)) for side in sides]
            base, mine, theirs, result = named
            if base is not None and mine is not None and theirs is not None:
                # An item that is there twice now was put there twice.
                return (
                    result is not None
                    and self._mappings((base, mine, theirs, result), path, _shown)
                    and _in_order(list(mine), list(result))
                )
        texts = [[json.dumps(item, sort_keys=True, default=str) for item in side] for side in sides]
        if (wanted := merged_sequence(*texts[:3])) is not None:
            return wanted == tuple(texts[3])
        slots = aligned(*sides[:3])
        return slots is not None and self._slots([slot for slot in slots if slot.stays], sides, path)

    def _slots(self, slots: Sequence[Slot], sides: Sides, path: tuple[str, ...]) -> bool:
        """Whether each item of a result is the merge of those that it stands for."""
        base, mine, theirs, result = sides
        return len(slots) == len(result) and all(
            self.accepts(
                (_at(base, slot.base), _at(mine, slot.mine), _at(theirs, slot.theirs), item), (*path, str(place))
            )
            for place, (slot, item) in enumerate(zip(slots, result, strict=True))
        )


def _is_merged_text(base: str, mine: str, theirs: str, result: str) -> bool:
    """Whether a text of several lines, a script say, has every change of either side."""
    lines = [side.split("\n") for side in (base, mine, theirs)]
    if (wanted := merged_sequence(*lines)) is not None:
        return list(wanted) == result.split("\n")
    before, ours, others = lines
    return (result == theirs and holds(others, ours, before)) or (result == mine and holds(ours, others, before))


def are_versions(*lists: Sequence[Any]) -> bool:
    """Whether lists name versions alone: what is tested against is one decision, not one for each item."""
    return all(_is_version(item) for items in lists for item in items)


def _is_version(item: Any) -> bool:
    return isinstance(item, int | float) or (isinstance(item, str) and _VERSION.match(item) is not None)


def _each(sides: Sides, key: Any) -> Sides:
    base, mine, theirs, result = (side.get(key, ABSENT) for side in sides)
    return base, mine, theirs, result


def _named(items: Sequence[Any], *, requirements: bool) -> Mapping[Any, Any] | None:
    """The items of a list by what they are; None where that is not clear."""
    names = identities(items, requirements=requirements)
    return None if names is None else dict(zip(names, items, strict=True))


def _at(items: Sequence[Any], place: int | None) -> Any:
    return ABSENT if place is None else items[place]


def _in_order(names: Sequence[Any], order: Sequence[Any]) -> bool:
    """Whether the names that are left stand in the order that they had."""
    where = {name: place for place, name in enumerate(order)}
    places = [where[name] for name in names if name in where]
    return places == sorted(places)


def _shown(name: Any) -> str:
    return str(name[1]).rstrip(";") if isinstance(name, tuple) else str(name)


def _same(one: Any, other: Any) -> bool:
    """Equal in value and type: `1`, `1.0` and `true` differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)

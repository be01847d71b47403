"""TOML, YAML and JSON as data: parsing that refuses what is ambiguous, too large or too tangled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

__all__ = ["ABSENT", "data_of", "format_of", "is_strict_json"]

_LIMIT_BYTES = 2 * 1024 * 1024
_MOST_ALIASES = 200
_MOST_NODES = 200_000
#: Parts of a key or a header of TOML.
_MOST_PARTS = 200
#: Written by programs: merged lines of them mean nothing.
_LOCK_FILES = frozenset({"package-lock.json", "npm-shrinkwrap.json", "composer.lock", "pixi.lock"})
_SUFFIXES = {".toml": "toml", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".cff": "yaml", ".webmanifest": "json"}


class _Absent:
    """No value at all."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


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

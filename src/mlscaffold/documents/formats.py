"""The one table of formats: which file is TOML, YAML or JSON, and how each is read and written."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from . import json, toml, yaml
from .data import DocumentError, Parsed, line_of, refuse_depth
from .tree import Node, Notation, Span, written

__all__ = ["Format", "format_of", "is_written_by_program"]

_LIMIT_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Format:
    """One of the three formats."""

    name: str
    #: What a text means.
    parse: Callable[[str], Parsed]
    #: Where its values stand.
    find: Callable[[str], Span]
    notation: Notation
    #: A key, and a value on one line.
    write_key: Callable[[str], str]
    write_value: Callable[[Any], str]
    #: What a key is read as, where that may be no text.
    read_key: Callable[[str], Hashable] = str

    def parsed(self, content: bytes) -> Parsed:
        """What a document means; a key may be named twice.

        Raises:
            DocumentError: It does not parse, or is too large or too tangled to be worth it.
        """
        if len(content) > _LIMIT_BYTES:
            raise DocumentError(f"it is larger than {_LIMIT_BYTES // 1024 // 1024} MiB")
        try:
            parsed = self.parse(content.decode(json_module.detect_encoding(content)))
        except DocumentError:
            raise
        except RecursionError as error:
            raise DocumentError("it is nested too deeply") from error
        except ValueError as error:
            raise DocumentError(str(error), line=line_of(error)) from error
        refuse_depth(parsed.data)
        return parsed

    def data(self, content: bytes) -> Any:
        """What a document means, without doubt.

        Raises:
            DocumentError: As above, or a key is named twice.
        """
        parsed = self.parsed(content)
        if parsed.repeated:
            raise DocumentError(f"the key {parsed.repeated[:100]} is named twice")
        return parsed.data

    def tree(self, text: str) -> Node:
        """Every byte of a document, whose last line ends.

        Raises:
            ValueError: It is written in a way that our reader does not know.
        """
        try:
            return written(text, self.find(text), self.notation)
        except RecursionError as error:
            raise DocumentError("it is nested too deeply") from error


_TOML = Format(
    name="toml",
    parse=toml.parse_toml,
    find=toml.find_toml,
    notation=toml.NOTATION,
    write_key=toml.write_key,
    write_value=toml.write_value,
)
_YAML = Format(
    name="yaml",
    parse=yaml.parse_yaml,
    find=yaml.find_yaml,
    notation=yaml.NOTATION,
    write_key=yaml.write_key,
    write_value=json.write_value,
    read_key=yaml.read_key,
)
_JSON = Format(
    name="json",
    parse=json.parse_json,
    find=json.find_json,
    notation=json.NOTATION,
    write_key=json.write_value,
    write_value=json.write_value,
)
_SUFFIXES: Mapping[str, Format] = {
    ".toml": _TOML,
    ".yml": _YAML,
    ".yaml": _YAML,
    ".cff": _YAML,
    ".json": _JSON,
    ".jsonc": _JSON,
    ".webmanifest": _JSON,
}
#: Written by programs: merged lines of them mean nothing.
_LOCK_FILES = (
    "package-lock.json",
    "packages.lock.json",
    "npm-shrinkwrap.json",
    "composer.lock",
    "pixi.lock",
    "pnpm-lock.yaml",
    "conda-lock.yml",
    "pylock.toml",
    "pylock.*.toml",
)


def format_of(path: str) -> Format | None:
    """The format of a file by its name, in capitals or not; None for what is none of the three."""
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower())


def is_written_by_program(path: str) -> bool:
    """Whether a file is a lock of dependencies, by its name."""
    name = PurePosixPath(path).name.lower()
    return any(fnmatchcase(name, pattern) for pattern in _LOCK_FILES)

"""TOML: what a document means, and where its values stand.

tomllib says what a document means, but not where; our reader says where.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Hashable
from typing import Any

from .data import DocumentError, Parsed, line_of
from .json import Reader
from .tree import ItemSpan, Notation, Span, TableName

__all__ = ["NOTATION", "find_toml", "parse_toml", "write_key", "write_value"]

#: tomllib's time grows with the square of a key's parts.
_MOST_PAIRS_OF_PARTS = 4_000_000

NOTATION = Notation.of(r"#[^\n]*")
_KEY = re.compile(r"""[ \t]*(?:(?P<bare>[A-Za-z0-9_-]+)|(?P<quoted>"(?:\\.|[^"\\\n])*"|'[^'\n]*'))[ \t]*(?P<dot>\.)?""")
_STRING = r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*\''''
_OTHER = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[^\s,#\]}]*|[^\s,#\]}]+"
_HEADER = re.compile(r"[ \t]*(\[\[?)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def parse_toml(text: str) -> Parsed:
    """What a document means.

    Raises:
        ValueError: It is no TOML.
    """
    if text.count(".") ** 2 > _MOST_PAIRS_OF_PARTS:
        pairs = sum(line.count(".") ** 2 for line in text.split("\n"))
        if pairs > _MOST_PAIRS_OF_PARTS:
            raise DocumentError("its keys have too many parts")
    try:
        return Parsed(data=tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        # What is missing is missing at the end.
        raise DocumentError(str(error), line=line_of(error) or len(text.splitlines()) or None) from error


def write_key(name: str) -> str:
    """One part of a key."""
    return name if _BARE.fullmatch(name) else write_value(name)


def write_value(data: Any) -> str:
    """A value on one line."""
    match data:
        case bool() | str():
            return json.dumps(data, ensure_ascii=False).replace("\x7f", "\\u007f")
        case dict():
            items = ", ".join(f"{write_key(key)} = {write_value(value)}" for key, value in data.items())
            return f"{{ {items} }}" if items else "{}"
        case list():
            return f"[{', '.join(map(write_value, data))}]"
        case int() | float():
            return repr(data)
        case _:
            return str(data.isoformat())


def find_toml(text: str) -> Span:
    """The root of a document.

    A table is an item of the root, named by its header; tables below a `[[table]]` are items of that.

    Raises:
        ValueError: It is no TOML that this reader knows.
    """
    return _Reader(text).document()


class _Reader(Reader):
    space = re.compile(r"(?:\s|#[^\n]*)*")
    scalar = re.compile(rf"{_STRING}|{_OTHER}", re.DOTALL)
    sign = "="

    def document(self) -> Span:
        root = Span(kind="mapping", start=0, end=len(self.text))
        owners: list[tuple[tuple[str, ...], Span]] = []
        numbers: dict[Hashable, int] = {}
        into = root
        while self.skip() < len(self.text):
            header = _HEADER.match(self.text, self.at)
            if header is None:
                into.items.append(self.item())
                continue
            item, path = self.table(header)
            while owners and (path[: len(owners[-1][0])] != owners[-1][0] or len(path) == len(owners[-1][0])):
                owners.pop()
            owner = owners[-1][1] if owners else root
            into = item.value
            if header[1] == "[[":
                number = numbers.setdefault((id(owner), path), 0)
                numbers[id(owner), path] += 1
                item.name = TableName(path=path, which=number)
                owners.append((path, into))
            owner.items.append(item)
        _parts_by_blank_lines(root)
        return root

    def table(self, header: re.Match[str]) -> tuple[ItemSpan, tuple[str, ...]]:
        start = header.start(1)
        self.at = header.end()
        path = self.key()
        close = "]" * len(header[1])
        if not self.text.startswith(close, self.at):
            raise ValueError("a header does not end")
        self.at += len(close)
        value = Span(kind="mapping", start=self.at)
        return ItemSpan(name=TableName(path=path), start=start, label_end=self.at, value=value), path

    def key(self) -> tuple[str, ...]:
        parts = []
        while (match := _KEY.match(self.text, self.at)) is not None:
            parts.append(match["bare"] or next(iter(tomllib.loads(f"{match['quoted']} = 0"))))
            self.at = match.end()
            if not match["dot"]:
                return tuple(parts)
        raise ValueError(f"no key at {self.at}")

    def meaning(self, text: str) -> Hashable:
        """A string is what it says however it is quoted; anything else is what is written."""
        if text[0] not in "\"'":
            return ("other", text)
        if "\\" not in text and not text.startswith(('"""', "'''")):
            return ("text", text[1:-1])
        return ("text", tomllib.loads(f"x = {text}")["x"])


def _parts_by_blank_lines(root: Span) -> None:
    waiting = [root]
    while waiting:
        span = waiting.pop()
        span.by_blank_line = True
        waiting += [item.value for item in span.items if item.value.kind == "mapping" and not item.value.flow]

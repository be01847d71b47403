"""JSON: what a document means, and where its values stand; comments and a last comma are allowed, as editors do."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Sequence
from typing import Any

from .data import Parsed
from .tree import ItemSpan, Notation, Span

__all__ = ["NOTATION", "Reader", "find_json", "is_strict_json", "parse_json", "write_value"]

NOTATION = Notation.of(r"(?://[^\n]*|/\*.*?\*/)")
_STRING = r'"(?:\\.|[^"\\])*"'
#: What does not end goes on to the end of the text: whoever looks on from every sign of it never ends, either.
_WHOLE_STRING = r'"(?>\\.|[^"\\])*+(?:"|\Z)'
_COMMENT = re.compile(rf"{_WHOLE_STRING}|//[^\n]*|/\*(?>.*?(?:\*/|\Z))", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_WHOLE_STRING}|,(?=\s*+[\]}}])", re.DOTALL)
_SIGN = re.compile(r"[^\n]")


def parse_json(text: str) -> Parsed:
    """What a document means.

    Raises:
        ValueError: It is no JSON, even without comments and last commas.
    """
    repeated: list[str] = []

    def mapping(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) != len(pairs) and not repeated:
            seen: set[str] = set()
            repeated.append(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
        return names

    try:
        data = json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError:
        # Lines and columns stay what they are, for whoever has to mend it.
        repeated.clear()
        plain = _LAST_COMMA.sub(_blanked, _COMMENT.sub(_blanked, text))
        data = json.loads(plain, object_pairs_hook=mapping)
    return Parsed(data=data, repeated=repeated[0] if repeated else "")


def _blanked(part: re.Match[str]) -> str:
    return part.group() if part.group().startswith('"') else _SIGN.sub(" ", part.group())


def is_strict_json(content: bytes) -> bool:
    """Whether every reader of JSON takes it: no comments, no last comma."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def write_value(data: Any) -> str:
    """A value on one line.

    Raises:
        ValueError: It is none that JSON has.
    """
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False)
    except TypeError as error:
        raise ValueError(str(error)) from error


def find_json(text: str) -> Span:
    """The root of a document.

    Raises:
        ValueError: It is no JSON that this reader knows.
    """
    reader = Reader(text)
    reader.skip()
    root = reader.value()
    if reader.skip() != len(text):
        raise ValueError("something follows the document")
    return root


class Reader:
    """Reads a text from one position on: JSON, and what other formats write in brackets as JSON does.

    It is lenient: what it reads was accepted by the parser of its format before, and what is made of it will be again.
    """

    space = re.compile(r"(?>\s|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
    scalar = re.compile(rf"{_STRING}|[-+.\w]+")
    #: What parts a key from its value.
    sign = ":"

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def key(self) -> Hashable:
        """Read a key."""
        key = re.compile(_STRING).match(self.text, self.at)
        if key is None:
            raise ValueError(f"no key at {self.at}")
        self.at = key.end()
        return str(json.loads(key.group()))

    def meaning(self, text: str) -> Hashable:
        """What a scalar means, type included."""
        return ("text", json.loads(text)) if text.startswith('"') else ("other", text)

    def skip(self) -> int:
        """Go on to what is neither space nor comment."""
        match = self.space.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def item(self) -> ItemSpan:
        """Read a key with its value."""
        start = self.at
        name = self.key()
        if not self.text.startswith(self.sign, self.skip()):
            raise ValueError(f"no value at {self.at}")
        self.at += 1
        label_end = self.skip()
        return ItemSpan(name=name, start=start, label_end=label_end, value=self.value())

    def value(self) -> Span:
        """Read a value."""
        start = self.at
        if self.text.startswith("{", start):
            return self._brackets(Span(kind="mapping", start=start, flow=True), "}")
        if self.text.startswith("[", start):
            return self._brackets(Span(kind="sequence", start=start, flow=True), "]")
        match = self.scalar.match(self.text, start)
        if match is None:
            raise ValueError(f"no value at {start}")
        self.at = match.end()
        return Span(kind="scalar", start=start, end=self.at, meaning=self.meaning(match.group()))

    def _brackets(self, span: Span, close: str) -> Span:
        self.at += 1
        while not self.text.startswith(close, self.skip()):
            span.items.append(self.item() if close == "}" else _unnamed(self.value()))
            if self.text.startswith(",", self.skip()):
                self.at += 1
            elif not self.text.startswith(close, self.at):
                raise ValueError(f"no comma at {self.at}")
        self.at += 1
        span.end = self.at
        return span


def _unnamed(value: Span) -> ItemSpan:
    return ItemSpan(name=None, start=value.start, label_end=value.start, value=value)

"""JSON: what a document means, and where its values stand; comments and a last comma are allowed, as editors do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from .data import DEEPEST, Parsed
from .tree import Found, FoundItem, Notation

__all__ = ["NOTATION", "find_json", "is_strict_json", "parse_json", "write_value"]

NOTATION = Notation.of(r"(?://[^\n]*|/\*.*?\*/)")
_SPACE = re.compile(r"(?>\s|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_OTHER = re.compile(r"[-+.\w]+")
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


def find_json(text: str) -> Found:
    """The root of a document.

    Raises:
        ValueError: It is no JSON that this reader knows.
    """
    reader = _Reader(text)
    reader.skip()
    root = reader.value(0)
    if reader.skip() != len(text):
        raise ValueError("something follows the document")
    return root


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> int:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def value(self, depth: int) -> Found:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        start = self.at
        opening = self.text[start : start + 1]
        if opening in {"[", "{"}:
            return self.brackets("]" if opening == "[" else "}", depth)
        match = _STRING.match(self.text, start) or _OTHER.match(self.text, start)
        if match is None:
            raise ValueError(f"no value at {start}")
        self.at = match.end()
        meaning = ("text", json.loads(match.group())) if opening == '"' else ("other", match.group())
        return Found(kind="scalar", start=start, end=self.at, meaning=meaning)

    def brackets(self, close: str, depth: int) -> Found:
        kind = "sequence" if close == "]" else "mapping"
        found = Found(kind=kind, start=self.at, flow=True)  # type: ignore[arg-type]
        self.at += 1
        while not self.text.startswith(close, self.skip()):
            found.items.append(self.item(keyed=close == "}", depth=depth))
            if self.text.startswith(",", self.skip()):
                self.at += 1
            elif not self.text.startswith(close, self.at):
                raise ValueError(f"no comma at {self.at}")
        self.at += 1
        found.end = self.at
        return found

    def item(self, *, keyed: bool, depth: int) -> FoundItem:
        start = self.at
        name = None
        if keyed:
            key = _STRING.match(self.text, start)
            if key is None:
                raise ValueError(f"no key at {start}")
            name = json.loads(key.group())
            self.at = key.end()
            if not self.text.startswith(":", self.skip()):
                raise ValueError(f"no value at {self.at}")
            self.at += 1
            self.skip()
        return FoundItem(name=name, start=start, label_end=self.at, value=self.value(depth + 1))

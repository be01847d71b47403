"""Where the values of a JSON document stand; comments and a last comma are allowed, as editors do."""

from __future__ import annotations

import json
import re

from .tree import DEEPEST, Found, FoundItem, Notation

__all__ = ["NOTATION", "find_json"]

NOTATION = Notation.of(r"(?://[^\n]*|/\*.*?\*/)")
_SPACE = re.compile(r"(?>\s|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_OTHER = re.compile(r"[-+.\w]+")


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

"""Whether a value is plain data: what any format can hold, and every reader understands alike.

YAML knows more: values that hold themselves, keys of any kind, numbers that are none, and references by which a few
lines mean more than any memory holds. All of it is judged here in time that grows with the text, not with the meaning.
"""

from __future__ import annotations

import math
import reprlib
from typing import Any

__all__ = ["NotPlainError", "require_plain", "shortened"]

_DEEPEST = 100
#: Python refuses to write longer ones.
_LONGEST_INTEGER_BITS = 13_000


_SHORTENED = reprlib.Repr()
_SHORTENED.maxstring = _SHORTENED.maxother = _SHORTENED.maxlong = 300
_SHORTENED.maxlevel = 3


class NotPlainError(ValueError):
    """A value is no plain data; the message says where and why."""


def require_plain(value: Any, name: str, *, keys: tuple[type, ...] = (str,), most: int = 1024 * 1024) -> None:
    """Refuse a value that is no plain data.

    Args:
        value: The value.
        name: What it is called in the message.
        keys: The types that keys of mappings may be of.
        most: How many characters it may have, written out.

    Raises:
        NotPlainError: It is none.
    """
    size = _Measure(keys).size(value, name, 0)
    if size > most:
        raise NotPlainError(f"{name} is too long: written out it has more than {most} characters")


def shortened(value: Any) -> str:
    """A value as a message quotes it: not all of what is long or deep."""
    return _SHORTENED.repr(value)


class _Measure:
    def __init__(self, keys: tuple[type, ...]) -> None:
        self._keys = keys
        #: By identity: how long a list or mapping is; None while it is looked at.
        self._sizes: dict[int, int | None] = {}

    def size(self, value: Any, name: str, depth: int) -> int:
        """How many characters a value has, about, once every reference is written out."""
        if isinstance(value, list | tuple | dict | set):
            return self._size_of_many(value, name, depth)
        if isinstance(value, float) and not math.isfinite(value):
            raise NotPlainError(f"{name} is no number that can be written down: {value}")
        if isinstance(value, int):
            if value.bit_length() > _LONGEST_INTEGER_BITS:
                raise NotPlainError(f"{name} is a number of more than 3,900 digits")
            return 1 + value.bit_length() // 3
        if isinstance(value, str):
            _require_text(value, name)
        return len(value) if isinstance(value, str | bytes) else 10

    def _size_of_many(self, value: Any, name: str, depth: int) -> int:
        if id(value) in self._sizes:
            if (known := self._sizes[id(value)]) is None:
                raise NotPlainError(f"{name} holds itself, by an alias")
            return known
        if depth > _DEEPEST:
            raise NotPlainError(f"{name} is nested too deeply")
        self._sizes[id(value)] = None
        total = 2
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            inner = f"{name}[{key}]"
            if isinstance(value, dict):
                inner = f"{name}.{str(key)[:80]}"
                total += self._size_of_key(key, name, depth)
            total += 2 + self.size(each, inner, depth + 1)
        self._sizes[id(value)] = total
        return total

    def _size_of_key(self, key: Any, name: str, depth: int) -> int:
        if not isinstance(key, self._keys):
            raise NotPlainError(f"{name} has a key that is no text: {str(key)[:80]}. Quote it")
        return self.size(key, f"a key of {name}", depth + 1)


def _require_text(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1]
        raise NotPlainError(f"{name} holds {half.encode('unicode_escape').decode()}, which is no text") from error

"""Data of documents: what is refused of any of them, and their one form to compare and to digest."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ABSENT", "DEEPEST", "DocumentError", "Parsed", "canonical", "line_of", "refuse_depth"]

#: Documents that are nested deeper are not worth the risk.
DEEPEST = 100


class _Absent:
    """No value at all."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


class DocumentError(ValueError):
    """A document does not parse, or is too large or too tangled to be worth it."""

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What a document means."""

    data: Any
    #: A key that a mapping names twice, of which the last counts here; readers disagree. Empty without one.
    repeated: str = ""


def line_of(error: Exception) -> int | None:
    """The line that a parser names in its message."""
    numbers = re.findall(r"\bline (\d{1,9})\b", str(error))
    return int(numbers[-1]) if numbers else None


def refuse_depth(data: Any) -> None:
    """Refuse data that are nested too deeply; every alias counts as what it stands for.

    Raises:
        DocumentError: They are.
    """
    level: Sequence[Any] = [data]
    for _ in range(DEEPEST + 1):
        containers = [value for value in level if isinstance(value, dict | list)]
        level = [part for each in containers for part in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return
    raise DocumentError(f"it is nested more than {DEEPEST} levels deep")


def canonical(data: Any) -> str:
    """One text for equal data: order of keys does not count, types do.

    Locks of all versions hold digests of it.

    Raises:
        ValueError: A number is too long to be written.
    """
    try:
        return json.dumps(data, sort_keys=True, ensure_ascii=False, default=_shown)
    except TypeError:
        # Keys of several types, or dates as keys, have no order, and are none of JSON.
        return json.dumps(_without_keys(data), ensure_ascii=False, default=_shown)


def _shown(value: Any) -> str:
    """A date, a time, bytes; and a set in an order."""
    return f"{{{', '.join(sorted(map(repr, value)))}}}" if isinstance(value, set) and value else str(value)


def _without_keys(data: Any) -> Any:
    if isinstance(data, dict):
        return {"keys": sorted([canonical(key), canonical(value)] for key, value in data.items())}
    return [_without_keys(item) for item in data] if isinstance(data, list) else data

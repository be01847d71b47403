"""What of a history is kept: the newest entries of each kind, and of a window that was judged again what was found last."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

#: The kind of the entry that stands for all windows that were left out.
LEFT_OUT = "left out"
#: Kinds of which a later entry of a window replaces an earlier one.
_REPLACED = frozenset({"performance"})
_FORMAT = 1
#: A file is written anew for so many lines, and for so large a part of it.
_FEWEST, _PART = 100, 4
#: Files of the log that are remembered; their names begin with their moments.
_MOST_FILES = 10_000


class LeftOut(BaseModel):
    """Where the windows ended that were left out.

    Args:
        done: by file of the log, the byte.
    """

    done: dict[str, int]


class _Line(NamedTuple):
    place: int
    kind: str
    says: dict[str, Any]


def shorter(lines: Sequence[bytes], keep: int) -> list[bytes] | None:
    """The lines that stay, behind one that stands for the others; None where it is not worth it, or a line is wrong."""
    try:
        said = [_Line(place, entry["kind"], entry["says"]) for place, entry in enumerate(map(json.loads, lines))]
    except (ValueError, KeyError, TypeError):
        return None  # readers name it
    by_kind: dict[str, list[_Line]] = defaultdict(list)
    for line in said:
        by_kind[line.kind].append(line)
    before = by_kind.pop(LEFT_OUT, [])
    kept = {line.place for kind, those in by_kind.items() for line in _newest(kind, those)[-keep:]}
    if len(lines) - len(kept) - len(before) < max(_FEWEST, len(lines) // _PART):
        return None
    done = _done(line for line in said if line.kind == LEFT_OUT or line.place not in kept)
    entry = {"format": _FORMAT, "kind": LEFT_OUT, "says": LeftOut(done=done).model_dump()}
    first = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    return [first, *(line for place, line in enumerate(lines) if place in kept)]


def _newest(kind: str, lines: Sequence[_Line]) -> list[_Line]:
    """In their order, the newest last; of a window of a kind that is replaced the last one."""
    if kind not in _REPLACED:
        return list(lines)
    latest = {line.says["index"]: line for line in lines}
    return [latest[index] for index in sorted(latest)]


def _done(gone: Any) -> dict[str, int]:
    """By file, up to where windows stand that are gone."""
    done: dict[str, int] = {}
    for line in gone:
        ends = (
            line.says["done"]
            if line.kind == LEFT_OUT
            else {f: end for f, (_, end) in line.says.get("pieces", {}).items()}
        )
        for file, end in ends.items():
            done[file] = max(done.get(file, 0), end)
    return {file: done[file] for file in sorted(done)[-_MOST_FILES:]}

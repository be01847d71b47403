"""Structured merge of TOML, YAML and JSON: weave the three as they are written, judge on the parsed data.

Parse to decide, splice bytes, parse again to prove: a proposal is taken only if its data are the merge of the three
sides' data; bytes that no side changed are as they were, and no comment is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..documents.data import ABSENT
from ..documents.formats import Format, format_of, is_written_by_program
from ..documents.json import is_strict_json
from .judge import Judge
from .sides import FileSides
from .weave import weave

__all__ = ["Documents", "documents_of", "is_within", "parses", "written_format"]

#: The number of the project's side.
_MINE = 1


@dataclass(frozen=True, kw_only=True)
class Documents:
    """Three documents whose data are known, so that a merge of them can be proven."""

    form: Format
    sides: FileSides
    #: The data of base, mine and theirs.
    data: tuple[Any, Any, Any]

    def is_merge(self, result: bytes, judge: Judge | None = None) -> bool:
        """Whether a document holds every change of either side, and nothing else; comments do not count."""
        try:
            return (judge or Judge()).accepts((*self.data, self.form.data(result)))
        except (ValueError, RecursionError):
            return False

    def merged(self) -> FileSides | None:
        """Their merge by structure; None where that cannot be decided or proven."""
        woven = weave(self.form, *self.sides.contents)
        if woven is None:
            return None
        strict = self.form.name == "json" and all(map(is_strict_json, self.sides.contents))
        reasons = woven.reasons
        for side in range(len(woven.contents)) if woven.open_pieces else (_MINE,):
            result = woven.contents[side]
            judge = Judge(instead=side if woven.open_pieces else None)
            if not self.is_merge(result, judge) or (strict and not is_strict_json(result)):
                return None
            reasons += tuple(judge.reasons) if side == _MINE else ()
        return replace(woven, reasons=tuple(dict.fromkeys(reasons)))


def documents_of(path: str, sides: FileSides) -> Documents | None:
    """Three contents as documents that people write; None if they are none, or one of them is not valid."""
    form = written_format(path)
    if form is None:
        return None
    try:
        base, mine, theirs = map(form.data, sides.contents)
    except ValueError:
        return None
    return Documents(form=form, sides=sides, data=(base, mine, theirs))


def written_format(path: str) -> Format | None:
    """The format of a file that people write, by its name; None for what is no TOML, YAML or JSON of theirs."""
    return None if is_written_by_program(path) else format_of(path)


def parses(path: str, content: bytes) -> bool:
    """Whether a document is valid, and names no key twice."""
    form = format_of(path)
    if form is None:
        return False
    try:
        form.data(content)
    except ValueError:
        return False
    return True


def is_within(path: str, *, small: bytes, large: bytes) -> bool:
    """Whether a document says all that another says, and contradicts none of it; True where the other is none."""
    form = written_format(path)
    try:
        part = None if form is None else form.data(small)
    except ValueError:
        return True
    if form is None or part is None:
        return True
    try:
        whole = form.data(large)
        return Judge().accepts((ABSENT, part, whole, whole))
    except (ValueError, RecursionError):
        return False

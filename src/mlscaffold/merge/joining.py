"""Pieces of two documents put together in the layout of one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..documents.tree import Node, Notation, Piece, TableName
from .matching import Undecided

__all__ = ["Joined", "Joining", "relaid"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A piece of the result. `was` is the project's piece, None for one of the template's."""

    piece: Piece
    was: Piece | None


@dataclass(frozen=True, kw_only=True)
class Joining:
    """Pieces of two documents in the layout of one."""

    #: The project's container, or the template's where the project's is empty.
    layout: Node
    theirs: Node
    notation: Notation

    def text(self, head: str, pieces: Sequence[Joined], tail: str) -> str:
        """The text of a container."""
        first = self.layout.pieces[0] if self.layout.pieces else None
        begins_line = self._line_beginnings()
        custom = self._parts_tables()
        parts = [head]
        for number, each in enumerate(pieces):
            here = (not "".join(parts[-1:]) and number == 0) or parts[-1].endswith("\n")
            if not here and number and not self.layout.flow:
                raise Undecided
            piece = self._adopted(each.piece, here=here) if each.was is None else each.piece
            if (
                each.was is None
                or (each.was is not first and number == 0)
                or (each.was is first and number > 0 and not here)
                or here != begins_line.get(id(each.was), here)
            ):
                piece = replace(piece, lead=self._lead(piece, here=here, number=number))
            if self.layout.flow:
                piece = replace(piece, comma=self._comma(piece, last=number == len(pieces) - 1))
            if isinstance(piece.name, TableName) and (each.was is not first or number > 0):
                piece = replace(piece, lead=_parted(piece.lead, parts[-1], custom=custom))
            parts.append(piece.text)
        return "".join([*parts, tail])

    def _parts_tables(self) -> bool:
        """Whether it is the custom that an empty line parts tables."""
        tables = [
            piece
            for side in (self.layout, self.theirs)
            for piece in side.pieces[1:]
            if isinstance(piece.name, TableName)
        ]
        return all(piece.lead.startswith("\n") for piece in tables)

    def _line_beginnings(self) -> Mapping[int, bool]:
        beginnings = {}
        before = self.layout.head
        for piece in self.layout.pieces:
            beginnings[id(piece)] = not before or before.endswith("\n")
            before = piece.text
        return beginnings

    def _adopted(self, piece: Piece, *, here: bool) -> Piece:
        """A piece of the template's, but for its lead."""
        comment = piece.trail.rstrip("\n")
        block = piece.value.is_block
        if self.layout.flow:
            if block or (comment and not here):
                raise Undecided
            label = "" if self.layout.kind == "sequence" else piece.label
            return replace(piece, label=label, trail=f"{comment}\n" if here else "")
        label = "- " if self.layout.kind == "sequence" and not piece.label else piece.label
        return replace(piece, label=label, comma="", trail="" if block else f"{comment}\n")

    def _lead(self, piece: Piece, *, here: bool, number: int) -> str:
        if here:
            return relaid(piece.lead, self.layout.indent, self.layout.indent)
        if self.notation.comments(piece.lead):
            raise Undecided
        if number:
            return " "
        return self.layout.pieces[0].lead if self.layout.pieces else ""

    def _comma(self, piece: Piece, *, last: bool) -> str:
        if not last:
            return piece.comma or ","
        return piece.comma or "," if self.layout.pieces and self.layout.pieces[-1].comma else ""


def _parted(lead: str, before: str, *, custom: bool) -> str:
    """The text above a table that now follows another, or nothing."""
    if not before:
        return lead.lstrip("\n")
    return f"\n{lead}" if custom and not lead.startswith("\n") and not before.endswith("\n\n") else lead


def relaid(trivia: str, indent: str, end: str) -> str:
    """Lines of comments in another indentation; `end` is what stands before the item below them."""
    lines = _LINE.findall(trivia)
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    return "".join(f"{indent}{line.strip()}\n" if line.strip() else "\n" for line in lines) + end

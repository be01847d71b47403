"""A TOML, YAML or JSON document as it is written: every byte of it, in a tree of what the bytes say.

A reader of a format says where values stand (`Span`); here the text between them is given to the values that it
belongs to: a comment above an item and one behind it are parts of the item. The text of a node is the text of its
parts, so that a tree can be changed in one part and be the same everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = [
    "ItemSpan",
    "Kind",
    "Node",
    "Notation",
    "Piece",
    "Span",
    "TableName",
    "TaggedKey",
    "alike",
    "array_of",
    "parts_of",
    "path_below",
    "shifted",
    "shown",
    "written",
]

Kind = Literal["scalar", "mapping", "sequence"]
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, kw_only=True)
class Notation:
    """How a format writes what is no data."""

    #: A comment.
    comment: re.Pattern[str]
    #: Spaces and comments down to the end of a line, with the line break.
    rest_of_line: re.Pattern[str]
    #: A line that holds spaces and comments alone.
    line: re.Pattern[str]

    @staticmethod
    def of(comment: str) -> Notation:
        """The notation of a format, by a pattern for its comments."""
        return Notation(
            comment=re.compile(comment, re.DOTALL),
            rest_of_line=re.compile(rf"(?>[ \t\r]|{comment})*+(?:\n|\Z)", re.DOTALL),
            line=re.compile(rf"(?>[ \t\r]|{comment})*+\n", re.DOTALL),
        )

    def comments(self, trivia: str) -> tuple[str, ...]:
        """The comments in a text that holds no data."""
        if not trivia or trivia.isspace():
            return ()
        return tuple(match.group().strip() for match in self.comment.finditer(trivia))


@dataclass(frozen=True, kw_only=True, slots=True)
class TableName:
    """The name of a table of TOML: what stands in its header."""

    path: tuple[str, ...]
    #: Of a `[[table]]` which one it is, by a number or by what it says; None for a `[table]`.
    which: Hashable = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TaggedKey:
    """A key of YAML that is read as no text: `on` is true, `1` a number."""

    tag: str
    #: As it is written.
    text: str
    anchor: str | None = None


@dataclass(kw_only=True, slots=True)
class Span:
    """Where a value stands."""

    kind: Kind
    start: int
    end: int = 0
    #: What a scalar means, type included.
    meaning: Hashable = None
    #: Comments within a scalar: YAML allows one behind the sign that begins a text over several lines.
    comments: tuple[str, ...] = ()
    #: In brackets.
    flow: bool = False
    items: list[ItemSpan] = field(default_factory=list)
    #: The column of a block's items.
    column: int = 0
    #: Comments below the last item are the block's if they are indented so deep; at 0 they are not.
    edge: int = 0
    #: Tag and anchor.
    properties: tuple[str | None, str | None] = (None, None)
    #: Comments directly above the next sibling are the sibling's, whatever their indentation (TOML's tables).
    by_blank_line: bool = False


@dataclass(kw_only=True, slots=True)
class ItemSpan:
    """Where an item stands: its key or dash, and its value."""

    #: The key; None in a sequence.
    name: Hashable
    start: int
    #: Where the key and what parts it from its value end.
    label_end: int
    value: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """An item with all that is written for it: `lead label value comma trail`."""

    name: Hashable
    #: Comments and empty lines above, and the indentation.
    lead: str
    #: The key with its `=` or `:`, the dash of a list; may be empty.
    label: str
    value: Node
    comma: str = ""
    #: Spaces, comment and line break behind.
    trail: str = ""
    #: All comments in it, in order.
    comments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.lead}{self.label}{self.value.text}{self.comma}{self.trail}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value as it is written."""

    kind: Kind
    text: str
    meaning: Hashable
    #: All comments in it, in order.
    comments: tuple[str, ...] = ()
    flow: bool = False
    #: A container's text before its first piece and after its last.
    head: str = ""
    tail: str = ""
    pieces: tuple[Piece, ...] = ()
    #: What stands before a piece that begins a line.
    indent: str = ""
    #: Tag and anchor.
    properties: tuple[str | None, str | None] = (None, None)

    @property
    def is_tagged(self) -> bool:
        """Whether a tag says what it means: then it is one thing, not a list of parts."""
        return self.properties[0] is not None

    @property
    def is_block(self) -> bool:
        """Whether it is a container without brackets."""
        return self.kind != "scalar" and not self.flow

    @property
    def is_spread(self) -> bool | None:
        """Whether what is in brackets begins on a line of its own; None without brackets."""
        return self.head.endswith("\n") if self.flow else None

    @property
    def data(self) -> Any:
        """What it means, as far as that says what an item is."""
        if self.kind == "sequence":
            return [piece.value.data for piece in self.pieces]
        if self.kind == "mapping":
            return {shown(piece.name): piece.value.data for piece in self.pieces}
        if isinstance(self.meaning, tuple) and self.meaning[0] == "text":
            return self.meaning[1]
        return self.meaning


def alike(one: Node | None, other: Node | None) -> bool:
    """Whether two values and the comments in them are equal."""
    if one is None or other is None:
        return one is other
    return one.meaning == other.meaning and one.comments == other.comments


def parts_of(name: Hashable) -> tuple[str, ...]:
    """The parts of a key as they are asked for: one, but in TOML; an item of a list has an empty one."""
    match name:
        case TableName():
            return name.path
        case TaggedKey():
            return (name.text,)
        case tuple():
            return name
        case None:
            return ("",)
        case _:
            return (str(name),)


def path_below(path: tuple[str, ...], name: Hashable) -> tuple[str, ...]:
    """The path of an item; a table of TOML has all of it in its header."""
    return name.path if isinstance(name, TableName) else (*path, *parts_of(name))


def shown(name: Hashable) -> str:
    """A key, for a person."""
    return ".".join(parts_of(name))


def array_of(name: Hashable) -> tuple[str, ...] | None:
    """The path of the array that a `[[table]]` is of; None for any other name."""
    return name.path if isinstance(name, TableName) and name.which is not None else None


def shifted(text: str, before: str, after: str) -> str:
    """A text in another indentation; what stands left of the old one stays."""
    if before == after or "\n" not in text:
        return text
    lines: list[str] = _LINE.findall(text)
    first, *rest = lines
    return first + "".join(
        after + line.removeprefix(before) if line.startswith(before) and line.strip() else line for line in rest
    )


def _container(span: Span, notation: Notation, *, head: str, pieces: Sequence[Piece], tail: str, indent: str) -> Node:
    inside = tuple(comment for piece in pieces for comment in piece.comments)
    values = [(piece.name, piece.value.meaning) for piece in pieces]
    return Node(
        kind=span.kind,
        text=head + "".join(piece.text for piece in pieces) + tail,
        meaning=(span.kind, span.properties, frozenset(values) if span.kind == "mapping" else tuple(values)),
        comments=(*notation.comments(head), *inside, *notation.comments(tail)),
        flow=span.flow,
        head=head,
        tail=tail,
        pieces=tuple(pieces),
        indent=indent,
        properties=span.properties,
    )


def written(text: str, span: Span, notation: Notation) -> Node:
    """The tree of a document.

    Args:
        text: All of it; the last line ends.
        span: The root.
        notation: Of its format.

    Raises:
        ValueError: It is written in a way that cannot be told apart (a comma before a comment, say).
    """
    if span.kind == "scalar":
        raise ValueError("a document of one value")
    node, end = _Reading(text=text, notation=notation).value(span, 0)
    above, below = text[: span.start] if span.flow else "", text[end:]
    node = replace(
        node,
        text=above + node.text + below,
        head=above + node.head,
        tail=node.tail + below,
        comments=(*notation.comments(above), *node.comments, *notation.comments(below)),
    )
    if node.text != text:
        raise ValueError("not all of the text is accounted for")
    return node


@dataclass(frozen=True, kw_only=True)
class _Reading:
    text: str
    notation: Notation

    def value(self, span: Span, start: int) -> tuple[Node, int]:
        """A value whose text begins at `start` if it is a block; the second is where it ends."""
        if span.kind == "scalar":
            text = self.text[span.start : span.end]
            return Node(kind="scalar", text=text, meaning=span.meaning, comments=span.comments), span.end
        return self._flow(span) if span.flow else self._block(span, start)

    def _block(self, span: Span, start: int) -> tuple[Node, int]:
        first = span.items[0].start if span.items else start
        head = self._head(start, first) if span.items else self._rest_of_line(start)
        at = start + len(head)
        pieces: list[Piece] = []
        for item in span.items:
            lead = self.text[at : item.start]
            block = item.value.kind != "scalar" and not item.value.flow
            label = self.text[item.start : item.label_end if block else item.value.start]
            value, at = self.value(item.value, item.label_end)
            trail = "" if block else self._rest_of_line(at)
            at += len(trail)
            pieces.append(self._piece(item, lead, label, value, trail=trail))
        tail = self._tail(span, at)
        indent = " " * span.column
        node = _container(span, self.notation, head=head, pieces=pieces, tail=tail, indent=indent)
        return node, at + len(tail)

    def _piece(self, item: ItemSpan, lead: str, label: str, value: Node, *, trail: str, comma: str = "") -> Piece:
        # Between a key and a value below it there may be comments.
        above, behind = self.notation.comments(lead), self.notation.comments(label) if "\n" in label else ()
        comments = (*above, *behind, *value.comments, *self.notation.comments(trail))
        return Piece(name=item.name, lead=lead, label=label, value=value, comma=comma, trail=trail, comments=comments)

    def _head(self, start: int, first: int) -> str:
        """What stands before a block's first piece: the rest of its line, or the spaces before a compact block."""
        between = self.text[start:first]
        if start == 0 or "\n" not in between:
            # What is above the first line of a document is above its first piece; markers of YAML are the document's.
            marker = re.match(r"(?:(?:%[^\n]*|[ \t]*#[^\n]*|[ \t]*)\n)*---[^\n]*\n", between)
            return marker.group() if marker else "" if start == 0 else between
        return between[: between.index("\n") + 1]

    def _rest_of_line(self, at: int) -> str:
        if self.text.startswith("\n", at):
            return "\n"
        match = self.notation.rest_of_line.match(self.text, at)
        if match is None:
            raise ValueError("something stands behind a value")
        return match.group()

    def _tail(self, span: Span, at: int) -> str:
        """Of the lines below a block's last piece, those that are the block's."""
        if span.by_blank_line:
            lines = list(self._lines(at))
            ends = at + sum(map(len, lines)) == len(self.text)
            return "".join(lines if ends else lines[: _above_last_paragraph(lines)])
        return "".join(_indented(self._lines(at), span.edge)) if span.edge else ""

    def _lines(self, at: int) -> Iterator[str]:
        """The lines from here on that hold spaces and comments alone."""
        while (match := self.notation.line.match(self.text, at)) is not None:
            yield match.group()
            at = match.end()

    def _flow(self, span: Span) -> tuple[Node, int]:
        at = span.start
        bracket = re.compile(r"[^\[{]*[\[{]").match(self.text, at)
        if bracket is None:
            raise ValueError("a list without a bracket")
        at = bracket.end()
        broken = self.notation.rest_of_line.match(self.text, at, span.end)
        if broken is not None and broken.group().endswith("\n"):
            at = broken.end()
        head = self.text[span.start : at]
        pieces: list[Piece] = []
        indent = ""
        for item in span.items:
            lead = self.text[at : item.start]
            label = self.text[item.start : item.value.start]
            value, at = self.value(item.value, item.value.start)
            comma = re.compile(r"\s*,").match(self.text, at)
            at = comma.end() if comma else at
            after = self.notation.rest_of_line.match(self.text, at, span.end)
            trail = after.group() if after and after.group().endswith("\n") else ""
            at += len(trail)
            if (not pieces and head.endswith("\n")) or (pieces and pieces[-1].trail and not indent):
                indent = lead.rpartition("\n")[2]
            pieces.append(self._piece(item, lead, label, value, trail=trail, comma=comma.group() if comma else ""))
        tail = self.text[at : span.end]
        between = [*(piece.lead for piece in pieces), tail]
        if any("," in self.notation.comment.sub("", trivia) for trivia in between):
            raise ValueError("commas stand where nobody expects them")
        return _container(span, self.notation, head=head, pieces=pieces, tail=tail, indent=indent), span.end


def _indented(lines: Iterable[str], edge: int) -> list[str]:
    """The lines that are a block's: down to the last comment that is indented as its items are."""
    mine: list[str] = []
    blank: list[str] = []
    for line in lines:
        if not line.strip():
            blank.append(line)
            continue
        if len(line) - len(line.lstrip()) < edge:
            break
        mine += [*blank, line]
        blank = []
    return mine


def _above_last_paragraph(lines: Sequence[str]) -> int:
    """How many lines are a table's: the comments before the empty line that parts it from the next."""
    last = next((number for number in range(len(lines), 0, -1) if not lines[number - 1].strip()), 0)
    return next((number for number in range(last, 0, -1) if lines[number - 1].strip()), 0)

"""A mapping as it is written, with some of its keys set to the template's: YAML, JSON, and TOML in braces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .data import ABSENT, canonical
from .formats import Format
from .keys import Keys
from .tree import Node, Notation, Piece, parts_of, shifted

__all__ = ["Side", "Splice", "are_equal", "left_of", "only", "with_comment"]


@dataclass(frozen=True, kw_only=True)
class Side:
    """A value of one of the two documents. No node: only what it means is known, or counts."""

    node: Node | None
    data: Any

    def at(self, name: str) -> Side:
        """The value of a key."""
        piece = self.piece(name)
        data = self.data.get(name, ABSENT) if isinstance(self.data, dict) else ABSENT
        return Side(node=piece.value if piece else None, data=data)

    def piece(self, name: str) -> Piece | None:
        """A key with its value, as it is written."""
        return self.pieces.get(name)

    @cached_property
    def pieces(self) -> Mapping[Any, Piece]:
        """What is written of a mapping, by its keys."""
        pieces = self.node.pieces if self.node is not None and self.node.kind == "mapping" else ()
        return {_name(piece): piece for piece in pieces}


def _name(piece: Piece) -> Any:
    """The key of a piece as it is asked for; a dotted one of TOML has several parts."""
    parts = parts_of(piece.name)
    return parts[0] if len(parts) == 1 else parts


def _below(keys: Keys | None, name: str) -> Keys | None:
    return None if keys is None else keys[name]


def _chosen(data: Any, keys: Keys | None) -> Any:
    """The data at some keys alone; `ABSENT` if there are none."""
    if keys is None:
        return data
    if not isinstance(data, dict):
        return ABSENT
    values = {key: _chosen(data[key], below) for key, below in keys.items() if key in data}
    return {key: value for key, value in values.items() if value is not ABSENT} or ABSENT


def are_equal(one: Any, other: Any, keys: Keys | None) -> bool:
    """Whether two sides have the same data at some keys."""
    here, there = _chosen(one, keys), _chosen(other, keys)
    if here is ABSENT or there is ABSENT:
        return here is there
    return canonical(here) == canonical(there)


def left_of(lead: str) -> str:
    """What is left of the text above an item that goes: whole lines."""
    return lead[: lead.rfind("\n") + 1]


def with_comment(trivia: str, mine: str, notation: Notation) -> str:
    """The end of a line of the template's, with the comment that the user has there."""
    comment = notation.comment.search(mine)
    if comment is None:
        return trivia
    spaces = mine[len(mine[: comment.start()].rstrip(" \t")) : comment.start()]
    return notation.comment.sub("", trivia).rstrip() + (spaces or "  ") + mine[comment.start() :]


def only(form: Format, theirs: Side, keys: Keys) -> str:
    """A document of the template's keys and nothing else, in blocks."""
    return Splice(form=form).pieces_below(theirs, keys, indent="") or ""


@dataclass(frozen=True, kw_only=True)
class Splice:
    """Splices values of the template into mappings of the user's."""

    form: Format

    def mapping(self, mine: Side, theirs: Side, keys: Keys | None) -> str:
        """The text of a mapping with some keys set; all of them if `keys` is None.

        Raises:
            ValueError: It is no mapping that is written here, an alias say.
        """
        node = mine.node
        if node is None or node.kind != "mapping" or not isinstance(mine.data, dict):
            raise ValueError("what holds them is no mapping that is written in this file")
        if not node.pieces and theirs.node is not None:
            node = replace(node, indent=theirs.node.indent)
        known = mine.pieces
        names = list(keys) if keys is not None else list(dict.fromkeys([*known, *theirs.data]))
        texts: dict[Any, Piece | str] = {**known}
        for name in names:
            if name in known:
                texts[name] = self._changed(known[name], mine.at(name), theirs, name, _below(keys, name), node)
        new = [name for name in _in_order(names, theirs) if name not in known]
        added = [piece for name in new if (piece := self._added(theirs, name, _below(keys, name), node)) is not None]
        return self._flow(node, texts, added) if node.flow else self._block(node, texts, added)

    def _changed(
        self, piece: Piece, mine: Side, theirs: Side, name: str, keys: Keys | None, around: Node
    ) -> Piece | str:
        """A piece with the template's value; a text if the piece goes."""
        wanted = theirs.at(name)
        if are_equal(mine.data, wanted.data, keys):
            return piece
        if keys is None and wanted.data is ABSENT:
            return left_of(piece.lead)
        if keys is not None and mine.data is None and not piece.value.text:
            mine = replace(mine, data={}, node=None)
        empty = keys is not None and mine.data == {} and not (mine.node and mine.node.comments)
        if empty or (keys is None and not _is_alike(mine, wanted)):
            return self._replaced(piece, theirs, name, keys, around)
        if text := self.mapping(mine, wanted, keys):
            return replace(piece, value=replace(piece.value, text=text))
        # Nothing is left of a block.
        is_whole = wanted.data is ABSENT and not piece.value.comments
        return left_of(piece.lead) if is_whole else self._emptied(piece)

    def _emptied(self, piece: Piece) -> Piece:
        value = replace(piece.value, kind="scalar", text="{}", flow=False)
        trail = with_comment("\n", piece.value.head, self.form.notation)
        rest = "".join(left_of(each.lead) for each in piece.value.pieces) + piece.value.tail
        return replace(piece, label=f"{piece.label.rstrip()} ", value=value, trail=trail + rest)

    def _replaced(self, piece: Piece, theirs: Side, name: str, keys: Keys | None, around: Node) -> Piece:
        """A piece with another value, in the user's indentation and with the user's comment behind it."""
        new = self._added(theirs, name, keys, around)
        if new is None:
            return piece
        notation = self.form.notation
        old = piece.value
        label = piece.label
        if not new.value.is_block:
            behind = with_comment("\n", old.head, notation) + old.tail if old.is_block else piece.trail
            if not notation.comments(behind) and not around.flow:
                behind = with_comment(behind, new.trail, notation)
            gap = "" if label[-1:].isspace() or (old.text and not old.is_block) else " "
            return replace(piece, label=label + gap, value=new.value, trail=behind)
        if "\n" not in label:
            label = label.rstrip()
        head = with_comment(new.value.head, old.head if old.is_block else piece.trail, notation)
        if "\n" in label:
            label, head = left_of(label), ""
        text = head + new.value.text[len(new.value.head) :] + (old.tail if old.is_block else "")
        return replace(piece, label=label, value=replace(new.value, text=text), trail="")

    def _added(self, theirs: Side, name: str, keys: Keys | None, around: Node) -> Piece | None:
        """The template's piece, in the layout of the mapping that it goes to; None if the template has nothing."""
        data = _chosen(theirs.at(name).data, keys)
        if data is ABSENT:
            return None
        piece = theirs.piece(name)
        indent = theirs.node.indent if theirs.node is not None else ""
        if piece is not None and not (around.flow and piece.value.is_block) and not _has_alias(piece.value):
            pruned = self._pruned(piece, Side(node=piece.value, data=theirs.at(name).data), keys)
            if pruned is not None:
                text = pruned.text[: len(pruned.text) - len(pruned.tail)] if pruned.is_block else pruned.text
                value = replace(pruned, text=shifted(text, indent, around.indent))
                lead = "" if around.flow else _comments_above(piece, theirs, around.indent)
                ends = piece.trail if piece.trail.endswith("\n") else "\n"
                trail = "" if around.flow or pruned.is_block else ends
                return replace(piece, lead=lead, label=self._label(piece, name), value=value, comma="", trail=trail)
        value = Node(kind="scalar", text=self.form.write_value(data), meaning=None)
        trail = "" if around.flow else "\n"
        return Piece(name=name, lead="", label=f"{self.form.write_key(name)}{self._sign}", value=value, trail=trail)

    @property
    def _sign(self) -> str:
        return " = " if self.form.name == "toml" else ": "

    def _label(self, piece: Piece, name: str) -> str:
        if "\n" in piece.label:
            return f"{self.form.write_key(name)}{self._sign}"
        return f"{piece.label} " if piece.label.endswith(":") and not piece.value.is_block else piece.label

    def _pruned(self, piece: Piece, side: Side, keys: Keys | None) -> Node | None:
        """The template's value with some of its keys alone; None if they are not written there."""
        node = piece.value
        if keys is None:
            return node
        if node.flow or node.kind != "mapping" or node.is_tagged:
            return None
        text = self.pieces_below(side, keys, indent=node.indent)
        return replace(node, text=node.head + text, tail="") if text is not None else None

    def pieces_below(self, side: Side, keys: Keys, *, indent: str) -> str | None:
        """The template's lines for some keys of a block; None if they cannot be had."""
        around = Node(kind="mapping", text="", meaning=None, indent=indent)
        texts = []
        for name in _in_order(list(keys), side):
            piece = self._added(side, name, keys[name], around)
            if piece is not None:
                texts.append(replace(piece, lead=piece.lead + indent).text)
        return "".join(texts)

    def _block(self, node: Node, texts: Mapping[Any, Piece | str], added: Sequence[Piece]) -> str:
        kept = [each.text if isinstance(each, Piece) else each for each in texts.values()]
        if not any(isinstance(each, Piece) for each in texts.values()) and not added:
            above = "".join(kept)
            # The root has nobody who could write it otherwise.
            return f"{node.head}{above}{{}}\n{node.tail}" if node.indent == "" and _is_root(node) else ""
        new = [replace(piece, lead=piece.lead + node.indent).text for piece in added]
        return "".join([node.head, *kept, *new, node.tail])

    def _flow(self, node: Node, texts: Mapping[Any, Piece | str], added: Sequence[Piece]) -> str:
        last_comma = bool(node.pieces and node.pieces[-1].comma)
        first_lead = node.pieces[0].lead if node.pieces else ""
        count = sum(isinstance(each, Piece) for each in texts.values()) + len(added)
        mine = count - len(added)
        parts = [node.head]
        number = 0
        for each in (*texts.values(), *added):
            if isinstance(each, str):
                parts += [each] if each else []
                continue
            number += 1
            piece = each
            begins_line = parts[-1].endswith("\n")
            if number > mine:
                lead = node.indent if begins_line else " " if number > 1 else ""
                piece = replace(piece, lead=lead, trail="\n" if begins_line else "")
            elif number == 1 and "\n" not in piece.lead and not begins_line and "\n" not in first_lead:
                piece = replace(piece, lead=first_lead)
            comma = (piece.comma or ",") if number < count or last_comma else ""
            parts.append(replace(piece, comma=comma).text)
        return "".join([*parts, node.tail])


def _is_root(node: Node) -> bool:
    return not node.head or not node.head[:1].isspace()


def _in_order(names: Sequence[Any], theirs: Side) -> list[Any]:
    """Names in the template's order."""
    order = {name: index for index, name in enumerate(theirs.data)} if isinstance(theirs.data, dict) else {}
    return sorted(names, key=lambda name: order.get(name, len(order)))


def _is_alike(mine: Side, theirs: Side) -> bool:
    """Whether two values are mappings of the same kind, all of whose keys are written where they stand."""
    one, other = mine.node, theirs.node
    if one is None or other is None or one.kind != "mapping" or other.kind != "mapping":
        return False
    same = one.properties == other.properties == (None, None)
    return same and bool(mine.data) and bool(theirs.data) and all(_is_plain(side) for side in (mine, theirs))


def _is_plain(side: Side) -> bool:
    return side.node is not None and {_name(piece) for piece in side.node.pieces} == set(side.data)


def _has_alias(node: Node) -> bool:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each.meaning, tuple) and each.meaning[:1] == ("alias",):
            return True
        waiting += [piece.value for piece in each.pieces]
    return False


def _comments_above(piece: Piece, theirs: Side, indent: str) -> str:
    """The template's comments directly above an item; what begins a document is about the document."""
    if theirs.node is None or piece is theirs.node.pieces[0]:
        return ""
    lines = left_of(piece.lead).split("\n")[:-1]
    above = []
    while lines and lines[-1].strip():
        above.append(f"{indent}{lines.pop().strip()}\n")
    return "".join(reversed(above))

"""The merge of three documents as they are written: a proposal in the project's own layout.

What one side changed is taken from that side, piece by piece: a key, an item of a list, a comment. Pieces that nobody
changed are the project's bytes. Nothing is decided where both sides changed the same thing. Comments are no data, so
they are counted: each that a side wrote or removed is written or removed in the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ..documents.formats import Format
from ..documents.identity import are_versions
from ..documents.tree import Node, Notation, Piece, alike, array_of, path_below, shifted, shown
from .diff3 import merged_sequence
from .joining import Joined, Joining, relaid
from .matching import (
    Sides,
    Undecided,
    is_replaced_twice,
    is_too_much,
    matched,
    seems_renamed,
)
from .sides import FileSides

__all__ = ["Woven", "weave"]

_MARK = "\ufeff"
_Side = Literal["base", "mine", "theirs"]
_SIDES: tuple[_Side, ...] = ("base", "mine", "theirs")
#: A piece, by its number and those of the pieces around it.
_Position = tuple[int, ...]
_MOST_ROUNDS = 20
_MOST_SHOWN = 3
_LONGEST_SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Woven(FileSides):
    """A proposal. Its reasons say what was kept and what was taken where both sides changed something."""

    #: How many pieces a person has to decide on.
    open_pieces: int


def weave(form: Format, base: bytes, mine: bytes, theirs: bytes) -> Woven | None:
    """Propose the merge of three documents; None where the layout has no room for it, or nothing can be decided.

    Args:
        form: Of all three.
        base: The old render.
        mine: The project's document: byte order mark, line ends and the end of the last line are kept.
        theirs: The new render.
    """
    try:
        texts = [side.decode() for side in (base, mine, theirs)]
        trees = [form.tree(_unix(text)) for text in texts]
        runs = _runs(form.notation, trees)
        if any(_lost_comments(run, trees, form.tree(run.text)) for run in dict.fromkeys(runs)):
            return None
    except (ValueError, Undecided, RecursionError):
        return None
    was, here, there = (text.endswith("\n") for text in texts)
    before, ours, others = (_as_in(texts[1], run.text, ended=here or not (was or not there)) for run in runs)
    return Woven(
        base=before,
        mine=ours,
        theirs=others,
        open_pieces=len(runs[1].opened),
        reasons=tuple(dict.fromkeys(runs[1].reasons)),
    )


def _runs(notation: Notation, trees: Sequence[Node]) -> Sequence[_Weaving]:
    """The merge with what each side has in the pieces that a person has to decide on.

    Raises:
        Undecided: That would be all of it, or it takes too long to tell which those are.
    """
    opened: frozenset[_Position] = frozenset()
    for _ in range(_MOST_ROUNDS):
        runs = {side: _Weaving(notation=notation, side=side, opened=opened) for side in _SIDES}
        runs["mine"].run(*trees)
        if not opened and not runs["mine"].failed:
            # Nothing is open, so the three are the same.
            return [runs["mine"]] * len(_SIDES)
        runs["base"].run(*trees)
        runs["theirs"].run(*trees)
        failed = opened.union(*(run.failed for run in runs.values()))
        if failed == opened:
            return list(runs.values())
        # What is open in one of the texts has to be open in all of them.
        opened = failed
    raise Undecided


def _unix(text: str) -> str:
    """Without a byte order mark, with simple line ends and a last line that ends."""
    ends = text.count("\r\n")
    if ends and ends != text.count("\n"):
        raise ValueError("two kinds of line ends")
    text = text.removeprefix(_MARK).replace("\r\n", "\n")
    if "\r" in text:
        raise ValueError("line ends of their own")
    return text if text.endswith("\n") else f"{text}\n"


def _as_in(mine: str, text: str, *, ended: bool) -> bytes:
    """A text with the byte order mark, the line ends and the end of the project's."""
    text = text if ended else text.removesuffix("\n")
    text = text.replace("\n", "\r\n") if "\r\n" in mine else text
    return (_MARK * mine.startswith(_MARK) + text).encode()


def _lost_comments(weaving: _Weaving, trees: Sequence[Node], result: Node) -> bool:
    """Whether a comment is not there as often as the sides' changes make it."""
    base, mine, theirs = (Counter(tree.comments) for tree in trees)
    for side, before, after in weaving.left_out:
        gone, back = Counter(after.comments if after else ()), Counter(before.comments if before else ())
        if side == "mine":
            mine = mine - gone + back
        else:
            theirs = theirs - gone + back
    written = Counter(result.comments)
    for comment in {*base, *mine, *theirs, *written}:
        was, here, there = base[comment], mine[comment], theirs[comment]
        # Two changes of one number are two changes, or the same.
        both = here + there - was
        same = max(here, there) if both > max(here, there) else max(both, min(here, there))
        if not min(both, same) <= written[comment] <= max(both, same):
            return True
    return False


@dataclass(frozen=True, kw_only=True)
class _Around:
    """Where a value is: what is known of the container around it."""

    #: The names above it.
    path: tuple[str, ...] = ()
    position: _Position = ()
    #: The indentation of the container's items, by side.
    base: str = ""
    mine: str = ""
    theirs: str = ""
    #: Whether all sides begin the items on lines of their own, or none does.
    as_laid: bool = True


@dataclass(kw_only=True, eq=False)
class _Weaving:
    """One merge, and what a person should know of it."""

    notation: Notation
    #: Whose piece is taken where a person has to decide.
    side: _Side
    #: Where that is known to be so, and where that turned out.
    opened: frozenset[_Position]
    text: str = ""
    failed: set[_Position] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    #: Changes that are left out: whose, and the piece before and after.
    left_out: list[tuple[_Side, Piece | None, Piece | None]] = field(default_factory=list)
    #: Where those were.
    removed: set[tuple[str, ...]] = field(default_factory=set)

    def run(self, base: Node, mine: Node, theirs: Node) -> None:
        """Merge three documents.

        Raises:
            Undecided: A person has to decide.
        """
        self.text = self._value(base, mine, theirs, _Around()).text
        if self.removed and self.removed & _paths(mine):
            # It is still there, written in another way: TOML has several for the same key.
            raise Undecided

    def _value(self, base: Node | None, mine: Node, theirs: Node, around: _Around) -> Node:
        if alike(mine, theirs) or alike(theirs, base):
            return mine
        if base is not None and alike(mine, base):
            same_text = shifted(base.text, around.base, around.mine) == mine.text
            if same_text or mine.kind == "scalar" or mine.kind != theirs.kind or not theirs.pieces:
                return replace(theirs, text=shifted(theirs.text, around.theirs, around.mine))
        if mine.kind == "scalar" or mine.kind != theirs.kind or mine.properties != theirs.properties or mine.is_tagged:
            raise Undecided
        both_changed = base is None or not alike(mine, base)
        if both_changed and mine.kind == "sequence" and are_versions(mine.data, theirs.data):
            raise Undecided
        if base is None or base.kind != mine.kind:
            base = replace(mine, text="", meaning=None, comments=(), head="", tail="", pieces=())
        return self._container(base, mine, theirs, around)

    def _container(self, base: Node, mine: Node, theirs: Node, around: _Around) -> Node:
        layout = mine if mine.pieces or not mine.flow else theirs
        if not mine.pieces and mine.flow and not theirs.flow:
            raise Undecided
        inside = replace(
            around,
            base=base.indent or around.base,
            mine=layout.indent or around.mine,
            theirs=theirs.indent or around.theirs,
            as_laid=base.is_spread == layout.is_spread == theirs.is_spread,
        )
        pieces: list[Joined] = []
        kept: list[str] = []
        taken: list[str] = []
        things = matched(base, mine, theirs, around.path)
        if is_too_much(things) or is_replaced_twice(things):
            raise Undecided
        added = [sides.mine for sides in things if sides.mine is not None and sides.base is None]
        for number, sides in enumerate(things):
            here = replace(inside, position=(*around.position, number))
            if here.position not in self.opened:
                self._note(sides, kept, taken)
            if (piece := self._resolved(sides, here, added)) is not None:
                pieces.append(piece)
        if kept and taken:
            where = f"{'.'.join(filter(None, around.path))}: " if around.path else ""
            self.reasons.append(f"{where}kept your {_listed(kept)}; took the template's {_listed(taken)}")
        head = self._head(base.head, layout.head, theirs.head, as_laid=inside.as_laid)
        tail = self._tail(base, layout, theirs, as_laid=inside.as_laid)
        if not pieces and not layout.flow:
            raise Undecided
        return replace(
            mine, text=Joining(layout=layout, theirs=theirs, notation=self.notation).text(head, pieces, tail)
        )

    def _resolved(self, sides: Sides, around: _Around, added: Sequence[Piece]) -> Joined | None:
        """A piece of the result, or what one side has where a person has to decide."""
        if around.position in self.opened:
            return self._open(sides, around)
        try:
            piece = self._piece(sides, around, added)
        except Undecided:
            self.failed.add(around.position)
            return self._open(sides, around)
        return Joined(piece=piece, was=sides.mine) if piece is not None else None

    def _open(self, sides: Sides, around: _Around) -> Joined | None:
        if self.side != "mine":
            self.left_out.append(("mine", sides.base, sides.mine))
        if self.side != "theirs":
            self.left_out.append(("theirs", sides.base, sides.theirs))
        if self.side == "mine":
            return Joined(piece=sides.mine, was=sides.mine) if sides.mine else None
        piece, indent = (sides.base, around.base) if self.side == "base" else (sides.theirs, around.theirs)
        return Joined(piece=_moved(piece, indent, around.mine), was=None) if piece else None

    def _note(self, sides: Sides, kept: list[str], taken: list[str]) -> None:
        """Remember who changed an item that the other side left alone."""
        base, mine, theirs = (side.value if side else None for side in (sides.base, sides.mine, sides.theirs))
        if not alike(mine, base) and alike(theirs, base):
            kept.append(_shown(sides.mine, sides.base))
        elif not alike(theirs, base) and alike(mine, base):
            taken.append(_shown(sides.theirs, sides.base))

    def _piece(self, sides: Sides, around: _Around, added: Sequence[Piece]) -> Piece | None:
        base, mine, theirs = sides.base, sides.mine, sides.theirs
        if seems_renamed(sides, added):
            raise Undecided
        if mine is not None and theirs is not None:
            return self._both(base, mine, theirs, around)
        if mine is not None:
            if base is not None and (not alike(mine.value, base.value) or mine.comments != base.comments):
                raise Undecided
            return mine if base is None else None
        if theirs is None or base is not None:
            if base is not None and theirs is not None:
                self._leave_out(base, theirs, around.path)
            return None
        return _moved(theirs, around.theirs, around.mine)

    def _leave_out(self, base: Piece, theirs: Piece, path: tuple[str, ...]) -> None:
        """The project removed it, so it stays removed."""
        self.left_out.append(("theirs", base, theirs))
        if alike(base.value, theirs.value) and base.comments == theirs.comments:
            return
        where = path_below(path, base.name)
        if base.name is not None and array_of(base.name) is None:
            self.removed.add(where)
        if base.value.meaning == theirs.value.meaning:
            named = ".".join(filter(None, where))
            self.reasons.append(f"{named}: you removed it, so the template's change of its comments is left out")

    def _both(self, base: Piece | None, mine: Piece, theirs: Piece, around: _Around) -> Piece:
        try:
            return self._joined(base, mine, theirs, around)
        except Undecided:
            if (base is not None and mine.name is not None) or mine.value.kind != "scalar":
                raise
            if mine.value.meaning != theirs.value.meaning:
                raise
        self.left_out.append(("theirs", base, theirs))
        self.reasons.append(f"{_shown(mine, base)}: both have it, with comments of their own; yours are kept")
        return mine

    def _joined(self, base: Piece | None, mine: Piece, theirs: Piece, around: _Around) -> Piece:
        as_laid = around.as_laid
        inside = replace(around, path=path_below(around.path, mine.name))
        value = self._value(base.value if base else None, mine.value, theirs.value, inside)
        lead = self._trivia(base.lead if base else "", mine.lead, theirs.lead, around.mine, as_laid=as_laid)
        if mine.value.is_block != value.is_block:
            # A value became a block, or the other way round: what is behind it is no longer behind it.
            if base is None or self.notation.comments(mine.trail) != self.notation.comments(base.trail):
                raise Undecided
            return replace(mine, lead=lead, label=theirs.label, value=value, trail=theirs.trail)
        label = mine.label
        taken = value is not mine.value and base is not None
        if taken and base is not None and (mine.label == base.label or not mine.value.text):
            label = theirs.label
        trail = self._trail(base.trail if base else "", mine.trail, theirs.trail, as_laid=as_laid)
        return replace(mine, lead=lead, label=label, value=value, trail=trail)

    def _trail(self, base: str, mine: str, theirs: str, *, as_laid: bool) -> str:
        return self._comment(base, mine, theirs, fits=as_laid or mine.endswith("\n") == theirs.endswith("\n"))

    def _head(self, base: str, mine: str, theirs: str, *, as_laid: bool) -> str:
        return theirs if mine == base and as_laid else self._comment(base, mine, theirs, fits=as_laid)

    def _comment(self, base: str, mine: str, theirs: str, *, fits: bool) -> str:
        """Mine, unless the template alone changed the comments in it."""
        before, ours, others = map(self.notation.comments, (base, mine, theirs))
        if others in (before, ours):
            return mine
        if ours != before or not fits:
            raise Undecided
        return theirs

    def _tail(self, base: Node, mine: Node, theirs: Node, *, as_laid: bool) -> str:
        """What is below the last piece: comments, and the bracket with what follows it."""
        before, here, there = (_closing(side, self.notation) for side in (base, mine, theirs))
        inside = self._trivia(before[0], here[0], there[0], mine.indent, as_laid=as_laid)
        return inside + self._head(before[1], here[1], there[1], as_laid=as_laid)

    def _trivia(self, base: str, mine: str, theirs: str, indent: str, *, as_laid: bool) -> str:
        """Merge lines of comments; the indentation of what follows is mine."""
        before, ours, others = map(self.notation.comments, (base, mine, theirs))
        end = mine.rpartition("\n")[2]
        if theirs == base:
            return mine
        if mine == base and as_laid:
            return relaid(theirs, indent, end)
        if others in (before, ours):
            return mine
        if ours == before:
            return relaid(theirs, indent, end)
        lines = [[line.strip() for line in side.split("\n")[:-1]] for side in (base, mine, theirs)]
        merged = merged_sequence(*lines)
        if merged is None:
            raise Undecided
        return "".join(f"{indent}{line}\n" if line else "\n" for line in merged) + end


def _moved(piece: Piece, before: str, after: str) -> Piece:
    """A piece whose value is in another indentation."""
    return replace(piece, value=replace(piece.value, text=shifted(piece.value.text, before, after)))


def _closing(node: Node, notation: Notation) -> tuple[str, str]:
    """The tail of a container, cut at its closing bracket."""
    if not node.flow:
        return node.tail, ""
    code = notation.comment.sub(lambda comment: " " * len(comment.group()), node.tail)
    bracket = next((index for index, sign in enumerate(code) if sign in "]}"), 0)
    return node.tail[:bracket], node.tail[bracket:]


def _paths(node: Node, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every key of a document, with those above it."""
    paths: set[tuple[str, ...]] = set()
    for piece in node.pieces if node.kind == "mapping" else ():
        below = path_below(path, piece.name)
        paths |= {below, *_paths(piece.value, below)} if array_of(piece.name) is None else set()
    return paths


def _shown(piece: Piece | None, base: Piece | None) -> str:
    if piece is None:
        return f"removal of {_shown(base, None)}"
    if piece.name is not None:
        return shown(piece.name)
    if piece.value.kind == "scalar":
        data = piece.value.data
        return " ".join(data.split() if isinstance(data, str) else piece.value.text.split())[:_LONGEST_SHOWN]
    data = piece.value.data
    names = data.values() if isinstance(data, dict) else ()
    return next((str(name)[:_LONGEST_SHOWN] for name in names if isinstance(name, str)), "item")


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {rest} more" if rest > 0 else "")

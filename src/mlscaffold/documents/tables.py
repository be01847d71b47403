"""A TOML document with some of its keys set: tables, arrays of tables and dotted keys, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .data import ABSENT
from .formats import Format
from .keys import Keys, value_at
from .mappings import Side, Splice, are_equal, left_of, with_comment
from .tree import Node, Piece, TableName, parts_of, shifted

__all__ = ["set_in_tables"]

_Path = tuple[str, ...]


@dataclass(kw_only=True)
class _Table:
    """A table of the result: its header, its items, and what follows them. The root has no header."""

    path: _Path
    #: Is it one of an array: then its items are one value with it.
    is_array: bool = False
    header: str = ""
    items: list[_Item] = field(default_factory=list)
    tail: str = ""
    #: Comments that go with the header.
    has_comments: bool = False


@dataclass(kw_only=True)
class _Item:
    """An item of the result, with its whole key; None for text that is left of one."""

    path: _Path | None
    text: str
    #: As the document has it that it is from.
    piece: Piece | None = None


def set_in_tables(form: Format, mine: Side, theirs: Side, wanted: Keys) -> str:
    """The text of a document with the template's values at some keys.

    Raises:
        ValueError: A value cannot be written.
    """
    return _Setting(form=form, mine=mine, theirs=theirs, wanted=wanted).text()


def _tables(root: Node) -> list[_Table]:
    """A document, cut at its headers."""
    top = _Table(path=(), header=root.head)
    tables = [top]
    for piece in root.pieces:
        match piece.name:
            case TableName(path=path, which=int()):
                tables.append(_Table(path=path, is_array=True, header=piece.text))
            case TableName(path=path):
                table = _Table(
                    path=path,
                    header=piece.lead + piece.label + piece.value.head,
                    tail=piece.value.tail + piece.trail,
                    has_comments=bool(piece.comments),
                )
                table.items = [
                    _Item(path=(*path, *parts_of(each.name)), piece=each, text=each.text) for each in piece.value.pieces
                ]
                tables.append(table)
            case _:
                top.items.append(_Item(path=parts_of(piece.name), piece=piece, text=piece.text))
    return tables


@dataclass(kw_only=True)
class _Setting:
    form: Format
    mine: Side
    theirs: Side
    wanted: Keys
    tables: list[_Table] = field(default_factory=list)
    #: New tables, by the number of the one that they follow.
    new: dict[int, list[_Table]] = field(default_factory=dict)
    #: Keys that are as they should be.
    done: set[_Path] = field(default_factory=set)
    #: Whether an array of tables is the template's: compared once, not for each of its tables.
    same_arrays: dict[_Path, bool] = field(default_factory=dict)
    #: What is a table: by a header, or by the parts of a dotted key.
    defined: set[_Path] = field(default_factory=set)
    #: What is a table by dotted keys alone: it can have no header.
    dotted: set[_Path] = field(default_factory=set)

    def text(self) -> str:
        root = self.mine.node
        if root is None:
            raise ValueError("it cannot be read as it is written")
        for table in _tables(root):
            self._keep(table)
        for table in self.tables:
            if not table.is_array:
                self.defined |= {table.path}
                for item in table.items:
                    self._define(table, item)
            self.defined |= {table.path[:depth] for depth in range(len(table.path))}
        begins_empty = not self.tables[0].items
        self._add((), self.theirs.data, self.wanted)
        if begins_empty and self.tables[0].items:
            self._below_preface()
        return self._joined() + root.tail

    def _define(self, table: _Table, item: _Item) -> None:
        if item.path is not None:
            between = {item.path[:depth] for depth in range(len(table.path) + 1, len(item.path))}
            self.defined |= between
            self.dotted |= between

    def _joined(self) -> str:
        parts: list[str] = []
        for number, old in enumerate(self.tables):
            for table in (old, *self.new.get(number, ())):
                if table is not old and parts and not "".join(parts[-2:]).endswith("\n\n"):
                    parts.append("\n")
                parts += filter(None, (table.header, *(each.text for each in table.items), table.tail))
        return "".join(parts)

    def _below_preface(self) -> None:
        """New items of the root, the first that it has, stand below what the document begins with."""
        if len(self.tables) == 1:
            return
        root, first = self.tables[:2]
        lead = first.header[: _label_start(first.header)]
        end = lead.rfind("\n\n") + 2 if "\n\n" in lead else 0
        root.header += lead[:end]
        rest = first.header[end:]
        first.header = rest if rest.startswith("\n") else f"\n{rest}"

    def _relation(self, path: _Path) -> Keys | None:
        """The keys below a path; None if all of it is the template's, empty if nothing is."""
        level: Keys | None = self.wanted
        for part in path:
            if level is None:
                return None
            level = level.get(part, {})
        return level

    def _wanted_at(self, path: _Path) -> Any:
        return value_at(self.theirs.data, path)

    def _keep(self, table: _Table) -> None:
        """What stays of one of the project's tables."""
        keys = self._relation(table.path)
        wanted = self._wanted_at(table.path)
        if table.is_array:
            self._keep_array(table, wanted, keys)
            return
        items = [self._kept(item.path, item.piece) for item in table.items if item.path and item.piece]
        table.items = items
        is_emptied = bool(items) and all(item.path is None for item in items)
        is_unwanted = keys and is_emptied and wanted is ABSENT and not table.has_comments
        if is_unwanted or (keys is None and not isinstance(wanted, dict)):
            rest = "".join(item.text for item in items) + table.tail.lstrip("\n")
            self._leave(left_of(table.header[: _label_start(table.header)]) + rest)
            return
        self.tables.append(table)

    def _leave(self, text: str) -> None:
        """Comments that nothing is left of stay where they are."""
        if not text.strip():
            text = ""
        self.tables[-1].tail += text

    def _keep_array(self, table: _Table, wanted: Any, keys: Keys | None) -> None:
        if keys is not None:
            self.tables.append(table)
            return
        if table.path not in self.same_arrays:
            self.same_arrays[table.path] = are_equal(value_at(self.mine.data, table.path), wanted, None)
        if self.same_arrays[table.path]:
            self.done.add(table.path)
            self.tables.append(table)
            return
        lead = table.header[: _label_start(table.header)]
        theirs = self._template_arrays.get(table.path)
        if theirs and table.path not in self.done:
            self.done.add(table.path)
            self.tables.append(replace(table, header=left_of(lead) + theirs))
            return
        self._leave(left_of(lead) if lead.strip() else "")

    def _kept(self, path: _Path, piece: Piece) -> _Item:
        item = _Item(path=path, piece=piece, text=piece.text)
        keys = self._relation(path)
        data, wanted = value_at(self.mine.data, path), self._wanted_at(path)
        if keys is not None:
            if not keys or not isinstance(data, dict):
                return item
            # Braces that hold keys.
            self.done |= {(*path, *below) for below in _paths(keys)}
            if are_equal(data, wanted, keys):
                return item
            their = self._template_items.get(path)
            other = Side(node=their.value if their else None, data=wanted)
            text = Splice(form=self.form).mapping(Side(node=piece.value, data=data), other, keys)
            return _Item(path=path, text=replace(piece, value=replace(piece.value, text=text)).text)
        if wanted is ABSENT:
            return _Item(path=None, text=left_of(piece.lead))
        self.done.add(path)
        if are_equal(data, wanted, None):
            return item
        their = self._template_items.get(path)
        value = self._value(path, wanted, _indent(piece))
        trail = piece.trail
        if their is not None and not self.form.notation.comments(trail):
            trail = with_comment(trail, their.trail, self.form.notation)
        return _Item(path=path, text=replace(piece, value=replace(piece.value, text=value), trail=trail).text)

    @cached_property
    def _template_tables(self) -> Sequence[_Table]:
        return _tables(self.theirs.node) if self.theirs.node is not None else ()

    @cached_property
    def _template_items(self) -> Mapping[_Path, Piece]:
        """Every item outside of arrays, by its whole key."""
        items = (item for table in self._template_tables for item in table.items)
        return {item.path: item.piece for item in items if item.path and item.piece}

    @cached_property
    def _template_homes(self) -> Mapping[_Path, _Path]:
        return {item.path: table.path for table in self._template_tables for item in table.items if item.path}

    @cached_property
    def _template_arrays(self) -> Mapping[_Path, str]:
        """The tables of each array, without what is above the first."""
        arrays: dict[_Path, list[str]] = {}
        for table in self._template_tables:
            if table.is_array:
                arrays.setdefault(table.path, []).append(table.header)
        return {path: first[_label_start(first) :] + "".join(rest) for path, (first, *rest) in arrays.items()}

    @cached_property
    def _by_path(self) -> dict[_Path, _Table]:
        return {table.path: table for table in self.tables if not table.is_array}

    @cached_property
    def _relatives(self) -> dict[str, int]:
        """Where the last table of each family stands."""
        return {table.path[0]: number for number, table in enumerate(self.tables) if table.path}

    def _value(self, path: _Path, data: Any, indent: str) -> str:
        piece = self._template_items.get(path)
        return self.form.write_value(data) if piece is None else shifted(piece.value.text, _indent(piece), indent)

    def _add(self, path: _Path, data: Any, keys: Keys | None) -> None:
        """Write what the template has at a path, and the project has not."""
        if path in self.done or data is ABSENT:
            return
        if keys is not None:
            for name, below in keys.items():
                self._add((*path, name), data.get(name, ABSENT) if isinstance(data, dict) else ABSENT, below)
            return
        in_tables = isinstance(data, dict) and (path in self.defined or self._template_items.get(path) is None)
        if in_tables and data:
            for name, value in data.items():
                self._add((*path, name), value, None)
        elif in_tables and path not in self.defined:
            self._open(path)
        elif not in_tables:
            self._insert(path, data)

    def _insert(self, path: _Path, data: Any) -> None:
        if array := self._template_arrays.get(path):
            self._put(_Table(path=path, is_array=True, header=array))
            return
        home = self._template_homes.get(path, path[:-1])
        into = next(
            table for depth in range(len(path) - 1, -1, -1) if (table := self._by_path.get(path[:depth])) is not None
        )
        if len(into.path) < len(home) and home not in self.dotted:
            into = self._open(home)
        their = self._template_items.get(path)
        indent = _indent_of(into)
        label = ".".join(map(self.form.write_key, path[len(into.path) :]))
        trail = their.trail if their is not None and their.trail.endswith("\n") else "\n"
        item = _Item(path=path, text=f"{indent}{label} = {self._value(path, data, indent)}{trail}")
        into.items.append(item)
        self._define(into, item)

    def _open(self, path: _Path) -> _Table:
        """A new table of the result."""
        table = _Table(path=path, header=f"[{'.'.join(map(self.form.write_key, path))}]\n")
        self._put(table)
        self._by_path[path] = table
        self.defined |= {path[:depth] for depth in range(len(path) + 1)}
        return table

    def _put(self, table: _Table) -> None:
        """Put a table before those below it, else behind its relatives, else at the end."""
        path = table.path
        before = self._relatives.get(path[0], len(self.tables) - 1)
        if path in self.defined:
            below = (number for number, each in enumerate(self.tables) if each.path[: len(path)] == path)
            before = next(below, before + 1) - 1
        self.new.setdefault(before, []).append(table)


def _paths(keys: Keys) -> Iterator[_Path]:
    for name, below in keys.items():
        if below is None:
            yield (name,)
        else:
            yield from ((name, *rest) for rest in _paths(below))


def _label_start(header: str) -> int:
    """Where a header begins, below its comments."""
    at = 0
    for line in header.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            return at + len(line) - len(line.lstrip())
        at += len(line)
    return at


def _indent(piece: Piece) -> str:
    return piece.lead.rpartition("\n")[2]


def _indent_of(table: _Table) -> str:
    first = next((item.text for item in table.items if item.path), "")
    line = first.splitlines()[-1] if first else ""
    return line[: len(line) - len(line.lstrip())]

"""Setting the keys that the template owns in a file that is otherwise the user's: bytes outside of them stay.

TOML is cut into tables and their items, YAML and JSON are located by PyYAML's own marks. The result is parsed again:
the named keys must equal the template's, and everything else the user's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .data import ABSENT, data_of, format_of
from .keys import KeyedFileError

__all__ = ["set_keys"]

_HEADER = re.compile(r"^\s*(?P<open>\[\[?)\s*(?P<name>[^\[\]]+?)\s*\]\]?\s*(#.*)?$")


def set_keys(path: str, *, mine: bytes, template: bytes, keys: Sequence[str]) -> bytes:
    """The user's file with the template's values at some dotted keys; a key that the template has not is removed.

    Args:
        path: The file's name tells the format.
        mine: The user's file.
        template: The render.
        keys: Dotted names.

    Raises:
        KeyedFileError: One of the two does not parse, or the result cannot be proven.
    """
    form = format_of(path)
    if not form:
        raise KeyedFileError(f"{path}: only TOML, YAML and JSON files can be keyed.")
    try:
        before, wanted = data_of(form, mine), data_of(form, template)
        text = mine.decode()
        for key in keys:
            parts = tuple(key.split("."))
            if _value(data_of(form, text.encode()), parts) != _value(wanted, parts):
                text = _SPLICERS[form](text, template.decode(), parts)
        after = data_of(form, text.encode())
    except (ValueError, LookupError) as error:
        raise KeyedFileError(f"{path}: the keys {', '.join(keys)} cannot be set: {error}") from error
    for key in keys:
        parts = tuple(key.split("."))
        if _value(after, parts) != _value(wanted, parts):
            raise KeyedFileError(f"{path}: the key {key} cannot be set without touching what is yours.")
        before, after = _without(before, parts), _without(after, parts)
    if before != after:
        raise KeyedFileError(f"{path}: the keys {', '.join(keys)} cannot be set without touching what is yours.")
    return text.encode()


def _value(data: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if not isinstance(data, dict) or part not in data:
            return ABSENT
        data = data[part]
    return data


def _without(data: Any, parts: Sequence[str]) -> Any:
    """The data without a key, and without the mappings that held nothing else."""
    if not isinstance(data, dict) or parts[0] not in data:
        return data
    rest = {key: value for key, value in data.items() if key != parts[0]}
    if len(parts) > 1:
        inner = _without(data[parts[0]], parts[1:])
        return {**data, parts[0]: inner} if inner != {} else rest
    return rest


@dataclass(kw_only=True)
class _Table:
    """One TOML table as it is written: its header line (empty for the top), and its items with what is around them."""

    name: tuple[str, ...]
    header: str
    items: list[_Item]


@dataclass(frozen=True, kw_only=True)
class _Item:
    """A key with its value; the key is relative to the table. No key: comments and empty lines."""

    key: tuple[str, ...]
    text: str


def _set_toml(text: str, template: str, parts: tuple[str, ...]) -> str:
    mine, theirs = list(_tables(text)), list(_tables(template))
    coming = [table for table in theirs if table.name[: len(parts)] == parts]
    at = next((number for number, table in enumerate(mine) if table.name[: len(parts)] == parts and table.header), None)
    left = [table for table in mine if table.name[: len(parts)] != parts or not table.header]
    place = len(left) if at is None else sum(1 for table in mine[:at] if table in left)
    if at is None and coming and left and left[-1].items and not _text(left[-1:]).endswith("\n\n"):
        left[-1].items.append(_Item(key=(), text="\n"))
    if at is not None and coming:
        # What the user wrote above the table is the user's.
        above, _, _ = mine[at].header.rpartition(mine[at].header.splitlines(keepends=True)[-1])
        own = coming[0].header.splitlines(keepends=True)[-1]
        coming[0].header = (above or coming[0].header.removesuffix(own)) + own
    result = [*left[:place], *coming, *left[place:]]
    for depth in range(len(parts)):
        items = [
            item
            for table in theirs
            if table.name == parts[:depth]
            for item in table.items
            if item.key[: len(parts) - depth] == parts[depth:]
        ]
        result = _set_items(result, parts, depth, items)
    return _text(result)


def _set_items(tables: list[_Table], parts: tuple[str, ...], depth: int, coming: list[_Item]) -> list[_Table]:
    """Replace the items of the table at a depth of the key that say something of it."""
    found = next((table for table in tables if table.name == parts[:depth]), None)
    if found is None:
        if coming:
            header = f"\n[{'.'.join(parts[:depth])}]\n"
            tables = [*tables, _Table(name=parts[:depth], header=header, items=coming)]
        return tables
    here = {item.key: item for item in found.items if item.key}
    coming = [_with_comment(item, here.get(item.key)) for item in coming]
    ours = [number for number, item in enumerate(found.items) if item.key[: len(parts) - depth] == parts[depth:]]
    kept = [item for number, item in enumerate(found.items) if number not in ours]
    keyed = [number for number, item in enumerate(kept, 1) if item.key]
    place = ours[0] if ours else (keyed[-1] if keyed else 0)
    found.items = [*kept[:place], *coming, *kept[place:]]
    return tables


def _with_comment(coming: _Item, mine: _Item | None) -> _Item:
    """The template's item with the comment that the user wrote behind the same key."""
    comment = _comment(mine.text) if mine else ""
    if not comment or _comment(coming.text):
        return coming
    return _Item(key=coming.key, text=coming.text.rstrip() + comment)


def _comment(text: str) -> str:
    """What follows an item on its last line: the space, the comment and the line break; empty without a comment."""
    for place, sign in enumerate(text):
        if sign == "#" and _is_whole(text[:place]) and tomllib.loads(text[:place]):
            return text[len(text[:place].rstrip()) :]
    return ""


def _text(tables: Sequence[_Table]) -> str:
    parts = [part for table in tables for part in (table.header, *(item.text for item in table.items))]
    return "".join(
        part if part.endswith("\n") or number == len(parts) - 1 else f"{part}\n"
        for number, part in enumerate(parts)
        if part
    )


def _tables(text: str) -> Iterator[_Table]:
    """Cut a document at its table headers. A comment directly above a header goes with it."""
    table = _Table(name=(), header="", items=[])
    for name, chunk in _chunks(text.splitlines(keepends=True)):
        if name is None:
            table.items.append(_Item(key=_item_key(chunk), text=chunk))
            continue
        above = ""
        while table.items and not table.items[-1].key and table.items[-1].text.lstrip().startswith("#"):
            above = table.items.pop().text + above
        yield table
        table = _Table(name=name, header=above + chunk, items=[])
    yield table


def _chunks(lines: Sequence[str]) -> Iterator[tuple[tuple[str, ...] | None, str]]:
    """Headers with their names, and the shortest runs of lines that are whole items."""
    held = ""
    for line in lines:
        header = _HEADER.match(line) if not held else None
        if header is not None:
            yield _dotted(header["name"]), line
            continue
        held += line
        if _is_whole(held):
            yield None, held
            held = ""
    if held:
        raise ValueError("an item does not end")


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _dotted(name: str) -> tuple[str, ...]:
    return _path(tomllib.loads(f"{name} = 0"))


def _item_key(text: str) -> tuple[str, ...]:
    data = tomllib.loads(text)
    if not data:
        return ()
    # `a.b = {…}` and `a.b.c = …` are told apart by what stands before the `=`.
    return _dotted(text[: _equals(text)].rpartition("\n")[2])


def _equals(text: str) -> int:
    quote = ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "=":
            return place
    raise ValueError("an item without a value")


def _path(data: Any) -> tuple[str, ...]:
    names = []
    while isinstance(data, dict):
        ((name, data),) = data.items()
        names.append(name)
    return tuple(names)


def _set_nodes(text: str, template: str, parts: tuple[str, ...]) -> str:
    """YAML and JSON: replace the value at a key, add it, or take it out."""
    mine, theirs = _find(_root(text), parts), _find(_root(template), parts)
    if mine.pair is not None and theirs.pair is not None:
        return text[: mine.start()] + theirs.written(template, mine.column) + text[mine.end(text) :]
    if theirs.pair is None:
        return mine.cut(text)
    return mine.insert(text, theirs.written(template, mine.child_column))


@dataclass(frozen=True, kw_only=True)
class _Spot:
    """Where a key is, or where it would be."""

    #: The mapping that holds it, as deep as it exists.
    parent: Any
    #: The nodes of key and value; None if it is not there.
    pair: tuple[Any, Any] | None
    #: How deep the parent is.
    depth: int
    parts: tuple[str, ...]

    @property
    def flow(self) -> bool:
        return bool(self.parent.flow_style)

    @property
    def column(self) -> int:
        """Where the key stands in its line."""
        return int(self.pair[0].start_mark.column) if self.pair else self.child_column

    @property
    def child_column(self) -> int:
        """Where keys of the parent stand."""
        return int(self.parent.value[0][0].start_mark.column) if self.parent.value else 0

    def start(self) -> int:
        """Before the key."""
        return int(self._key().start_mark.index)

    def end(self, text: str) -> int:
        """After the value; what follows on its line stays."""
        if self.pair is None:
            raise LookupError("no such key")
        index = int(self.pair[1].end_mark.index)
        # A block value ends where the next key begins: comments between belong to that one.
        return len(text[:index].rstrip()) if not self.flow else index

    def _key(self) -> Any:
        if self.pair is None:
            raise LookupError("no such key")
        return self.pair[0]

    def written(self, text: str, column: int) -> str:
        """Key and value as they are written, for another column."""
        chunk = text[self.start() : self.end(text)]
        shift = column - self.column
        lines = chunk.split("\n")
        moved = [(" " * shift + line if shift > 0 else line[-shift:]) if line.strip() else line for line in lines[1:]]
        return "\n".join([lines[0], *moved])

    def cut(self, text: str) -> str:
        """The text without the key."""
        start, end = self.start(), self.end(text)
        if self.flow:
            after = re.match(r"\s*,", text[end:])
            if after:
                rest = text[end + after.end() :]
                return (
                    text[:start] + rest.lstrip(" \n") if "\n" not in text[start:end] else text[:start] + rest.lstrip()
                )
            return re.sub(r",\s*$", "", text[:start].rstrip()) + _gap(text[:start]) + text[end:].lstrip()
        begin = text.rfind("\n", 0, start) + 1
        stop = text.find("\n", end)
        return text[:begin] + ("" if stop < 0 else text[stop + 1 :])

    def insert(self, text: str, written: str) -> str:
        """The text with the key as the last of its parent."""
        if self.depth != len(self.parts) - 1:
            raise LookupError(f"there is no {'.'.join(self.parts[: self.depth + 1])} to put it in")
        if not self.parent.value:
            raise LookupError("the mapping that it belongs to is empty")
        last = self.parent.value[-1][1]
        index = int(last.end_mark.index)
        if self.flow:
            several = "\n" in text[int(self.parent.start_mark.index) : int(self.parent.end_mark.index)]
            gap = "\n" + " " * self.child_column if several else " "
            return text[:index] + "," + gap + written + text[index:]
        end = len(text[:index].rstrip())
        stop = text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        return text[:stop] + "\n" + " " * self.child_column + written + text[stop:]


def _gap(text: str) -> str:
    """The space at the end of a text, as the line break before a closing bracket is written."""
    found = re.search(r"\n([ \t]*)$", text)
    return "\n" + found[1][: max(0, len(found[1]) - 2)] if found else ""


def _root(text: str) -> Any:
    import yaml

    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _find(node: Any, parts: tuple[str, ...]) -> _Spot:
    import yaml

    for depth, part in enumerate(parts):
        if not isinstance(node, yaml.MappingNode):
            raise LookupError(f"{'.'.join(parts[:depth]) or 'the document'} is no mapping")  # noqa: TRY004
        pair = next(((key, value) for key, value in node.value if key.value == part), None)
        if pair is None or depth == len(parts) - 1:
            return _Spot(parent=node, pair=pair, depth=depth, parts=parts)
        node = pair[1]
    raise LookupError("a key without a name")


_SPLICERS = {"toml": _set_toml, "yaml": _set_nodes, "json": _set_nodes}

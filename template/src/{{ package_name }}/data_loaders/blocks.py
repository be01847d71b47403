"""A csv text of any size as blocks of whole rows, so that one after the other can be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .structure import Dialect, MalformedError, structure_of

#: A row of more bytes is a quote that is never closed.
LONGEST = 2**26
#: So many lines show how a table is written.
TELLING = 1000


def whole_rows(blocks: Iterable[bytes], dialect: Dialect) -> Iterator[tuple[int, bytes]]:
    """A text that is cut anywhere as parts of whole rows, each with the number of lines before it.

    The last part is never small where there are others: what most rows look like is to be seen in each.

    Raises:
        MalformedError: a row is longer than `LONGEST`.
    """
    ready, rest, before = b"", b"", 0
    for block in blocks:
        rest += block
        if end := _last_row_end(rest, dialect):
            if len(ready) > LONGEST or ready.count(b"\n") >= TELLING:
                yield before, ready
                before, ready = before + ready.count(b"\n"), b""
            ready, rest = ready + rest[:end], rest[end:]
        elif len(rest) > LONGEST:
            before += ready.count(b"\n")
            if dialect.quote:
                structure_of(rest, dialect, before)
            raise MalformedError(f"line {before + 1}: a row of more than {LONGEST // 2**20} MiB begins there")
    yield before, ready + rest


def _last_row_end(text: bytes, dialect: Dialect) -> int:
    """The place behind the last line end that is no part of a quoted value; 0 if there is none."""
    newlines = text.count(b"\n")
    place = len(text)
    quotes = text.count(dialect.quote.encode()) if dialect.quote else 0
    for _ in range(newlines):
        cut = text.rfind(b"\n", 0, place)
        quotes -= text.count(dialect.quote.encode(), cut, place) if dialect.quote else 0
        if quotes % 2 == 0:
            return cut + 1
        place = cut
    return 0

"""Where the rows and values of a csv text begin and end, told from its quotes, separators and line ends alone (RFC 4180)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

_BLANKS = b" \t"
_NEWLINE = 10
#: How far blanks between a separator and a quote are followed.
_MOST_BLANKS = 200
#: A table with fewer columns is also what text with commas looks like.
_TELLING_WIDTH = 3
#: Rows that are looked at to know a column's shape, and how many of them have it.
_SAMPLE = 500
_NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Dialect:
    """How a text is written: each one ASCII character; `quote` and `comment` may be none ("")."""

    separator: str
    quote: str
    comment: str
    #: Whether quoted values over several lines are believed also where each line looks like a row.
    multiline: bool


@dataclass(frozen=True)
class Structure:
    """The rows of a text.

    Args:
        text: the bytes, without blanks around quoted values.
        starts: offset of each row in it, [N]; blank lines and comments are no rows.
        ends: offset of the line end of each row, [N].
        lines: the line of the file on which each row begins, [N], from 1.
        widths: how many values each row has, [N].
    """

    text: bytes
    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray
    widths: np.ndarray

    def below(self, row: int) -> Structure:
        """The rows from a place on."""
        return replace(
            self, starts=self.starts[row:], ends=self.ends[row:], lines=self.lines[row:], widths=self.widths[row:]
        )

    def row(self, row: int) -> str:
        """A row's text."""
        return self.text[self.starts[row] : self.ends[row]].decode("utf-8")

    @property
    def body(self) -> bytes:
        """The text of all rows, without what stands between them."""
        breaks = np.flatnonzero(self.starts[1:] != self.ends[:-1] + 1)
        firsts, lasts = np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [len(self.ends) - 1]))
        return b"".join(self.text[self.starts[a] : self.ends[b] + 1] for a, b in zip(firsts, lasts, strict=True))


class MalformedError(Exception):
    """Quotes that do not go together; the message names the lines."""


@dataclass(frozen=True)
class _Quotes:
    """Offsets of all quotes, and of those that open and close a value; a doubled quote inside a value does neither."""

    every: np.ndarray
    opens: np.ndarray
    closes: np.ndarray


def structure_of(text: bytes, dialect: Dialect, before: int = 0) -> Structure:
    """Find the rows of a text that ends with a line end.

    Args:
        text: whole rows.
        dialect: how they are written.
        before: lines of the file before it.

    Raises:
        MalformedError: a quote opens or closes where none can, or never, or swallows lines that look like rows.
    """
    if dialect.quote:
        text = _without_outer_blanks(text, dialect, before)
    data = np.frombuffer(text, dtype=np.uint8)
    quotes = _quotes_of(data, dialect)
    newlines = np.flatnonzero(data == _NEWLINE)
    separators = np.flatnonzero(data == ord(dialect.separator))
    ends, inner = newlines, separators
    if len(quotes.every):
        # Behind an odd number of quotes a character is a part of a value.
        ends = newlines[np.searchsorted(quotes.every, newlines) % 2 == 0]
        inner = separators[np.searchsorted(quotes.every, separators) % 2 == 0]
    starts = np.concatenate(([0], ends[:-1] + 1))
    widths = np.diff(np.searchsorted(inner, np.concatenate((starts, [len(text)])))) + 1
    kept = ends > starts
    if dialect.comment:
        kept &= data[starts] != ord(dialect.comment)
    for row in np.flatnonzero(kept & (widths == 1) & np.isin(data[starts], list(_BLANKS))):
        kept[row] = bool(text[starts[row] : ends[row]].strip())
    lines = np.searchsorted(newlines, starts) + before + 1
    rows = Structure(text, starts[kept], ends[kept], lines[kept], widths[kept])
    if len(rows.starts) and not dialect.multiline:
        _forbid_swallowed(rows, quotes, separators, dialect, before)
    return rows


def _quotes_of(data: np.ndarray, dialect: Dialect) -> _Quotes:
    every = np.flatnonzero(data == ord(dialect.quote)) if dialect.quote else np.empty(0, dtype=np.int64)
    opens, closes = every[0::2], every[1::2]
    doubled = np.zeros(len(opens), dtype=bool)
    doubled[1:] = opens[1:] == closes[: max(0, len(opens) - 1)] + 1
    goes_on = np.zeros(len(closes), dtype=bool)
    goes_on[: max(0, len(opens) - 1)] = doubled[1:]
    return _Quotes(every, opens[~doubled], closes[~goes_on])


def _without_outer_blanks(text: bytes, dialect: Dialect, before: int) -> bytes:
    """The text without blanks around quoted values; raises `MalformedError`."""
    data = np.frombuffer(text, dtype=np.uint8)
    quotes = _quotes_of(data, dialect)
    blanks = [blank for blank in _BLANKS if chr(blank) != dialect.separator]
    borders = [_NEWLINE, ord(dialect.separator)]
    ahead = _past_blanks(data, quotes.opens - 1, -1, blanks)
    after = _past_blanks(data, quotes.closes + 1, 1, blanks)
    wrong_opens = quotes.opens[(ahead >= 0) & ~np.isin(data[ahead], borders)]
    wrong_closes = quotes.closes[~np.isin(data[after], borders)]
    if len(wrong_opens) or len(wrong_closes):
        first_open, first_close = [*wrong_opens[:1], len(data)][0], [*wrong_closes[:1], len(data)][0]
        raise _misplaced(text, first_open, first_close, quotes.opens, before)
    if len(quotes.every) % 2:
        raise MalformedError(
            f"line {before + _line(text, quotes.opens[-1])}: a quote opens a value that is never closed"
        )
    spare = [np.arange(start + 1, stop) for start, stop in _gaps(ahead, quotes.opens) + _gaps(quotes.closes, after)]
    return np.delete(data, np.concatenate(spare)).tobytes() if spare else text


def _past_blanks(data: np.ndarray, places: np.ndarray, step: int, blanks: list[int]) -> np.ndarray:
    """Each place moved over the blanks from there on."""
    places = places.copy()
    for _ in range(_MOST_BLANKS):
        on_blank = (places >= 0) & (places < len(data)) & np.isin(data[np.clip(places, 0, len(data) - 1)], blanks)
        if not on_blank.any():
            break
        places[on_blank] += step
    return places


def _gaps(lows: np.ndarray, highs: np.ndarray) -> list[tuple[int, int]]:
    wide = highs - lows > 1
    return list(zip(lows[wide].tolist(), highs[wide].tolist(), strict=True))


def _misplaced(text: bytes, first_open: int, first_close: int, opens: np.ndarray, before: int) -> MalformedError:
    if first_open < first_close:
        line = before + _line(text, first_open)
        return MalformedError(f"line {line}: a quote stands inside a value that does not begin with one")
    opened = before + _line(text, opens[opens < first_close][-1])
    closed = before + _line(text, first_close)
    if opened == closed:
        return MalformedError(f"line {opened}: a quoted value goes on behind its closing quote")
    return MalformedError(f"line {opened}: a quote opens a value that is not closed before line {closed}")


def _line(text: bytes, where: int) -> int:
    return text.count(b"\n", 0, where) + 1


def _forbid_swallowed(rows: Structure, quotes: _Quotes, separators: np.ndarray, dialect: Dialect, before: int) -> None:
    """Refuse a stray quote that makes rows a part of one value: each of its lines looks like a row."""
    newlines = np.flatnonzero(np.frombuffer(rows.text, dtype=np.uint8) == _NEWLINE)
    first, last = np.searchsorted(newlines, quotes.opens), np.searchsorted(newlines, quotes.closes)
    long, width = last > first, int(np.median(rows.widths))
    if width == 1 or not long.any():
        return
    bounds = np.concatenate(([0], np.cumsum(np.diff(np.searchsorted(separators, [0, *newlines])) == width - 1)))
    whole = long & (bounds[last + 1] - bounds[first] == last - first + 1)
    shapes = _shapes(rows, dialect, width)
    # Where no column is telling, lines with one comma are texts as likely as rows.
    unusual = not any(shapes) and width >= _TELLING_WIDTH and whole.sum() > long.sum() / 2
    for begin, end in zip(first[whole].tolist(), last[whole].tolist(), strict=True):
        lines = rows.text[newlines[begin] + 1 : newlines[end]].split(b"\n")
        if unusual or all(_is_like(line, shapes, dialect) for line in lines):
            raise MalformedError(
                f"line {before + begin + 1}: a quote opens a value that ends on line {before + end + 1}, "
                "and each line of it looks like a row"
            )


def _shapes(rows: Structure, dialect: Dialect, width: int) -> list[bytes]:
    """By column what nearly all values look like, if that is more telling than a word: `9` for numbers, `a9`, `9-9-9`."""
    sample = range(1, len(rows.starts), max(1, len(rows.starts) // _SAMPLE))
    cells = [rows.text[rows.starts[row] : rows.ends[row]].split(dialect.separator.encode()) for row in sample]
    shapes = []
    for column in zip(*(row for row in cells if len(row) == width), strict=True):
        shape, times = Counter(_shape(value) for value in column).most_common(1)[0]
        shapes.append(shape if b"9" in shape and times >= _NEARLY_ALL * len(column) else b"")
    return shapes


def _is_like(line: bytes, shapes: list[bytes], dialect: Dialect) -> bool:
    """Whether a line has the telling shapes of rows."""
    cells = [_shape(value) for value in line.split(dialect.separator.encode())]
    return any(shapes) and all(cell == shape for cell, shape in zip(cells, shapes, strict=True) if shape)


def _shape(value: bytes) -> bytes:
    value = re.sub(rb"[^\W0-9_]+", b"a", re.sub(rb"[0-9]+", b"9", value.strip(b" \t\"'")))
    return b"9" if re.fullmatch(rb"[+-]?9?[.,]?9(e[+-]?9)?", value) else value

r"""Text that strangers wrote, made harmless for whoever reads it: what cannot be seen is spelled out.

Names, commands, subjects, answers and messages come from templates and projects of other people. A terminal takes some
signs for orders, others turn the order of the text round or take no place in it. Each of these is shown by its number
(`\x1b`, `\u202e`); a byte that is no UTF-8, which Python keeps as a surrogate, by its own (`\xff`). Letters, accents
and emoji of all languages stay as they are. What a CI system that reads a log takes for an order is broken by a number,
too. What is made visible once stays the same when that is done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

__all__ = ["visible", "visible_lines"]

_UNUSUAL = re.compile(r"[^ -~]+")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: What Unicode counts as printable, and nobody sees: fillers, joiners, blanks, variation selectors.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U00016fe4\U0001d159"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
#: More accents than that on one letter are no writing, but cover the lines above and below.
_MOST_MARKS = 4
#: More spaces than that in a line push what follows out of sight.
_MANY_SPACES = re.compile(r" {21,}")
#: What makes a CI system set variables or report errors: `::error` at the start of a line, `##vso[` anywhere in it.
#: Neither case nor spaces of any width before it make a difference to them.
_CI_ORDERS = re.compile(
    r"(?mi)(?:^(?P<before>[^\S\n]*)"
    r":(?=:(?:add|debug|echo|end|error|group|notice|remove|save|set|stop|warning)[\w-]*[ :])"
    r"|(?P<sharp>#)#(?=\[|vso\[|teamcity\[))"
)


def visible(text: str) -> str:
    """A text on one line: line breaks, tabs and odd spaces are spelled out, too, and many spaces are counted."""
    return _MANY_SPACES.sub(lambda match: f"\\x20{{{len(match[0])}}}", _spelled(text, ""))


def visible_lines(text: str, *, indent: str = "") -> str:
    """A text of several lines: its line breaks, tabs and spaces of any width stay.

    Args:
        text: The lines.
        indent: What goes before each that is not empty: a stranger's line then looks like none of ours.
    """
    shown = _spelled(text.replace("\r\n", "\n"), "\n\t")
    return re.sub(r"^(?=.)", indent, shown, flags=re.MULTILINE) if indent else shown


def _spelled(text: str, kept: str) -> str:
    shown = _UNUSUAL.sub(lambda match: "".join(_run(text, match.start(), match.end(), kept)), text)
    return _CI_ORDERS.sub(lambda match: r"#\x23" if match["sharp"] else rf"{match['before']}\x3a", shown)


def _run(text: str, start: int, end: int, kept: str) -> Iterator[str]:
    """The signs of a run in which none is plain ASCII."""
    marks = 0
    for at in range(start, end):
        sign = text[at]
        kind = category(sign)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        plain = sign.isprintable() and sign not in _BLANK and marks <= _MOST_MARKS
        stays = sign in kept or (bool(kept) and kind == "Zs")
        yield sign if plain or stays or _is_part_of_emoji(text, at) else _number(sign)


def _is_part_of_emoji(text: str, at: int) -> bool:
    """Whether a joiner or a selector, which are invisible elsewhere, makes one picture of its neighbours here."""
    sign, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if sign in "\ufe0e\ufe0f":
        return _is_picture(before) or (before in set("0123456789#*") and after == "\u20e3")
    if sign == "\u200d":
        if before == "\ufe0f":
            before = text[at - 2 : at - 1]
        return _is_picture(before) and _is_picture(after)
    return False


def _is_picture(sign: str) -> bool:
    if not sign or sign.isascii() or sign in _BLANK:
        return False
    # The colours of a skin are modifiers, and part of a picture.
    return category(sign) in {"So", "Sm"} or "\U0001f3fb" <= sign <= "\U0001f3ff"


def _number(sign: str) -> str:
    number = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

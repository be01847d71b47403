r"""Globs over paths: one dialect for all tables, that of a line of `.gitignore`.

- `*` is any part of a name, `?` one sign of it, `[a-z]` one of some, `[!a-z]` one of the others; never a slash.
- `**` between slashes is any number of folders: `a/**/b`, `**/b`; `a/**` is all that lies in `a`.
- A glob with a slash at its start or in its midst starts at the project's root, others match a name anywhere.
- What names a folder names all that lies in it; with a slash at its end it names folders alone.
- A backslash takes the sign that follows for itself. Spaces at the end do not count.
- Nothing is named by an empty line, a comment (`#`), an exception (`!`), or a bracket that is never closed.

A glob is a stranger's word, as a regular expression would be: each star is settled at the first place where what
follows it fits, and never tried again, so that the time grows with the path and the glob, and no faster.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

__all__ = ["GlobError", "check_glob", "matches"]

#: No path is longer where it has to be of use.
_LONGEST = 4096
_END = r"(?=/|\Z)"
_NOTHING = re.compile(r"(?!)")


class GlobError(ValueError):
    """A glob that means nothing."""


def matches(glob: str, path: str) -> bool:
    """Whether a glob names a path (POSIX, relative to the project).

    Raises:
        GlobError: The glob means nothing.
    """
    return _pattern(glob).match(path) is not None


def check_glob(glob: str) -> None:
    """Refuse what is no glob.

    Raises:
        GlobError: With the reason.
    """
    _pattern(glob)


@functools.lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    if len(glob) > _LONGEST:
        raise GlobError(f"it is longer than any path ({_LONGEST} characters)")
    text = glob if glob.endswith("\\ ") else glob.rstrip()
    if not text.strip("/") or text[0] in "#!":
        return _NOTHING
    segments = text.split("/")
    if not segments[0]:
        del segments[0]
    elif len(segments) == 1 or segments[1:] == [""]:
        segments.insert(0, "**")
    if not segments[-1]:
        segments[-1] = "**"
    try:
        return re.compile(_expression(segments) or ("[^/]*/" if text.endswith("/") else "."), re.DOTALL)
    except _UnclosedError:
        return _NOTHING


class _UnclosedError(Exception):
    """A bracket is never closed."""


def _expression(segments: list[str]) -> str:
    """Runs of folders with `**` between them; empty if there is nothing else."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    first, *others = ("/".join(run) for run in runs)
    # The first place where a run fits is the best one: whatever follows it has the most room there.
    parts = [first, *(f"(?>(?:[^/]+/)*?{run})" for run in others if run)]
    inside = "/" if others and not others[-1] and any(parts) else ""
    return "/".join(part for part in parts if part) + inside


def _segment(segment: str) -> str:
    """One name, from its first sign to its last."""
    if segment == "*":
        return "[^/]+"
    chunks = [""]
    for sign in _signs(segment):
        if sign != "*":
            chunks[-1] += sign
        elif chunks[-1] or len(chunks) == 1:
            chunks.append("")
    first, *others = chunks
    between = "".join(f"(?>[^/]*?{chunk})" for chunk in others[:-1])
    last = f"(?>[^/]*{others[-1]}{_END})" if others else _END
    return first + between + last


def _signs(segment: str) -> Iterator[str]:
    """An expression for each sign of a name, `*` for a star."""
    at = 0
    while at < len(segment):
        sign = segment[at]
        at += 1
        if sign == "\\":
            if at == len(segment):
                raise GlobError("the backslash at its end takes nothing for itself")
            yield re.escape(segment[at])
            at += 1
        elif sign == "[":
            start = at + (segment[at : at + 1] in {"!", "^"})
            end = segment.find("]", start + 1)
            if end < 0:
                raise _UnclosedError
            yield _bracket(segment[start:end], others=start > at)
            at = end + 1
        else:
            yield {"*": "*", "?": "[^/]"}.get(sign) or re.escape(sign)


def _bracket(signs: str, *, others: bool) -> str:
    """One of some signs, or of all others."""
    items: list[str] = []
    at = 0
    while at < len(signs):
        low, high = signs[at], signs[at + 2 : at + 3]
        if high and signs[at + 1] == "-":
            if high < low:
                raise GlobError(f"{low}-{high} is no range")
            items.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            items.append(re.escape(low))
            at += 1
    return f"(?!/)[{'^' if others else ''}{''.join(items)}]"

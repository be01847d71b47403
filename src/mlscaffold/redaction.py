"""What must not be said: secret answers, in whatever text of ours would quote them.

A template's validator, an expression that fails, a task or a parser may put an answer into a message. Each secret
answer is therefore made known here as soon as it is given, and every error takes it out of its text. That holds for the
whole process, since a report of a bug is written when all else has been unwound.

Names, plans and locks do not pass through here: what a secret would reach there is refused (`secrecy`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["HIDDEN", "keep_secret", "redacted", "reveals", "without_quotes"]

HIDDEN = "(hidden)"
#: A shorter value is found in too many words: taking it out would garble a message and tell what it is.
_SHORTEST = 4
#: A line of a longer secret, such as a key, is taken out by itself if it has as many characters.
_SHORTEST_LINE = 8

_known: set[str] = set()


def keep_secret(value: Any) -> None:
    """Take a secret answer, and whatever it consists of, out of all that is said from now on."""
    _known.update(text for text in _texts(value) if len(text) >= _SHORTEST)


def redacted(text: str) -> str:
    """A text without the secrets that are known, nor their usual spellings."""
    return _pattern(frozenset(_known)).sub(HIDDEN, text) if _known else text


def reveals(text: str, values: Iterable[Any]) -> bool:
    """Whether a text holds one of some secrets, in any of its usual spellings."""
    wanted = frozenset(part for value in values for part in _texts(value) if len(part) >= _SHORTEST)
    return bool(wanted) and _pattern(wanted).search(text) is not None


#: What parsers of YAML say before they quote a value, which may be a secret that begins with `!` or `*`.
_QUOTING = (
    r"(?s)(could not determine a constructor for the tag|found undefined alias|found duplicate anchor"
    r"|found undefined tag handle|invalid literal for int\(\) with base \d+|could not convert string to float).*"
)


def without_quotes(problem: str) -> str:
    """What a parser says of a file that may hold secrets, without the value that it quotes."""
    return re.sub(_QUOTING, r"\1 of a value that begins there; put such a value in quotes", problem)


def _texts(value: Any) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple | set):
        for each in value:
            yield from _texts(each)
    else:
        text = str(value).strip()
        yield text
        yield from (line.strip() for line in text.splitlines() if len(line.strip()) >= _SHORTEST_LINE)


@functools.lru_cache(maxsize=8)
def _pattern(values: frozenset[str]) -> re.Pattern[str]:
    spellings = {spelling for value in values for spelling in _spellings(value)}
    # The longest first: one may hold another.
    ordered = sorted(spellings, key=lambda each: (-len(each), each))
    return re.compile("|".join(map(re.escape, ordered)))


def _spellings(value: str) -> Iterator[str]:
    """A value as parsers, shells, URLs and messages write it."""
    # Imported here: every command knows of errors, and few of secrets.
    import base64
    import html
    import json
    import shlex
    from urllib.parse import quote, quote_plus

    data = value.encode(errors="surrogateescape")
    yield value
    yield re.sub(r"\s+", " ", value)
    yield repr(value)[1:-1]
    yield from (json.dumps(value, ensure_ascii=plain)[1:-1] for plain in (True, False))
    yield from (quote(data), quote(data, safe=""), quote_plus(data), html.escape(value))
    yield shlex.quote(value)[1:-1] if "'" in value else value
    yield value.replace("'", "''")
    yield from (encode(data).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode))

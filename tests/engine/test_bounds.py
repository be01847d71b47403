"""What strangers write takes no longer than its length asks for: one long line, many marks, nothing that ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from mlscaffold.checking import judge
from mlscaffold.documents.identity import are_versions, is_requirements
from mlscaffold.documents.keys import KeyedFileError, key_digests, line_of_key
from mlscaffold.errors import MlscaffoldError
from mlscaffold.git.process import without_credentials
from mlscaffold.preferences.trust import canonical
from mlscaffold.project.lock import parse_lock
from mlscaffold.project.settings import parse_settings
from mlscaffold.redaction import without_quotes
from mlscaffold.visible import visible, visible_lines

from ..bounded import ends_within

MANY = 200_000
SECONDS = 3
BLANK = " " * MANY


def settings(text: str) -> Callable[[], object]:
    """Settings, which are refused."""

    def parse() -> None:
        with pytest.raises(MlscaffoldError):
            parse_settings(text)

    return parse


def lock(text: str) -> Callable[[], object]:
    """A lock, which is refused."""

    def parse() -> None:
        with pytest.raises(MlscaffoldError):
            parse_lock(text)

    return parse


def keyed(path: str, text: str) -> Callable[[], object]:
    """A keyed file, which may be refused."""

    def digest() -> None:
        with contextlib.suppress(KeyedFileError):
            key_digests(path, text.encode(), ["a.b"])

    return digest


HOSTILE: dict[str, Callable[[], object]] = {
    "markers that never close": lambda: judge._marked_line(b"<<<<<<< a\n=======\n" * MANY),
    "markers that never part": lambda: judge._marked_line(b"<<<<<<< a\n>>>>>>> b\n" * MANY),
    "a blank line, keys": lambda: line_of_key("a.yaml", f"a\n{BLANK}x\n".encode(), "b.c.d"),
    "a line of commas, keys": lambda: line_of_key("a.yaml", (", " * MANY).encode(), "b.c.d"),
    "a line of brackets, keys": lambda: line_of_key("a.yaml", ("[ " * MANY).encode(), "b.c.d"),
    "settings: a blank line": settings(f"x = 1\n{BLANK}\n"),
    "settings: another kind": settings(f"{BLANK}\nwaive = 3\n"),
    "settings: brackets": settings("[" * MANY),
    "settings: dots": settings(("a." * 2_000 + "a = 1\n") * 50),
    "settings: many blocks": settings("[[waive]]\n" * 20_000),
    "lock: one line": lock("x" * MANY),
    "lock: many lines": lock("\n" * MANY),
    "a requirement": lambda: is_requirements((f"a{BLANK}x",)),
    "a version": lambda: are_versions(["1" + ".1" * MANY + "x"]),
    "JSON: comments that never end": keyed("a.json", "/*" * MANY),
    "JSON: commas": keyed("a.jsonc", "," * MANY),
    "JSON: brackets": keyed("a.json", "[" * MANY),
    "YAML: brackets": keyed("a.yaml", "[" * 1_000),
    "TOML: brackets": keyed("a.toml", "[" * MANY),
    "an address": lambda: canonical("https://" + "a" * MANY + "\n"),
    "an address of colons": lambda: canonical("ssh://" + "a:" * MANY),
    "an address of folders": lambda: canonical("https://h/" + "a/" * MANY),
    "credentials": lambda: without_credentials("://a@" * MANY),
    "credentials without an end": lambda: without_credentials("://" + "a" * MANY),
    "a parser's words": lambda: without_quotes("could not determine " * MANY),
    "spaces": lambda: visible(BLANK + ":"),
    "colons": lambda: visible_lines((" " * 100 + "::\n") * 2_000),
    "accents": lambda: visible("\u0301" * MANY),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_that_a_stranger_writes_takes_long(what: str) -> None:
    with ends_within(SECONDS):
        HOSTILE[what]()

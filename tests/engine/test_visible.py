"""What strangers wrote is shown, whatever signs it is made of; and it is shown through one door."""

from __future__ import annotations

import ast
import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlscaffold
from mlscaffold.cli.screen import Screen
from mlscaffold.visible import visible, visible_lines

PACKAGE = Path(mlscaffold.__file__).parent
#: All of Unicode, and often what is not seen.
TEXT = st.text(
    st.characters()
    | st.characters(categories=("Cc", "Cf", "Cs", "Mn", "Zl", "Zp", "Zs"))
    | st.sampled_from("❤👩1a \u200d\ufe0f")
)
#: Letters, digits and punctuation of all languages, and pictures: no accents of their own, and one space at most.
WRITING = st.text(
    st.characters(categories=("L", "N", "P", "S"), exclude_characters="\u115f\u1160\u2800\u3164\uffa0\U0001d159")
)


def seen(text: str) -> bool:
    """Whether every sign takes its place on the line, but for what joins pictures."""
    return all(sign.isprintable() or sign == "\u200d" for sign in text)


@given(TEXT)
def test_a_line_holds_nothing_unseen(text: str) -> None:
    shown = visible(text)
    assert seen(shown)
    assert len(shown) <= 10 * len(text)
    assert " " * 21 not in shown
    shown.encode()


@given(TEXT)
def test_lines_hold_nothing_unseen_but_their_ends_tabs_and_spaces(text: str) -> None:
    shown = visible_lines(text)
    assert seen("".join(sign for sign in shown if sign not in "\n\t" and unicodedata.category(sign) != "Zs"))
    assert shown.count("\n") == text.count("\n")
    shown.encode()


@given(TEXT)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert visible_lines(visible_lines(text)) == visible_lines(text)
    assert visible_lines(visible(text)) == visible(text)


@given(WRITING)
def test_writing_of_all_languages_is_left_alone(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Größe",
        "cafe\u0301",
        "tiếng Việt",
        "日本語",
        "שָׁלוֹם",
        "नमस्ते",
        "❤️",
        "👩‍💻",
        "👩🏽‍💻",
        "🏳️‍🌈",
        "1️⃣",
        "a  b",
        r"C:\new",
        "::std::move",
        "## [1.0]",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert visible(text) == visible_lines(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m\x9b31m\x00\x7f", r"\x1b[31m\x9b31m\x00\x7f"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\u202e\u2066\u200b\ufeff\u00ad\u2028\u2029\x85", r"\u202e\u2066\u200b\ufeff\xad\u2028\u2029\x85"),
        ("a\u200db", r"a\u200db"),
        ("❤\u200d", r"❤\u200d"),
        ("a\ufe0f", r"a\ufe0f"),
        ("\U000e0041\U000e0101", r"\U000e0041\U000e0101"),
        ("\u3164\u2800\u115f", r"\u3164\u2800\u115f"),
        ("a\xa0b", r"a\xa0b"),
        ("\udcff\ud800", r"\xff\ud800"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + r"\u0301\u0301"),
        ("x ##vso[task.setvariable] ##[error]", r"x #\x23vso[task.setvariable] #\x23[error]"),
        (" ::error file=x::y", r" \x3a:error file=x::y"),
        ("::ERROR file=x::y", r"\x3a:ERROR file=x::y"),
        ("##VSO[task.setvariable]", r"#\x23VSO[task.setvariable]"),
        ("ok" + " " * 500 + "; rm", r"ok\x20{500}; rm"),
    ],
)
def test_what_is_not_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_keep_their_ends_whatever_system_wrote_them() -> None:
    assert visible_lines("a\r\nb\tc\n\n") == "a\nb\tc\n\n"
    assert visible_lines("a\rb\x85c\u2028d") == r"a\rb\x85c\u2028d"
    assert visible_lines("a\r\n\nb\r", indent="  ") == "  a\n\n  b\\r"


@pytest.mark.parametrize("before", ["", " ", "\t", "\xa0", "\u3000 ", "a\n\u2003", "\n\n\xa0"])
def test_whatever_spaces_a_ci_system_skips_its_orders_are_broken(before: str) -> None:
    assert visible_lines(f"{before}::error ::x") == rf"{before}\x3a:error ::x"


class Terminal(io.StringIO):
    """Looks like one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [2, 8, 30, 80])
@pytest.mark.parametrize("text", ["echo ok " * 30 + "; rm -rf ~", "日本語" * 40, "\x1b[8m" * 20, "x" * 300])
def test_a_terminal_of_any_width_shows_all_of_a_line(monkeypatch: pytest.MonkeyPatch, width: int, text: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    Screen().say("will run  ", text)
    Screen().say_lines(text, indent="  ")
    shown = "".join(terminal.getvalue().split())
    assert shown == "".join(f"will run {visible(text)} {visible(text)}".split())
    if width >= 30:
        assert all(row.startswith("    ") for row in terminal.getvalue().split("\n")[1:3])


#: Where words leave the program; all else calls these two.
DOORS = {"cli/console.py", "cli/screen.py"}
_STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}


def _ways_out(tree: ast.AST) -> Iterator[str]:
    """What writes to the terminal past the doors."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print" | "input")):
                yield "print"
            case ast.Attribute(value=ast.Name(id="typer"), attr="echo" | "secho" | "prompt" | "confirm" | "launch"):
                yield f"typer.{node.attr}"
            case ast.Attribute(attr="write" | "writelines" | "buffer", value=ast.Attribute(attr=stream)):
                if stream in _STREAMS:
                    yield stream
            case ast.ImportFrom(module=module, names=names):
                if (module or "").startswith(("rich.console", "rich.text", "rich.markup", "click")):
                    yield str(module)
                taken = {name.name for name in names} & {"echo", "secho", "print", *_STREAMS}
                yield from taken if module in {"typer", "rich", "sys"} else ()
            case ast.Call(func=ast.Attribute(attr="print"), args=[ast.Constant() | ast.JoinedStr(), *_]):
                yield "a screen's print of a text"


def test_every_word_leaves_by_one_door() -> None:
    files = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    assert files.keys() >= DOORS
    found = {
        name: sorted(set(_ways_out(ast.parse(file.read_text(encoding="utf-8")))))
        for name, file in files.items()
        if name not in DOORS
    }
    # Before there is a command line, constants are all that is said.
    assert found.pop("__main__.py") == ["stderr", "stdout"]
    assert {name: ways for name, ways in found.items() if ways} == {}


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "typer.echo(x)",
        "sys.stdout.write(x)",
        "sys.stderr.buffer.write(x)",
        "from rich.console import Console",
        "from rich import print",
        "from typer import echo",
        "out().print(f'{x}')",
    ],
)
def test_the_guard_sees_a_way_round(code: str) -> None:
    assert list(_ways_out(ast.parse(code)))

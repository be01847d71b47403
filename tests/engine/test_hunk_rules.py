"""The rules for hunks that both sides changed: the higher of two versions, and whose lines a bot wrote."""

from __future__ import annotations

import pytest

from mlscaffold.merge import merge_contents
from mlscaffold.merge.authorship import WrittenByBots
from mlscaffold.merge.hunks import Hunk
from mlscaffold.merge.versions import higher_versions

ONE, TWO, THREE = ("0" * 39 + number for number in "123")


def decided(base: str, mine: str, theirs: str) -> str | None:
    hunk = Hunk(*(side.splitlines(keepends=True) for side in (base, mine, theirs)))
    decision = higher_versions(hunk)
    return None if decision is None else "".join(decision[0])


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("base", "lower", "higher"),
    [
        ("numpy>=1.2\n", "numpy>=1.9\n", "numpy>=1.10\n"),
        ('    "numpy>=1.2",  # arrays\n', '    "numpy>=1.2.5",  # arrays\n', '    "numpy>=2",  # arrays\n'),
        ("- numpy[x] >= 1, < 2\n", "- numpy[x] >= 1, < 3\n", "- numpy[x] >= 2, < 4\n"),
        ('black = "^22.1"\n', 'black = "^22.3"\n', 'black = "^23.1"\n'),
        ('  "@types/node": "~1.2.3",\n', '  "@types/node": "~1.2.4",\n', '  "@types/node": "~1.3.0",\n'),
        ("uses: a/b@v3\n", "uses: a/b@v4\n", "uses: a/b@v5\n"),
        ("uses: a/b@v3\n", "uses: a/b@v4\n", "uses: a/b@v5.1\n"),
        (f"- uses: a/b@{ONE} # v3.1\n", f"- uses: a/b@{THREE} # v3.2\n", f"- uses: a/b@{TWO} # v4.0\n"),
        ("  rev: v1.2\n", "  rev: v1.3\n", "  rev: v1.10\n"),
        (f"  rev: {ONE}  # frozen: v1\n", f"  rev: {THREE}  # frozen: v2\n", f"  rev: {TWO}  # frozen: v3\n"),
        ("a==1.0rc1\n", "a==1.0rc2\n", "a==1.0\n"),
        ("", "uses: a/b@v4\n", "uses: a/b@v5\n"),
    ],
)
def test_of_two_versions_the_higher_counts(base: str, lower: str, higher: str, *, swapped: bool) -> None:
    sides = (higher, lower) if swapped else (lower, higher)
    assert decided(base, *sides) == higher


def test_each_line_has_its_own() -> None:
    assert decided("a>=1\nb>=1\n", "a>=3\nb>=2\n", "a>=2\nb>=3\n") == "a>=3\nb>=3\n"


@pytest.mark.parametrize(
    ("base", "mine", "theirs"),
    [
        pytest.param("numpy>=1.5\n", "numpy>=1.3\n", "numpy>=1.6\n", id="one side went back"),
        pytest.param("numpy==1.5\n", "numpy>=1.6\n", "numpy==1.7\n", id="another operator"),
        pytest.param("numpy>=1\n", "numpy>=1,<3\n", "numpy>=2\n", id="a bound more"),
        pytest.param("a>=1,<5\n", "a>=3,<4\n", "a>=2,<6\n", id="one is higher in one, the other in the other"),
        pytest.param("uses: a/b@v3\n", "uses: a/b@v4\n", "uses: a/b@v4.1\n", id="a tag that moves on"),
        pytest.param(f"uses: a/b@{ONE}\n", f"uses: a/b@{TWO}\n", f"uses: a/b@{THREE}\n", id="digests without a tag"),
        pytest.param(
            f"uses: a/b@{ONE} # v1\n", f"uses: a/b@{TWO} # v2\n", f"uses: a/b@{THREE} # v2\n", id="a tag that moved"
        ),
        pytest.param("uses: a/b@v1\n", "uses: a/b@main\n", "uses: a/b@v2\n", id="a branch"),
        pytest.param("uses: a/b@v1\n", "uses: a/c@v2\n", "uses: a/b@v3\n", id="another action"),
        pytest.param('version = "0.1.0"\n', 'version = "1.2.0"\n', 'version = "0.2.0"\n', id="its own version"),
        pytest.param('python = "^3.9"\n', 'python = "^3.10"\n', 'python = "^3.11"\n', id="Python"),
        pytest.param("requires-python>=3.9\n", "requires-python>=3.10\n", "requires-python>=3.11\n", id="and so"),
        pytest.param('python-version: "3.9"\n', 'python-version: "3.10"\n', 'python-version: "3.11"\n', id="tested"),
        pytest.param('"3.9"\n', '"3.10"\n', '"3.11"\n', id="versions of nothing"),
        pytest.param("a 1.1\n", "a 1.2\n", "a 1.3\n", id="no dependency"),
        pytest.param("a==1.x\n", "a==2.x\n", "a==3.x\n", id="no versions"),
        pytest.param("a>=1\n", "a>=2\nb>=1\n", "a>=3\n", id="a line more"),
        pytest.param("a>=1\n", "", "a>=3\n", id="removed"),
        pytest.param(f"a>=1 {'x' * 500}\n", f"a>=2 {'x' * 500}\n", f"a>=3 {'x' * 500}\n", id="no line of a person's"),
    ],
)  # fmt: skip
def test_what_differs_in_more_than_versions_is_left(base: str, mine: str, theirs: str) -> None:
    assert decided(base, mine, theirs) is None
    assert decided(base, theirs, mine) is None


PROJECT = 'dependencies = [\n    "a>={a}",\n    "b>={b}",\n]\nline = {line}\n'


def test_a_version_in_a_document_is_proven_with_the_rest() -> None:
    merged = merge_contents(
        "pyproject.toml",
        base=PROJECT.format(a=1, b=1, line=1).encode(),
        mine=PROJECT.format(a=3, b=1, line=2).replace("]", '    "c",\n]').encode(),
        theirs=PROJECT.format(a=2, b=2, line=1).encode(),
        rules=[higher_versions],
    )

    assert merged.content.decode() == PROJECT.format(a=3, b=2, line=2).replace("]", '    "c",\n]')
    assert not merged.conflicted
    assert merged.reasons[-1] == "1 hunk: only versions differ, and the higher ones count (yours)"


def test_a_hunk_that_is_decided_leaves_the_others() -> None:
    base, mine, theirs = (f"a=={number}\nx\ny\nz\n{number}\n" for number in "123")

    merged = merge_contents(
        "a.txt", base=base.encode(), mine=mine.encode(), theirs=theirs.encode(), rules=[higher_versions]
    )

    assert merged.hunks == 1
    assert merged.content.startswith(b"a==3\nx\n")
    assert merged.reasons


@pytest.mark.parametrize(
    ("base", "mine", "wanted"),
    [
        pytest.param("x 1\n", "x 2\n", "x 3\n", id="a bot's line"),
        pytest.param("x 1\n", "mine\n", None, id="a person's line"),
        pytest.param("x 1\n", "x 2\nmine\n", None, id="both"),
        pytest.param("x 1\n", "", None, id="nobody's: it was removed"),
        pytest.param("x 1\ny\n", "x 2\n", None, id="a line was removed beside it"),
    ],
)
def test_a_bots_lines_go_to_the_template(base: str, mine: str, wanted: str | None) -> None:
    rule = WrittenByBots(lines=lambda: {"x 2"})

    decision = rule(Hunk(base.splitlines(keepends=True), mine.splitlines(keepends=True), ["x 3\n"]))

    assert (None if decision is None else "".join(decision[0])) == wanted


def test_nobody_is_asked_who_wrote_what_merges() -> None:
    def unasked() -> frozenset[str]:
        raise AssertionError

    merged = merge_contents(
        "a.txt", base=b"a\nb\nc\n", mine=b"A\nb\nc\n", theirs=b"a\nb\nC\n", rules=[WrittenByBots(lines=unasked)]
    )

    assert merged.content == b"A\nb\nC\n"

"""What the merge of one file decides, and what it leaves to a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.documents.formats import Format
from mlscaffold.git.merge_file import has_markers
from mlscaffold.merge import fuller_of, merge_contents
from mlscaffold.merge.diff3 import merged_sequence
from mlscaffold.merge.hunks import settle_hunks
from mlscaffold.merge.sides import FileSides
from mlscaffold.merge.structured import documents_of, parses

PROJECT = '[project]\nname = "x"\ndependencies = [\n    "numpy>=1",\n    "pandas>=2",  # frames\n]\n'
HOOKS = "repos:\n- repo: https://a\n  rev: v1\n  hooks:\n  - id: x\n- repo: https://b\n  rev: v1\n  hooks:\n  - id: y\n"
STEPS = "jobs:\n  t:\n    steps:\n      - name: Checkout\n        uses: actions/checkout@v4\n      - run: x\n"
JSON = '{\n  "a": 1,\n  "b": 2\n}\n'
RUFF = '[tool.ruff]\nselect = ["E", "F"]\nline-length = 100\n\n[tool.x]\na = 1\n'
JOBS = "test:\n  script:\n    - a\n    - b\nother: {stage: x}\n"


def merged(path: str, base: str, mine: str, theirs: str) -> str | None:
    documents = documents_of(path, FileSides(base=base.encode(), mine=mine.encode(), theirs=theirs.encode()))
    found = documents and documents.merged()
    return found.mine.decode() if found and found.is_complete else None


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs", "wanted"),
    [
        pytest.param(
            "pyproject.toml",
            PROJECT,
            PROJECT.replace("# frames\n", '# frames\n    "polars",\n'),
            PROJECT.replace("pandas>=2", "pandas>=2.2"),
            PROJECT.replace('"pandas>=2",  # frames\n', '"pandas>=2.2",  # frames\n    "polars",\n'),
            id="a bumped version beside an added dependency",
        ),
        pytest.param(
            "pyproject.toml",
            'dependencies = ["a>=1", "b>=2"]\n',
            'dependencies = ["a>=1", "b>=2", "c"]\n',
            'dependencies = ["a>=3", "b>=2"]\n',
            'dependencies = ["a>=3", "b>=2", "c"]\n',
            id="the same in one line",
        ),
        pytest.param(
            ".pre-commit-config.yaml",
            HOOKS,
            HOOKS + "- repo: local\n  hooks:\n  - id: z\n",
            HOOKS.replace("b\n  rev: v1", "b\n  rev: v2").replace("  - id: y\n", "  - id: y\n  - id: w\n"),
            HOOKS.replace("b\n  rev: v1", "b\n  rev: v2").replace("  - id: y\n", "  - id: y\n  - id: w\n")
            + "- repo: local\n  hooks:\n  - id: z\n",
            id="a hook of mine beside a new revision",
        ),
        pytest.param(
            "ci.yml",
            STEPS,
            STEPS.replace("Checkout\n", "Checkout all\n"),
            STEPS.replace("v4", "v5"),
            STEPS.replace("Checkout\n", "Checkout all\n").replace("v4", "v5"),
            id="neighbouring keys of one step",
        ),
        pytest.param(
            "package.json",
            JSON,
            '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n',
            '{\n  "a": 1,\n  "b": 5\n}\n',
            '{\n  "a": 1,\n  "b": 5,\n  "c": 3\n}\n',
            id="commas of JSON",
        ),
        pytest.param(
            "settings.json",
            '{\n  // ours\n  "a": 1,\n  "b": [1, 2,],\n}\n',
            '{\n  // ours\n  "a": 2,\n  "b": [1, 2,],\n}\n',
            '{\n  // ours\n  "a": 1,\n  "b": [1, 2, 3,],\n}\n',
            '{\n  // ours\n  "a": 2,\n  "b": [1, 2, 3,],\n}\n',
            id="JSON with comments",
        ),
        pytest.param(
            "ruff.toml",
            RUFF,
            RUFF.replace("= 100\n", '= 120\nignore = ["E5"]\n'),
            RUFF.replace('"F"]', '"F", "I"]'),
            RUFF.replace("= 100\n", '= 120\nignore = ["E5"]\n').replace('"F"]', '"F", "I"]'),
            id="neighbouring keys of a table",
        ),
        pytest.param(
            "ruff.toml",
            RUFF,
            RUFF.replace("\n[tool.x]\na = 1\n", ""),
            RUFF.replace("a = 1", "a = 2"),
            RUFF.replace("\n[tool.x]\na = 1\n", ""),
            id="what I removed stays removed",
        ),
        pytest.param(
            "ci.yml",
            'os: ["linux"]\npython: ["3.10", "3.11"]\n',
            'os: ["linux", "windows"]\npython: ["3.10","3.11"]\n',
            'os: ["linux"]\npython: ["3.11", "3.12"]\n',
            'os: ["linux", "windows"]\npython: ["3.11", "3.12"]\n',
            id="versions that I only laid out anew",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            JOBS,
            JOBS + "mine:\n  script: [x]\n",
            JOBS + "theirs:\n  script: [y]\n",
            JOBS + "theirs:\n  script: [y]\nmine:\n  script: [x]\n",
            id="a job of each",
        ),
    ],
)
def test_what_is_decided(path: str, base: str, mine: str, theirs: str, wanted: str) -> None:
    assert merged(path, base, mine, theirs) == wanted


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs"),
    [
        pytest.param(
            "a.toml", 'd = ["a>=1"]\n', 'd = ["a>=2"]\n', 'd = ["a>=3"]\n', id="two versions of one dependency"
        ),
        pytest.param("a.yml", "a: 1\n", "a: 2\n", "a: 3\n", id="two values of one key"),
        pytest.param("a.yml", JOBS, JOBS.replace("- b", "- c"), JOBS.replace("- b", "- d"), id="one line of a script"),
        pytest.param("a.yml", "v: [3.8, 3.9]\n", "v: [3.9]\n", "v: [3.9, 3.10]\n", id="versions to test against"),
        pytest.param("a.yml", "v: ['3.8']\n", "v: ['3.9']\n", "v: ['3.8', '3.10']\n", id="versions as text"),
        pytest.param("a.yml", "a: {x: 1}\n", "a: {x: 2}\n", "b: 1\n", id="the template removed what I changed"),
        pytest.param("a.yml", "a: 1\n", "a: 1\na: 2\n", "a: 3\n", id="a key that is there twice"),
        pytest.param(
            "a.yml", "x: &x {a: 1}\ny: 1\n", "x: &x {a: 1}\ny: 2\n", "<<: *x\n<<: *x\n", id="a merge key twice"
        ),
        pytest.param("a.yml", "a: 1\n", "a: [\n", "a: 3\n", id="no YAML at all"),
        pytest.param("a.yml", "a: 1\n--- \nb: 1\n", "a: 2\n", "a: 3\n", id="several documents"),
        pytest.param("a.json", '{"a": 1}', '{"a": 2}', '{"a": 1, "a": 3}', id="a JSON key twice"),
        pytest.param("a.toml", "a = 1\n", b"a = '\xff'\n".decode("latin1"), "a = 2\n", id="both changed, odd text"),
    ],
)
def test_what_is_left_to_a_person(path: str, base: str, mine: str, theirs: str) -> None:
    assert merged(path, base, mine, theirs) is None


def test_bombs_and_depth_are_refused() -> None:
    assert not parses("a.yml", b"a: &a [x]\n" + b"b: [*a, *a]\n" * 150)
    assert not parses("a.json", b"[" * 100_000)
    assert not parses("a.yml", b"a: " + b"x" * 3_000_000)
    assert parses("a.yml", b"a: !reference [.b, script]\nd: 2026-01-01\n? [x]\n: y\n")


def test_five_thousand_lines() -> None:
    base = "".join(f"key_{number}: {number}\n" for number in range(5000))
    found = merged("a.yml", base, base.replace("key_7: 7", "key_7: x"), base.replace("key_8: 8", "key_8: y"))
    assert found == base.replace("key_7: 7", "key_7: x").replace("key_8: 8", "key_8: y")


NAMES = st.text("abcd", min_size=1, max_size=3)
VALUES = st.one_of(
    st.integers(0, 9),
    st.text("xyz", max_size=3),
    st.lists(st.text("xyz", min_size=1, max_size=2), max_size=3, unique=True),
)
TREES = st.dictionaries(NAMES, st.one_of(VALUES, st.dictionaries(NAMES, VALUES, min_size=1, max_size=3)), max_size=5)
FORMATS: dict[str, Callable[[dict[str, Any]], str]] = {
    "a.yml": lambda data: yaml.safe_dump(data, sort_keys=False),
    "a.json": lambda data: json.dumps(data, indent=2) + "\n",
}


def edited(tree: dict[str, Any], keys: list[str], value: Any) -> dict[str, Any]:
    return {**tree, **dict.fromkeys(keys, value)}


@given(st.sampled_from(sorted(FORMATS)), TREES, st.lists(NAMES, max_size=2), st.lists(NAMES, max_size=2))
def test_edits_of_different_keys_are_both_kept(
    path: str, tree: dict[str, Any], ours: list[str], others: list[str]
) -> None:
    others = [name for name in others if name not in ours]
    dump = FORMATS[path]
    base, mine, theirs = dump(tree), dump(edited(tree, ours, "mine")), dump(edited(tree, others, "theirs"))
    found = merged(path, base, mine, theirs)
    if found is not None:
        load = json.loads if path.endswith("json") else yaml.safe_load
        assert load(found) == edited(edited(tree, ours, "mine"), others, "theirs")


@given(st.sampled_from(sorted(FORMATS)), TREES, TREES, TREES)
def test_a_merge_is_valid_and_drops_no_key_that_a_side_added(
    path: str, base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    dump = FORMATS[path]
    found = merged(path, dump(base), dump(mine), dump(theirs))
    if found is not None:
        data = json.loads(found) if path.endswith("json") else yaml.safe_load(found)
        added = (mine.keys() | theirs.keys()) - base.keys()
        kept = mine.keys() & theirs.keys()
        assert added | kept <= data.keys() <= mine.keys() | theirs.keys()


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_one_side_alone_decides(base: list[int], other: list[int]) -> None:
    assert merged_sequence(base, other, base) == tuple(other)
    assert merged_sequence(base, base, other) == tuple(other)
    assert merged_sequence(base, other, other) == tuple(other)


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "wanted"),
    [
        pytest.param("a = 'x'\n", 'a = "x"\n', "a = 'y'\n", "a = 'y'\n", id="I only changed quotes"),
        pytest.param("a = 'x'\n", "a = 'y'\n", 'a = "x"\n', "a = 'y'\n", id="the template only changed quotes"),
        pytest.param("a\n", "a\nb\n", "a\nb\nc\n", "a\nb\nc\n", id="the template's holds mine"),
        pytest.param("a\nz\n", "a\nb\nc\nz\n", "a\nc\nz\n", "a\nb\nc\nz\n", id="mine holds the template's"),
        pytest.param("", "x  \n", "x\n", "x\n", id="spaces at the end"),
    ],
)
def test_hunks_that_need_nobody(base: str, mine: str, theirs: str, wanted: str) -> None:
    found = merge_contents("a.py", base=base.encode(), mine=mine.encode(), theirs=theirs.encode())
    assert (found.content.decode(), found.conflicted) == (wanted, False)
    if merge_contents(
        "a.py", base=base.encode(), mine=mine.encode(), theirs=theirs.encode(), lines_only=True
    ).conflicted:
        assert found.reasons


@pytest.mark.parametrize(
    ("mine", "theirs"), [("  b\n", "c\n"), ("y\n", "z\n"), ("", "z\n")], ids=["depth", "both", "removed and changed"]
)
def test_hunks_that_need_somebody(mine: str, theirs: str) -> None:
    sides = FileSides(base=b"b\n", mine=mine.encode(), theirs=theirs.encode())
    assert settle_hunks("a.txt", sides, whole=sides) is None
    found = merge_contents("a.txt", base=b"b\n", mine=mine.encode(), theirs=theirs.encode())
    assert found.conflicted
    assert has_markers(found.content)


def test_a_line_more_in_a_script_that_both_changed() -> None:
    base = "run: |\n  a\n  b\n  c\nname: x\n"
    mine, theirs = base.replace("  b\n", "  b2\n"), base.replace("  b\n", "  # Why.\n  b2\n")
    found = merge_contents("a.yml", base=base.encode(), mine=mine.encode(), theirs=theirs.encode())
    assert (found.content.decode(), found.conflicted) == (theirs, False)


MOVED = "top\na\nb\nc\n" + "".join(f"line {number}\n" for number in range(9))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_block_that_one_side_moved_and_the_other_changed_needs_somebody(swapped: bool) -> None:
    moved = MOVED.replace("a\nb\nc\n", "") + "a\nb\nc\n"
    less = MOVED.replace("b\n", "")
    mine, theirs = (less, moved) if swapped else (moved, less)
    assert merge_contents("a.txt", base=MOVED.encode(), mine=mine.encode(), theirs=theirs.encode()).conflicted


def test_settled_hunks_of_a_document_are_proven() -> None:
    # The list that I shortened is gone in the template: line by line its change holds mine.
    base, mine, theirs = "a:\n- x\n- y\nb: 1\n", "a:\n- y\nb: 1\n", "a:\nb: 1\n"
    assert merge_contents("a.txt", base=base.encode(), mine=mine.encode(), theirs=theirs.encode()).conflicted is False
    assert merge_contents("a.yml", base=base.encode(), mine=mine.encode(), theirs=theirs.encode()).conflicted


def test_no_text_has_no_hunks() -> None:
    for base, mine in ((b"\xff", b"a"), (b"", b"\n" * 30_000)):
        sides = FileSides(base=base, mine=mine, theirs=b"b")
        assert settle_hunks("a.txt", sides, whole=sides) is None
    found = merge_contents("a.bin", base=b"\0a", mine=b"\0b", theirs=b"\0c")
    assert (found.content, found.conflicted, found.hunks) == (b"\0b", True, 0)


def test_a_line_merge_that_breaks_a_document_is_no_merge() -> None:
    base = "".join(f"key_{number} = {number}\n" for number in range(9))
    mine, theirs = f"new = 1\n{base}", f"{base}new = 2\n"
    found = merge_contents("a.toml", base=base.encode(), mine=mine.encode(), theirs=theirs.encode())
    assert found.conflicted
    assert has_markers(found.content)


@pytest.mark.parametrize(("mine", "theirs", "kept"), [(b"", b"\x00\x01", b"\x00\x01"), (b"\x00", b"\n", b"\x00")])
def test_of_what_both_added_what_is_not_empty_stays_text_or_not(mine: bytes, theirs: bytes, kept: bytes) -> None:
    fuller = fuller_of("a.png", mine, theirs)

    assert fuller is not None
    assert fuller[0] == kept


def test_of_two_files_that_are_no_text_neither_is_fuller() -> None:
    assert fuller_of("a.png", b"\x00a\n", b"\x00a\nb\n") is None


@pytest.mark.parametrize(
    ("path", "base", "mine", "gone"),
    [
        ("a.yml", "jobs:\n  test:\n    image: x\n    script: [a]\n  z: 1\n", ("test", "unit-test"), "    image: x\n"),
        ("a.toml", '[build]\nneeds = ["a"]\nby = "b"\n', ("[build]", "[make]"), 'needs = ["a"]\n'),
        ("a.json", '{\n  "a": {\n    "b": 1,\n    "c": 2\n  }\n}\n', ('"a"', '"d"'), '    "b": 1,\n'),
    ],
)
def test_what_has_another_name_is_not_removed(path: str, base: str, mine: str, gone: str) -> None:
    """The template's removal of a part of it is nobody's decision: the removal of a name does not hold it."""
    merged = merge_contents(
        path, base=base.encode(), mine=base.replace(*mine).encode(), theirs=base.replace(gone, "").encode()
    )
    assert merged.conflicted, merged


@pytest.mark.parametrize("path", ["a.yml", "a.json", "a.toml"])
def test_each_document_of_a_merge_is_parsed_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    parse = Format.parsed

    def counted(form: Format, content: bytes) -> Any:
        parsed.append(content)
        return parse(form, content)

    monkeypatch.setattr(Format, "parsed", counted)
    text = {"a.yml": "a: 1\nb: 2\n", "a.json": '{\n  "a": 1,\n  "b": 2\n}\n', "a.toml": "a = 1\nb = 2\n"}[path]
    base, mine, theirs = (text.encode(), text.replace("1", "3").encode(), text.replace("2", "4").encode())
    merged = merge_contents(path, base=base, mine=mine, theirs=theirs)
    assert not merged.conflicted
    assert sorted(parsed) == sorted([base, mine, theirs, merged.content])

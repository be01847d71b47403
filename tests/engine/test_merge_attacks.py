"""Attacks on the merge: each case is a defect that was found, with what is right."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mlscaffold.merge import Merged, merge_contents
from mlscaffold.merge.diff3 import diff3
from mlscaffold.merge.structured import parses

from ..bounded import ends_within


def merge(path: str, base: str, mine: str, theirs: str) -> Merged:
    return merge_contents(path, base=base.encode(), mine=mine.encode(), theirs=theirs.encode())


LINT = "  - name: Lint\n    run: make lint\n"
TEST = "  - name: Test\n    run: make test\n"
DOCS = "  - name: Docs\n    run: make docs\n"


def test_my_edit_of_a_step_that_the_template_removed_does_not_move_to_another_step() -> None:
    found = merge("ci.yml", f"steps:\n{LINT}{TEST}", f"steps:\n{LINT}    if: always()\n{TEST}", f"steps:\n{TEST}{DOCS}")
    assert found.conflicted


def test_my_secret_does_not_go_to_the_step_that_replaced_mine() -> None:
    other = "  - name: Notify\n    uses: third/party@v1\n"
    found = merge(
        "ci.yml",
        f"steps:\n{LINT}{TEST}",
        f"steps:\n{LINT}    env: {{TOKEN: secret}}\n{TEST}",
        f"steps:\n{other}{TEST}",
    )
    assert found.conflicted


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs"),
    [
        pytest.param(
            "a.py",
            "if x:\n    foo()\n    bar()\nend\n",
            "if x:\n    foo(1)\n    bar()\nend\n",
            "if x:\n    foo()\nbar()\nend\n",
            id="depth of a later line",
        ),
        pytest.param("a.py", "x = 'a b'\ny = 1\n", "x = 'a b'\ny = 2\n", "x = 'ab'\ny = 1\n", id="space in a string"),
        pytest.param("a.yml", 'strict: "true"\n', 'strict: "false"\n', "strict: true\n", id="quotes that are the type"),
        pytest.param(
            "k.yaml",
            "a:\n  b: 1\n  c: 2\n---\nx: 1\n",
            "a:\n  b: 5\n  c: 2\n---\nx: 1\n",
            "a:\n  b: 1\nc: 2\n---\nx: 1\n",
            id="depth in several documents",
        ),
        pytest.param(
            "Dockerfile",
            "FROM x\nRUN a\nRUN b\nCMD z\n",
            "FROM x\nRUN b\nRUN a\nCMD z\n",
            "FROM x\nRUN a\nRUN b2\nCMD z\n",
            id="my order",
        ),
    ],
)
def test_no_change_is_settled_away(path: str, base: str, mine: str, theirs: str) -> None:
    assert merge(path, base, mine, theirs).conflicted


def test_what_i_deleted_stays_deleted_where_the_template_renames_what_is_around_it() -> None:
    base = '{\n  "scripts": {\n    "lint": "x",\n    "test": "y",\n    "build": "z"\n  },\n  "a": 1\n}\n'
    found = merge("a.json", base, base.replace('    "lint": "x",\n', ""), base.replace("scripts", "tasks"))
    assert found.conflicted or b"lint" not in found.content


def test_a_comment_that_nobody_touched_keeps_its_column() -> None:
    base = "a:\n  b: 1\n#  old: 1\n  c: 1\n  d: 1\n"
    found = merge("a.yml", base, base.replace("b: 1", "b: 2") + "  e: 1\n", base + "  f: 1\n")
    assert not found.conflicted
    assert b"\n#  old: 1\n" in found.content


def test_what_both_add_at_two_places_is_there_once() -> None:
    body = "".join(f'  "{name}",\n' for name in "abcde")
    one, two = f'd = [\n  "attrs",\n{body}]\n', f'd = [\n{body}  "attrs",\n]\n'
    assert merge("pyproject.toml", f"d = [\n{body}]\n", one, two).content.count(b"attrs") == 1


def test_what_i_deleted_stays_deleted_where_the_template_moves_it() -> None:
    a, rest = "[a]\nx = 1\n", "[b]\ny = 1\n\n[c]\nz = 1\n"
    found = merge("pyproject.toml", f"{a}\n{rest}", rest, f"{rest}\n{a}")
    assert found.conflicted or b"[a]" not in found.content


def test_comments_in_brackets_of_json() -> None:
    assert parses("tsconfig.json", b'{"a": 1, /* x */ "b": 2 /* y */}')


def bomb(begin: str, end: str) -> str:
    """Eight levels, each with nine aliases of the one before."""
    levels = "".join(f"a{at}: &a{at} {begin}{', '.join([f'*a{at - 1}'] * 9)}{end}\n" for at in range(1, 9))
    return f"a0: &a0 {{k: 1}}\n{levels}"


NUMBERS = range(300)


def long_text(number: int) -> str:
    """A key of its own, and a text of a hundred letters in an order of its own."""
    letters = "".join(chr(0x4E00 + step * (7 + number) % 101) for step in range(20_000))
    return f"k{number}: {letters}\nz"


@pytest.mark.parametrize(
    ("path", "base", "mine", "theirs"),
    [
        pytest.param("tsconfig.json", '{"a": 1,\n%s"b": 2}', "// see https://x\n" * 40, "", id="comments"),
        pytest.param("tsconfig.json", '{"a": 1, %s\n"b": 2}', "//" + "/" * 60, "", id="a banner"),
        pytest.param("a.yml", "%s", bomb("{<<: [", "]}"), "x: 1\n", id="merge keys"),
        pytest.param("a.yml", "%s", bomb("[", "]"), bomb("[", "]") + "x: 1\n", id="aliases"),
        pytest.param(
            "de.json",
            "{%s}",
            ",\n".join(f'"renamed {number}": "text {number}"' for number in NUMBERS),
            ",\n".join(f'"key {number}": "other text {number}"' for number in NUMBERS),
            id="every key renamed, every value changed",
        ),
        pytest.param("long.yml", "%s: 1\n", long_text(1), long_text(2), id="long texts of few letters"),
    ],
)
def test_nothing_hangs(path: str, base: str, mine: str, theirs: str) -> None:
    renamed = ",\n".join(f'"key {number}": "text {number}"' for number in NUMBERS)
    before = {"de.json": renamed, "long.yml": long_text(0)}.get(path, "")
    sides = {"base": base % before, "mine": base % mine, "theirs": base % theirs}
    code = (
        "import json, sys; from mlscaffold.merge import merge_contents; from mlscaffold.merge.structured import parses;"
        "sides = {name: side.encode() for name, side in json.load(sys.stdin).items()};"
        "[parses(sys.argv[1], side) for side in sides.values()]; merge_contents(sys.argv[1], **sides)"
    )
    subprocess.run([sys.executable, "-c", code, path], input=json.dumps(sides), text=True, check=True, timeout=60)


@pytest.mark.parametrize("text", ["a: !!bool x\n", "a: !!int ''\n", "? !!set {a}\n: 1\n"])
def test_bad_tags_are_no_tracebacks(text: str) -> None:
    assert not parses("a.yml", text.encode())


def test_deep_tables_are_no_traceback() -> None:
    deep = f"[{'.'.join(['a'] * 990)}]\n"
    assert merge("a.toml", f"z=1\n{deep}", f"z=2\n{deep}", f"z=3\n{deep}").conflicted


def test_a_comment_that_nobody_touched_stays_where_it_is() -> None:
    base = "a:\n  b: 1\n#  old: 1\n  c: 1\n  d: 1\n"
    mine, theirs = base.replace("b: 1", "b: 2") + "  e: 1\n", base + "  f: 1\n"
    found = merge("a.yml", base, mine, theirs)
    assert not found.conflicted
    assert b"\n#  old: 1\n" in found.content


def test_line_ends_are_the_projects_unless_the_template_alone_changed_them() -> None:
    base, mine, theirs = "a = 1\nb = 1\n", "a = 1\nb = 2\n", "a = 1\nb = 1\nc = 1\n"
    wanted = b"a = 1\r\nb = 2\r\nc = 1\r\n"
    for here, there in ((mine.replace("\n", "\r\n"), theirs), (mine, theirs.replace("\n", "\r\n"))):
        found = merge("a.toml", base, here, there)
        assert (found.content, found.conflicted) == (wanted, False)


def test_a_conversion_of_line_ends_is_no_reformatting() -> None:
    found = merge("a.txt", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nb\nc\nd\n")
    assert (found.content, found.conflicted) == (b"a\r\nb\r\nc\r\nd\r\n", False)


@pytest.mark.parametrize(
    ("path", "base", "one", "other", "item"),
    [
        (
            "a.toml",
            'd = [\n  "a",\n]\n',
            'd = [\n  "a",\n  "b",  # one\n]\n',
            'd = [\n  "a",\n  "b",  # other\n]\n',
            "b",
        ),
        ("a.yml", "d:\n  - b # old\n", "d:\n  - b # one\n", "d:\n  - b # other\n", "b"),
        ("a.yml", "d:\n  - a\n", "d:\n  - a\n  # one\n  - b\n", "d:\n  - a\n  # other\n  - b\n", "b"),
        ("a.yml", "a: 1\n", "a: 1\nb: 1 # one\n", "a: 1\nb: 1 # other\n", "b"),
    ],
)
def test_the_same_item_with_another_comment_is_no_conflict(
    path: str, base: str, one: str, other: str, item: str
) -> None:
    for mine, theirs in ((one, other), (other, one)):
        found = merge(path, base, mine, theirs)
        assert (found.content.decode(), found.conflicted) == (mine, False)
        assert found.reasons == (f"{item}: both have it, with comments of their own; yours are kept",)


def test_a_comment_that_both_changed_above_another_change_needs_somebody() -> None:
    assert merge("a.yml", "# old\na: 1\n", "# mine\na: 1\n", "# theirs\na: 2\n").conflicted


TABLE = "[{0}]\nk = 1\nl = 1\n"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "wanted"),
    [("a", "ae", "g", "ge"), ("dcb", "decb", "cb", "ecb"), ("b", "ebhf", "gb", "egbhf"), ("ab", "b", "abc", "bc")],
)
def test_an_empty_line_parts_tables_wherever_they_go(base: str, mine: str, theirs: str, wanted: str) -> None:
    before, ours, others, result = ("\n".join(map(TABLE.format, names)) for names in (base, mine, theirs, wanted))
    found = merge("a.toml", before, ours, others)
    assert (found.content.decode(), found.conflicted) == (result, False)


LARGE = 200_000
HOSTILE = {
    "a.yml": [
        bomb("[", "]"),
        bomb("{<<: [", "]}"),
        f"t: &t {'x' * LARGE}\nl: [{', '.join(['*t'] * 900)}]\n",
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "a: " + "[" * LARGE,
        "a: " + "[" * 900 + "]" * 900 + "\n",
        "".join(" " * depth + "a:\n" for depth in range(900)),
        "".join(" " * depth + "a:\n" for depth in range(90)) + " " * 90 + "b: 1\n" + "# x\n" * LARGE,
        "a: 1" + ":59" * LARGE + "\n",
        "a: 0x" + "1" * LARGE + "\n",
        "a:" + " " * LARGE + "b\n",
        "? [a]\n: 1\n",
        "a: 1\n---\nb: 1\n",
        "".join(f"k{number}: {number}\n" for number in range(5000)),
    ],
    "a.json": [
        '{"a": 1, ' + "/*" * LARGE,
        '{"a": 1, "' + '\\"' * LARGE,
        '{"a": 1' + ", " * LARGE,
        '{"a": ' + "[" * LARGE,
        '{"a": ' + "1" * LARGE + "}",
        '{"a": 1,' + "/**/ " * LARGE + "}",
        "{" + ", ".join(f'"k{number}": 1' for number in range(5000)) + "}",
    ],
    "a.toml": [
        ".".join(["a"] * LARGE) + " = 1\n",
        '"=".' + ".".join(["a"] * 900) + " = 1\n",
        "".join(f"[[{'.'.join(['a'] * depth)}]]\n" for depth in range(1, 60)) + "# x\n" * LARGE,
        "a = " + "[" * LARGE,
        "a = 0x" + "1" * LARGE + "\n",
        "a =" + " " * LARGE + "1\n",
        "[[a]]\nb = 1\n" * 5000,
    ],
}


@pytest.mark.parametrize("path", HOSTILE)
def test_keys_of_hostile_documents_are_set_or_refused_in_no_time(path: str) -> None:
    """Whichever side is hostile, and whatever is asked of it: a result, or the file's own error."""
    template = {"a.yml": "x: 2\n", "a.json": '{"x": 2}', "a.toml": "x = 2\n"}[path]
    code = (
        "import json, sys; from mlscaffold.documents.keys import KeyedFileError, key_digests, line_of_key\n"
        "from mlscaffold.documents.set_keys import set_keys\n"
        "path, plain, hostile = json.load(sys.stdin)\n"
        "for text in map(str.encode, hostile):\n"
        "    for step in (\n"
        "        lambda: set_keys(path, mine=text, template=plain.encode(), keys=['x', 'a.b']),\n"
        "        lambda: set_keys(path, mine=plain.encode(), template=text, keys=['x', 'a']),\n"
        "        lambda: key_digests(path, text, ['x', 'a']),\n"
        "        lambda: line_of_key(path, text, 'a.b'),\n"
        "    ):\n"
        "        try:\n"
        "            step()\n"
        "        except KeyedFileError as error:\n"
        "            assert error.message.startswith(path) and error.hint, error\n"
    )
    sides = json.dumps([path, template, HOSTILE[path]])
    subprocess.run([sys.executable, "-c", code], input=sides, text=True, check=True, timeout=60)


@pytest.mark.parametrize("key", ["1", "1.5", "true", "null", "2020-01-01"])
def test_keys_of_any_type_are_compared(key: str) -> None:
    base = f"x:\n- {key}: 1\n  a: 1\n- {key}: 2\n  a: 2\n".encode()

    merged = merge_contents(
        "a.yml", base=base, mine=base.replace(b"a: 1", b"a: 3"), theirs=base.replace(b"a: 1", b"a: 4")
    )

    assert merged.conflicted


def test_anchors_that_show_one_by_one_take_no_longer() -> None:
    """Each is the only item that stands once in both, and hides the one before it."""
    sides = [
        [item for number in range(15_000) for item in (f"{side}{number}", f"{number}", f"{side}!", f"{number - 1}")]
        for side in "ab"
    ]
    with ends_within(10):
        assert sum(len(chunk.mine) for chunk in diff3(sides[0], sides[0], sides[1])) == len(sides[0])

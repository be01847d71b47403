"""Keys that the template owns are set; whatever else is written in the file stays as it is."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.documents import tables
from mlscaffold.documents.data import canonical
from mlscaffold.documents.formats import format_of
from mlscaffold.documents.keys import KeyedFileError, key_digests, key_parts
from mlscaffold.documents.mappings import are_equal
from mlscaffold.documents.set_keys import set_keys

from ..bounded import ends_within

Path = tuple[str, ...]
#: A line of a document, and the key that it is about; None for what is about all of it.
Lines = list[tuple[Path | None, str]]

NAMES = st.sampled_from(["a", "b", "c", "d-e", "with.dot", "on", "3"])
SCALARS = st.sampled_from([0, 1, 1.0, True, "x", "two words", "# no comment", "key: value", "it's", "é, [b]", ""])
LISTS = st.lists(st.integers(0, 3) | st.just("item"), max_size=3)
TREES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    NAMES, st.recursive(SCALARS | LISTS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
)


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def yaml_lines(tree: dict[str, Any], how: Random, path: Path = ()) -> Lines:
    indent = "  " * len(path)
    lines: Lines = []
    for name, value in tree.items():
        here = (*path, name)
        label = f"{indent}{name if name.isalpha() and name != 'on' else text_of(name)}:"
        if how.random() < 0.3:
            lines += [(None, ""), (here, f"{indent}# of {'/'.join(here)}")]
        behind = f"  # at {'/'.join(here)}" if how.random() < 0.3 else ""
        if isinstance(value, dict) and value and how.random() < 0.7:
            lines += [(here, label + behind), *yaml_lines(value, how, here)]
        elif isinstance(value, list) and value and how.random() < 0.5:
            dash = how.choice(["- ", "  - "])
            lines += [(here, label + behind), *((here, f"{indent}{dash}{text_of(item)}") for item in value)]
        else:
            lines.append((here, f"{label} {text_of(value)}{behind}"))
    return lines


def toml_key(*parts: str) -> str:
    return ".".join(part if part.replace("-", "").isalnum() else text_of(part) for part in parts)


def toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return text_of(value)


def toml_lines(tree: dict[str, Any], how: Random, path: Path = (), table: Path = ()) -> Lines:
    lines: Lines = []
    tables: Lines = []
    for name, value in tree.items():
        here = (*path, name)
        above: Lines = [(here, f"# of {'/'.join(here)}")] if how.random() < 0.3 else []
        behind = f"  # at {'/'.join(here)}" if how.random() < 0.3 else ""
        kind = how.choice(["table", "dotted", "inline"]) if isinstance(value, dict) else ""
        if kind == "table" and path == table:
            header: Lines = [(None, ""), *above, (here, f"[{toml_key(*here)}]{behind}")]
            tables += [*header, *toml_lines(value, how, here, here)]
        elif kind == "dotted" and value:
            lines += toml_lines(value, how, here, table)
        else:
            lines += [*above, (here, f"{toml_key(*here[len(table) :])} = {toml_value(value)}{behind}")]
    return [*lines, *tables]


def json_lines(tree: dict[str, Any], how: Random, path: Path = ()) -> Lines:
    indent = "  " * (len(path) + 1)
    lines: Lines = []
    for number, (name, value) in enumerate(tree.items(), 1):
        here = (*path, name)
        comma = "," if number < len(tree) else ""
        if isinstance(value, dict) and value and how.random() < 0.6:
            lines += [
                (here, f"{indent}{text_of(name)}: {{"),
                *json_lines(value, how, here),
                (here, f"{indent}}}{comma}"),
            ]
        else:
            lines.append((here, f"{indent}{text_of(name)}: {text_of(value)}{comma}"))
    return lines if path else [(None, "{"), *lines, (None, "}")]


def jsonc_lines(tree: dict[str, Any], how: Random) -> Lines:
    lines: Lines = []
    for path, line in json_lines(tree, how):
        if path and line.strip().startswith('"') and how.random() < 0.4:
            lines.append((path, f"{line[: len(line) - len(line.lstrip())]}// of {'/'.join(path)}"))
        is_value = path is not None and line[-1] not in "{}"
        lines.append((path, f"{line} // at {'/'.join(path)}" if is_value and path and how.random() < 0.4 else line))
    return lines


WRITERS: dict[str, Callable[[dict[str, Any], Random], Lines]] = {
    "toml": toml_lines,
    "yaml": yaml_lines,
    "json": json_lines,
    "jsonc": jsonc_lines,
}
FORMS = st.sampled_from(sorted(WRITERS))


def paths_in(tree: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    for name, value in tree.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from paths_in(value, (*path, name))


def at(tree: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(tree, dict) or part not in tree:
            return "absent"
        tree = tree[part]
    return [tree]


def without(tree: Any, path: Path) -> Any:
    """Without a key, and without what held it alone."""
    if not isinstance(tree, dict) or path[0] not in tree:
        return tree
    rest = {key: value for key, value in tree.items() if key != path[0]}
    inner = without(tree[path[0]], path[1:]) if path[1:] else {}
    return rest if inner == {} else {**rest, path[0]: inner}


def dotted(path: Path) -> str:
    return ".".join(text_of(part) if "." in part else part for part in path)


def is_within(path: Path, keys: list[Path]) -> bool:
    return any(path[: len(key)] == key for key in keys)


def fits(tree: Any, key: Path) -> bool:
    """Whether what holds a key is a mapping, or is not there."""
    return all(
        isinstance(at(tree, key[:depth])[0], dict) or at(tree, key[:depth]) == "absent" for depth in range(len(key))
    )


@given(FORMS, TREES, TREES, st.data(), st.randoms(use_true_random=False), st.sampled_from(["", "\ufeff"]))
def test_the_keys_are_the_templates_and_all_else_is_mine(
    form: str, mine: dict[str, Any], template: dict[str, Any], data: st.DataObject, how: Random, mark: str
) -> None:
    known = sorted({*paths_in(mine), *paths_in(template)}) or [("a",)]
    keys = data.draw(st.lists(st.sampled_from(known), unique=True, min_size=1, max_size=4))
    lines = WRITERS[form](mine, how)
    text = "\n".join(line for _, line in lines) + "\n"
    end = how.choice(["\n", "\r\n"])
    ours = mark + (text if how.random() < 0.7 else text.removesuffix("\n")).replace("\n", end)
    theirs = "".join(f"{line}\n" for _, line in WRITERS[form](template, how))
    path = f"a.{form}"
    known_form = format_of(path)
    assert known_form is not None
    before = known_form.data(ours.encode()) or {}
    assert canonical(before) == canonical(mine)
    if not all(fits(mine, key) for key in keys):
        return
    found = set_keys(path, mine=ours.encode(), template=theirs.encode(), keys=[dotted(key) for key in keys]).decode()
    after = known_form.data(found.encode()) or {}
    rest = mine
    assert [canonical(at(after, key)) for key in keys] == [canonical(at(template, key)) for key in keys]
    for key in keys:
        rest, after = without(rest, key), without(after, key)
    assert canonical(rest) == canonical(after)
    assert found.startswith("\ufeff") == bool(mark)
    if "\n" in found and "\n" in ours:
        assert ("\r\n" in found) == ("\r\n" in ours)
    result = found.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    # Lines about other keys are there, as they were and in their order.
    kept = [
        line.rstrip(",") for about, line in lines if about and not is_within(about, keys) and not holds(about, keys)
    ]
    there = iter(line.replace(",", "") if "json" in form else line for line in result)
    assert all((line.replace(",", "") if "json" in form else line) in there for line in kept)
    if form in {"yaml", "toml"}:
        words = {line.partition("# ")[2] for line in result}
        for about, line in lines:
            if about and "# of" in line and not is_within(about[:-1], keys):
                assert line.partition("# ")[2] in words


def without_comma(line: str) -> str:
    """What is last in JSON has no comma."""
    return line.replace(",", "")


def holds(path: Path, keys: list[Path]) -> bool:
    return any(key[: len(path)] == path for key in keys)


@pytest.mark.parametrize(
    ("path", "mine", "template", "keys", "wanted"),
    [
        pytest.param(
            "a.toml",
            "[t]\nx = 1  # why\n\n# mine\n[t.u]\ny = 1\n\n[mine]\nz = 1\n",
            "[t]\nx = 2\n[t.u]\ny = 2\n",
            ["t.x", "t.u"],
            "[t]\nx = 2  # why\n\n# mine\n[t.u]\ny = 2\n\n[mine]\nz = 1\n",
            id="tables and items",
        ),
        pytest.param(
            "a.toml",
            "a = 1\n",
            "[new.table]\nk = 1\n",
            ["new.table.k"],
            "a = 1\n\n[new.table]\nk = 1\n",
            id="a new table",
        ),
        pytest.param("a.toml", "[t]\nx = 1\ny = 2\n", "", ["t.x"], "[t]\ny = 2\n", id="an item goes"),
        pytest.param(
            "a.toml", "[t]\nx = [\n  1,\n]\n", "[t]\nx = [2]\n", ["t.x"], "[t]\nx = [2]\n", id="several lines"
        ),
        pytest.param(
            "a.yml",
            "a: 1  # c\nb:\n  - x\nc: 3\n",
            "b:\n    - y\n    - z\n",
            ["b"],
            "a: 1  # c\nb:\n    - y\n    - z\nc: 3\n",
            id="a block",
        ),
        pytest.param(
            "a.yml",
            "a:\n  b: 1\n",
            "a:\n    b: 2\n    c: 3\n",
            ["a.b", "a.c"],
            "a:\n  b: 2\n  c: 3\n",
            id="other depth",
        ),
        pytest.param("a.yml", "a: 1\nb: 2\n", "b: 2\n", ["a"], "b: 2\n", id="a key goes"),
        pytest.param(
            "a.json",
            '{\n  "a": 1,\n  "b": {"x": 1}\n}\n',
            '{"a": 2, "b": {"x": 3}, "c": 4}',
            ["a", "b.x", "c"],
            '{\n  "a": 2,\n  "b": {"x": 3},\n  "c": 4\n}\n',
            id="JSON",
        ),
        pytest.param(
            "a.json", '{\n  "a": 1,\n  "b": 2\n}\n', "{}", ["b"], '{\n  "a": 1\n}\n', id="the last of JSON goes"
        ),
        pytest.param("a.json", '{"a": 1, "b": 2}', "{}", ["a"], '{"b": 2}', id="the first of JSON goes"),
        pytest.param("a.yml", "# top\n{}\n", "a: 1\n", ["a"], "# top\na: 1\n", id="an empty mapping"),
        pytest.param("a.yml", "# top\n", "a:\n  b: 1\n  c: 2\n", ["a.b"], "# top\na:\n  b: 1\n", id="comments alone"),
        pytest.param("a.yml", "a:\nb: 1\n", "a:\n  c: 1\n", ["a.c"], "a:\n  c: 1\nb: 1\n", id="a key without a value"),
        pytest.param("a.yml", "a: {}  # mine\n", "a:\n  c: 1\n", ["a.c"], "a:  # mine\n  c: 1\n", id="an empty value"),
        pytest.param("a.yml", "a: 1  # x\n", "a:\n  b: 1\n", ["a"], "a:  # x\n  b: 1\n", id="a block for a scalar"),
        pytest.param("a.yml", "a:  # x\n  b: 1\n", "a: 2\n", ["a"], "a: 2  # x\n", id="a scalar for a block"),
        pytest.param("a.yml", "a:\n  b: 1\nc: 1\n", "c: 2\n", ["a.b"], "c: 1\n", id="what held keys alone goes, too"),
        pytest.param("a.yml", "a:\n  b: 1\n", "a: {c: 1}\n", ["a.b"], "a: {}\n", id="what the template has stays"),
        pytest.param("a.yml", "x: 1", "d: &d {k: 1}\nj: *d\n", ["j"], 'x: 1\nj: {"k": 1}', id="an alias"),
        pytest.param("a.yml", "j: {a: 1}\n", "j:\n  s: [1]\n", ["j.s"], "j: {a: 1, s: [1]}\n", id="a block in braces"),
        pytest.param(
            ".gitlab-ci.yml",
            "job:\n  # mine\n  script: !reference [.a, script]\n  only: !x [y]\n",
            "job:\n  script: !reference [.b, script]\n",
            ["job.script"],
            "job:\n  # mine\n  script: !reference [.b, script]\n  only: !x [y]\n",
            id="tags of their own",
        ),
        pytest.param(
            "tsconfig.JSONC",
            '{\n  // c\n  "a": 1, // d\n  "b": 2,\n}',
            '{"a": 3}',
            ["a", "b"],
            '{\n  // c\n  "a": 3, // d\n}',
            id="JSON with comments",
        ),
        pytest.param(
            "a.json",
            '{"b": 1}',
            '{"a": [1, /* why */ 2,]}',
            ["a"],
            '{"b": 1, "a": [1, 2]}',
            id="strict JSON",
        ),
        pytest.param(
            "a.toml",
            "tool = {ruff = {a = 1, b = 2}}\n",
            "[tool.ruff]\na = 2\n[tool.ruff.lint]\nq = 1\n",
            ["tool.ruff.a", "tool.ruff.lint"],
            "tool = {ruff = {a = 2, b = 2, lint = { q = 1 }}}\n",
            id="tables in braces",
        ),
        pytest.param(
            "a.toml",
            "[t]\nx = 1\n[[t.a]]\nb = 1\n\n[mine]\nx = 1\n",
            "[t]\nx = 2\n\n[[t.a]]\nb = 2\n\n[[t.a]]\nb = 3\n",
            ["t"],
            "[t]\nx = 2\n[[t.a]]\nb = 2\n\n[[t.a]]\nb = 3\n\n[mine]\nx = 1\n",
            id="arrays of tables",
        ),
        pytest.param(
            "a.toml",
            "t.u.a = 1\nx = 2\n\n[z]\n",
            "[t.u]\na = 2\nb = 3  # new\n",
            ["t.u"],
            "t.u.a = 2\nx = 2\nt.u.b = 3  # new\n\n[z]\n",
            id="dotted keys",
        ),
        pytest.param(
            "a.toml",
            '[tool."a.b"]\nc = 1 # mine\n',
            '[tool."a.b"]\nc = 2\n',
            ['tool."a.b".c'],
            '[tool."a.b"]\nc = 2 # mine\n',
            id="keys in quotes",
        ),
        pytest.param(
            "a.toml", "# licence\n\n[x]\na = 1\n", "k = 1\n", ["k"], "# licence\n\nk = 1\n\n[x]\na = 1\n", id="the top"
        ),
        pytest.param("a.toml", "x = 1\n", "x = true\n", ["x"], "x = true\n", id="types count"),
        pytest.param("a.yml", "a: 1\r\nb: 2\nc: 3", "c: 4\n", ["c"], "a: 1\r\nb: 2\nc: 4", id="two kinds of line ends"),
    ],
)
def test_keys_are_set_and_nothing_else(path: str, mine: str, template: str, keys: list[str], wanted: str) -> None:
    assert set_keys(path, mine=mine.encode(), template=template.encode(), keys=keys).decode() == wanted


@pytest.mark.parametrize(
    ("path", "mine", "template", "key"),
    [
        ("a.txt", "a", "b", "x"),
        ("a.toml", "a = [", "a = 1", "a"),
        ("a.yml", "a: 1\n", "a: {b: 2}\n", "a.b"),
        ("a.yml", "a: *x\nb: &x {}\n", "a: 1\n", "a"),
        ("a.yml", "a: &x 1\nb: *x\n", "a: 2\n", "a"),
        ("a.json", "[]", '{"a": 1}', "a"),
        ("a.toml", "a = 1\n", "[a]\nb = 1\n", "a.b"),
    ],
)
def test_keys_that_cannot_be_set(path: str, mine: str, template: str, key: str) -> None:
    with pytest.raises(KeyedFileError):
        set_keys(path, mine=mine.encode(), template=template.encode(), keys=[key])


SIGNS = st.sampled_from(
    [
        *"ab=:{}[],'\"1|&*!?#-. \n",
        ": ",
        "\n  ",
        "- ",
        "\n[a]\n",
        "\n[[a]]\n",
        "a=1\n",
        '"a":',
        "<<",
        "//",
        "\r\n",
        "---\n",
    ]
)


@given(FORMS, st.lists(SIGNS, max_size=16).map("".join), st.lists(SIGNS, max_size=16).map("".join))
def test_whatever_is_written_is_set_or_refused(form: str, mine: str, template: str) -> None:
    keys = ["a", "b.a"]
    with contextlib.suppress(KeyedFileError):
        found = set_keys(f"x.{form}", mine=mine.encode(), template=template.encode(), keys=keys)
        digests = [key_digests(f"x.{form}", text, keys) for text in (found, template.encode())]
        assert digests[0] == digests[1]


def test_a_parser_s_line_and_what_to_do_are_said() -> None:
    with pytest.raises(KeyedFileError, match=r"^a\.toml does not parse: ") as refused:
        set_keys("a.toml", mine=b"a = 1\nb = [\n", template=b"", keys=["a"])
    assert (refused.value.line, refused.value.hint) == (2, "Mend its syntax and run the same command again.")


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("a.b", ("a", "b")),
        ('a."b.c".d', ("a", "b.c", "d")),
        ("'a.b'", ("a.b",)),
        (r'"a\"b"', ('a"b',)),
        ('a."b', ("a", '"b')),
        ("a..b", ("a", "", "b")),
        ("a.", ("a", "")),
        ("", ("",)),
    ],
)
def test_dotted_keys(key: str, parts: Path) -> None:
    assert key_parts(key) == parts


@pytest.mark.parametrize("form", ["toml", "yaml", "json"])
def test_three_thousand_keys_are_quick(form: str) -> None:
    mine, template = ({f"k{number}": {"x": number + add} for number in range(3000)} for add in (0, 1))
    how = Random(0)  # noqa: S311
    sides = ["".join(f"{line}\n" for _, line in WRITERS[form](side, how)).encode() for side in (mine, template)]
    for before in (sides[0], b"" if form != "json" else b"{}"):
        with ends_within(10):
            found = set_keys(f"a.{form}", mine=before, template=sides[1], keys=[*template])
        assert key_digests(f"a.{form}", found, ["k2999"]) == key_digests(f"a.{form}", sides[1], ["k2999"])


def test_an_array_of_many_tables_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Any] = []

    def counted(one: Any, other: Any, keys: Any) -> bool:
        compared.extend([one] if isinstance(one, list) else [])
        return are_equal(one, other, keys)

    monkeypatch.setattr(tables, "are_equal", counted)
    mine, template = ("".join(f"[[x]]\na = {number + more}\n" for number in range(50)) for more in (0, 1))
    assert set_keys("a.toml", mine=mine.encode(), template=template.encode(), keys=["x"]) == template.encode()
    assert len(compared) == 1


@pytest.mark.parametrize(
    ("mine", "template", "keys", "wanted"),
    [
        pytest.param("on: a  # why\nx: 1\n", "on: b\n", ["on"], "on: b  # why\nx: 1\n", id="a value"),
        pytest.param("x: 1\n", "on:\n  push: {}\n", ["on.push"], "x: 1\non:\n  push: {}\n", id="new"),
        pytest.param("on: a\nx: 1\n", "x: 2\n", ["on"], "x: 1\n", id="gone"),
        pytest.param("'on': a\n", "on: b\n", ["on"], "'on': b\n", id="in quotes of mine"),
        pytest.param("on: {a: 1, b: 2}\n", "on: {a: 3}\n", ["on.a"], "on: {a: 3, b: 2}\n", id="below it"),
        pytest.param("j:\n  1: a\n  2: b\n", "j:\n  1: c\n", ["j.1"], "j:\n  1: c\n  2: b\n", id="a number"),
        pytest.param("~: a\nno: b\n", "~: c\nno: d\n", ["~"], "~: c\nno: b\n", id="nothing"),
        pytest.param("2024-01-01: a\n", "2024-01-01: b\n", ["2024-01-01"], "2024-01-01: b\n", id="a date"),
    ],
)
def test_keys_that_yaml_reads_as_no_text_are_set(mine: str, template: str, keys: list[str], wanted: str) -> None:
    assert set_keys("a.yml", mine=mine.encode(), template=template.encode(), keys=keys).decode() == wanted

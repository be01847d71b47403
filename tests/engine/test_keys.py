"""Keyed files: the value counts, not how it is written."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mlscaffold.documents.keys import KeyedFileError, digests_by_text, key_digests, line_of_key


@pytest.mark.parametrize(
    ("path", "one", "same", "other"),
    [
        ("a.toml", b"[tool.x]\na = 1\nb = 2\n", b"# note\n[tool]\nx = {b = 2, a = 1}\n", b"[tool.x]\na = 1\nb = 3\n"),
        ("a.yml", b"tool: {x: {a: 1, b: 2}}", b"# note\ntool:\n  x:\n    b: 2\n    a: 1\n", b"tool: {x: {a: 1}}"),
        ("a.json", b'{"tool": {"x": {"a": 1, "b": 2}}}', b'{"y": 0, "tool": {"x": {"b": 2, "a": 1}}}', b'{"tool": {}}'),
    ],
)
def test_layout_order_and_other_keys_do_not_count(path: str, one: bytes, same: bytes, other: bytes) -> None:
    keys = ["tool.x"]
    assert key_digests(path, one, keys) == key_digests(path, same, keys) != key_digests(path, other, keys)


def test_an_absent_key_has_a_digest_of_its_own() -> None:
    assert key_digests("a.json", b"{}", ["x.y"]) != key_digests("a.json", b'{"x": {"y": null}}', ["x.y"])


@pytest.mark.parametrize(("path", "content"), [("a.toml", b"["), ("a.yaml", b"a: ["), ("a.json", b"{"), ("a.ini", b"")])
def test_what_does_not_parse_is_named(path: str, content: bytes) -> None:
    with pytest.raises(KeyedFileError, match=r"does not parse|only TOML, YAML and JSON"):
        key_digests(path, content, ["x"])


def digest_of_0_3_0(path: str, content: bytes, key: str) -> str:
    """What locks of the releases before hold, as it was written then."""
    parsers: dict[str, Any] = {
        "toml": lambda text: tomllib.loads(text.decode()),
        "json": json.loads,
        "yml": yaml.safe_load,
    }
    value = parsers[path.rpartition(".")[2]](content)
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return "absent"
        value = value[part]
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


NAMES = st.text("abé.- #", min_size=1, max_size=3)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(st.characters(codec="utf-8"), max_size=8)
    | st.dates(dt.date(1900, 1, 1))
    | st.datetimes(dt.datetime(1900, 1, 1))  # noqa: DTZ001 - documents hold such
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.integers(), inner, max_size=1),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES))
def test_digests_of_yaml_are_those_of_locks_that_are_there(data: dict[str, Any]) -> None:
    content = yaml.safe_dump(data, allow_unicode=True).encode()
    for key in data:
        assert key_digests("a.yml", content, [key])[key] == digest_of_0_3_0("a.yml", content, key)


@given(
    st.dictionaries(
        st.text("abé -", min_size=1),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
    )
)
def test_digests_of_json_are_those_of_locks_that_are_there(data: dict[str, Any]) -> None:
    content = json.dumps(data).encode()
    for key in data:
        assert key_digests("a.json", content, [key])[key] == digest_of_0_3_0("a.json", content, key)


WRITTEN = {
    "a.yml": [
        "1_000", "017", "0o17", "0x1F", "0b11", "1:30:45", "1:30.5", "1e3", "1.0e+3", ".inf", "-.INF", ".nan", "~", "",
        "yes", "Off", "2024-01-02", "2024-1-2", "2024-01-02T03:04:05Z", "2024-01-02 3:04:05.5 +02:00", "3.10", "'3.10'",
        "!!binary aGk=", "!!set {a}", "!!omap [a: 1, b: 2]", "!!pairs [a: 1]", "!!str 1", "!!float 1", "{1: a, 2: b}",
        "{a: 1, a: 2}", "&x [1, *y]", "{<<: *m, b: 2}", "{<<: [*m, {a: 3, c: 1}]}", "|\n  a\n  b\n", ">-\n  a\n  b\n",
        '"\\x41\\u00e9\\/"', "{true: 1}",
    ],
    "a.toml": [
        "1_000", "0xff", "1e3", "inf", "nan", "-0.0", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5", "1979-05-27",
        "07:32:00", "[1, [2]]", "{a.b = 1}", "'x'", '"\\u00e9"', '"""a\nb"""',
    ],
    "a.json": [
        "1.0", "1e3", "1E400", "-0", "NaN", "-Infinity", '"\\u00e9"', '{"a": 1, "a": 2}', "[null, true]",
        "1234567890123456789",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in WRITTEN.items() for value in values])
def test_every_way_to_write_a_value_has_the_digest_that_it_had(path: str, value: str) -> None:
    around = {
        "a.yml": f"y: &y 1\nm: &m {{a: 1}}\nx: {value}\n",
        "a.toml": f"x = {value}\n",
        "a.json": f'{{"x": {value}}}',
    }
    content = around[path].encode()
    assert key_digests(path, content, ["x"])["x"] == digest_of_0_3_0(path, content, "x")


@pytest.mark.parametrize(
    ("path", "one", "same"),
    [
        ("a.YAML", "job: !reference [.a, script]\n", "# x\njob: !reference\n  - .a\n  - script\n"),
        ("x.webmanifest", '{"job": 1}', '{ "job":1 }'),
        ("CITATION.cff", "job: 1\n", "a: 1\njob: 1"),
        ("tsconfig.json", '{"job": [1, 2]}', '// x\n{"job": [1, /* y */ 2,],}'),
        ("x.jsonc", '{"job": "// no comment, ]"}', '{"job": "// no comment, ]",}'),
        ("a.yml", "job: {a: 1, 2: b, 2024-01-01: c}\n", "job: {2024-01-01: c, 2: b, a: 1}\n"),
        ("a.yml", "job: !!set {a, b, c, d}\n", "job: !!set {d, c, b, a}\n"),
        ("a.yml", "job: 2024-02-30\n", "job: 2024-02-30  # no such day\n"),
        ("a.toml", "job = 1\n", "\ufeffjob = 1\r\n"),
        ("package-lock.json", '{"job": 1}', '{"job": 1, "a": 2}'),
        ("a.json", '{"job": "\\ud800"}', '{ "job": "\\ud800" }'),
    ],
)
def test_every_file_that_can_be_merged_can_be_keyed(path: str, one: str, same: str) -> None:
    digests = [key_digests(path, text.encode(), ["job"]) for text in (one, same)]
    assert digests[0] == digests[1] != {"job": "absent"}


@pytest.mark.parametrize(
    ("path", "text", "key", "line"),
    [
        ("a.toml", "x = 1\n\n# [t.u]\n[t]\nu.v = 1\n", "t.u.v", 5),
        ("a.toml", "[t]\n[t.u]\nx = 1\n", "t.u", 2),
        ("a.toml", "[t]\nx = {y = {z = 1}}\n", "t.x.y.z", 2),
        ("a.toml", "[t]\nx = 1\n", "t.y", None),
        ("a.toml", "[a]\nx = 1\n", "t.y", None),
        ("a.yml", "a: 1\nb:\n  c:\n    d: 1\n", "b.c.d", 4),
        ("a.yml", "a: {b: 1,\n  c: 2}\n", "a.c", 2),
        ("a.yml", "a: 1\non:\n  1: x\n", "on.1", 3),
        ("a.json", '{"b": 1,\n"a":\n {"b": 2}}', "a.b", 3),
        ("a.json", "{", "a", None),
        ("a.txt", "a", "a", None),
    ],
)
def test_the_line_of_a_key(path: str, text: str, key: str, line: int | None) -> None:
    assert line_of_key(path, text.encode(), key) == line


@pytest.mark.parametrize("key", ["on", "no", "true", "1", "1.5", "~"])
def test_a_key_that_yaml_reads_as_no_text_is_the_one_that_is_written(key: str) -> None:
    parts = [f'"{key}"', f'x."{key}"']
    written, quoted, without = (f"{name}: a\nx:\n  {name}: b\n".encode() for name in (key, f'"{key}"', "other"))

    assert key_digests("a.yml", written, parts) == key_digests("a.yml", quoted, parts)
    assert set(key_digests("a.yml", without, parts).values()) == {"absent"}
    # Locks of earlier versions say that it is not there, and stay valid.
    assert set(digests_by_text("a.yml", written, parts).values()) == {"absent"}
    assert key_digests("a.yml", written, ["x"])["x"] == digest_of_0_3_0("a.yml", written, "x")


def test_one_and_true_are_two_keys() -> None:
    assert key_digests("a.yml", b"1: x\n", ["on", "true", "1"]) == {
        **key_digests("a.yml", b"", ["on", "true"]),
        **key_digests("a.yml", b"'1': x\n", ["1"]),
    }

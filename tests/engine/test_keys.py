"""Keyed files: the value counts, not how it is written."""

from __future__ import annotations

import pytest

from mlscaffold.documents.keys import KeyedFileError, key_digests


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

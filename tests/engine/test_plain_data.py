"""Plain data is told from what YAML knows beyond it, in time that grows with the text and not with its meaning."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mlscaffold.documents.plain_data import NotPlainError, require_plain

from ..bounded import ends_within


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, "é😀", [], {}, {"a": [1, {"b": None}]}, "x" * 1024 * 1024, 10**3000, [[0]] * 1000]
)
def test_plain_data_is_let_be(value: Any) -> None:
    require_plain(value, "it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("&a [*a]", "it[0] holds itself, by an alias"),
        ("{x: &a {y: [1, *a]}}", "it.x.y[1] holds itself, by an alias"),
        ("{1: a}", "it has a key that is no text: 1. Quote it"),
        ("{a: {null: b}}", "it.a has a key that is no text: None. Quote it"),
        ("[.nan]", "it[0] is no number that can be written down: nan"),
        ("-.inf", "it is no number that can be written down: -inf"),
        (r'{a: "\udc80"}', r"it.a holds \udc80, which is no text"),
        (r'{"\udc80": a}', r"a key of it holds \udc80, which is no text"),
        ("[" * 150 + "]" * 150, "is nested too deeply"),
    ],
)
def test_what_is_none_is_named(text: str, said: str) -> None:
    with pytest.raises(NotPlainError) as raised:
        require_plain(yaml.safe_load(text), "it")
    assert said in str(raised.value)


def test_keys_may_be_of_other_types_where_that_is_said() -> None:
    require_plain({1: {None: "a"}}, "it", keys=(str, int, type(None)))


def test_a_few_lines_that_mean_more_than_any_memory_holds_are_too_long() -> None:
    value: Any = ["x"]
    for _ in range(60):
        value = [value] * 9
    with ends_within(1), pytest.raises(NotPlainError, match="it is too long"):
        require_plain(value, "it")


def test_what_is_shared_is_no_loop() -> None:
    shared = {"a": 1}
    require_plain([shared, {"b": shared}, shared], "it")

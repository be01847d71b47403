"""Globs: the dialect of `.gitignore`, as `pathspec` reads it, in a time that no glob makes long."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from mlscaffold.files.glob import GlobError, check_glob, matches

from ..bounded import ends_within

SIGNS = ("a", "b", "*", "**", "/", "?", "[ab]", "[a-b]", ".", "\\a", " ", "[", "!", "#")
GLOBS = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=8).map("".join)
NAMES = st.text("abx", min_size=1, max_size=3)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(glob=GLOBS, path=PATHS)
def test_what_pathspec_names_is_named(glob: str, path: str) -> None:
    try:
        with warnings.catch_warnings():
            # It hands a bracket in a bracket to `re` as it is.
            warnings.simplefilter("ignore")
            expected = bool(GitIgnoreSpec.from_lines([glob]).match_file(path))
    except ValueError:
        return
    assert matches(glob, path) is expected


@pytest.mark.parametrize(
    ("glob", "named", "others"),
    [
        ("ci/**", ("ci/a", "ci/a/b"), ("ci", "x/ci/a")),
        ("*.md", ("a.md", "docs/a.md", "a.md/b"), ("a.mdx",)),
        ("/*.md", ("a.md",), ("docs/a.md",)),
        ("docs/", ("docs/a", "x/docs/a"), ("docs",)),
        ("a/**/b", ("a/b", "a/x/b", "a/x/y/b/c"), ("x/a/b", "a/bb")),
        ("a[!b]c", ("axc",), ("abc", "a/c")),
        ("[]-]", ("]", "-"), ("a",)),
        ("[z", (), ("[z", "z")),
        ("!a", (), ("a", "!a")),
        ("#a", (), ("#a",)),
        (r"\#a", ("#a",), ()),
        ("a ", ("a",), ("a ",)),
        ("", (), ("a",)),
        ("/", (), ("a",)),
        ("**", ("a", "a/b"), ()),
        ("**/", ("a/b",), ("a",)),
    ],
)
def test_the_dialect(glob: str, named: tuple[str, ...], others: tuple[str, ...]) -> None:
    assert [path for path in (*named, *others) if matches(glob, path)] == [*named]


@pytest.mark.parametrize("glob", ["a\\", "[z-a]", "a" * 5000])
def test_what_means_nothing_is_refused(glob: str) -> None:
    with pytest.raises(GlobError):
        check_glob(glob)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 1000 + "b", "a" * 4000),
        ("**/a/" * 800 + "b", "a/" * 2000 + "c"),
        ("**/*a*a*/" * 400 + "b", "aaaa/" * 800 + "c"),
        ("*?" * 2000 + "b", "a" * 4000),
    ],
)
def test_no_glob_makes_a_path_take_long(glob: str, path: str) -> None:
    with ends_within(2):
        assert not matches(glob, path)

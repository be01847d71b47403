"""The ownership table: the last match wins, and mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.errors import OwnershipError
from mlscaffold.template.ownership import OWNERSHIP_FILE, Ownership, Predecessor, read_ownership
from mlscaffold.template.policy import Policy


def table(tmp_path: Path, text: str) -> Ownership:
    """The table in a text."""
    (tmp_path / OWNERSHIP_FILE).write_text(text, encoding="utf-8")
    return read_ownership(tmp_path)


def test_the_last_match_wins_and_the_rest_is_merged(tmp_path: Path) -> None:
    owned = table(tmp_path, 'files: {"cicd/**": owned, "cicd/local/*": merged, "*.lock": {derived: make lock}}')
    found = {path: owned.rule_for(path).policy for path in ("cicd/a/b", "cicd/local/x", "cicd/x.lock", "src/a.py")}
    assert found == {
        "cicd/a/b": Policy.OWNED,
        "cicd/local/x": Policy.MERGED,
        "cicd/x.lock": Policy.DERIVED,
        "src/a.py": Policy.MERGED,
    }


def test_every_policy_and_option_is_read(tmp_path: Path) -> None:
    text = """
    files:
      a: {keyed: [tool.ruff]}
      b: {seeded: {required: true, recreate: true}}
      c: {seeded: }
      d: seeded
      e: retired
      f: {derived: uv lock}
      g: {seeded: {replaces: ["old/*", params.yaml: [data, model.kind]], page: docs/g.md}}
    moved: {old: new, older: [one, other]}
    """
    owned = table(tmp_path, text)
    assert owned.rule_for("a").keys == ("tool.ruff",)
    assert (owned.rule_for("b").required, owned.rule_for("b").recreate) == (True, True)
    assert [owned.rule_for(name).policy for name in "cd"] == [Policy.SEEDED, Policy.SEEDED]
    assert not owned.rule_for("d").required
    assert owned.retired_paths() == ("e",)
    assert owned.rule_for("f").command == "uv lock"
    before = (Predecessor(glob="old/*"), Predecessor(glob="params.yaml", keys=("data", "model.kind")))
    assert (owned.rule_for("g").replaces, owned.rule_for("g").page) == (before, "docs/g.md")
    assert owned.moved == {"old": ("new",), "older": ("one", "other")}


def test_without_a_table_what_copier_skips_is_seeded(tmp_path: Path) -> None:
    owned = read_ownership(tmp_path, skip_if_exists=("CHANGELOG.md",))
    assert owned.rule_for("CHANGELOG.md").policy is Policy.SEEDED
    assert not owned.rule_for("CHANGELOG.md").recreate, "what the user deleted stays deleted"
    assert owned.rule_for("README.md").policy is Policy.MERGED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("files: [", "not valid YAML"),
        ("[]", "must be a mapping"),
        ("owners: {}", "must be a mapping with the keys"),
        ("files: []\nmoved: x", "must be mappings"),
        ("files: {a: mine}", "'mine' is no policy"),
        ("files: {a: {owned: true}}", "takes no options"),
        ("files: {a: {owned: null, merged: null}}", "write one policy"),
        ("files: {a: 1}", "write one policy"),
        ("files: {a: keyed}", "needs a list of dotted keys"),
        ("files: {a: {keyed: [1]}}", "needs a list of dotted keys"),
        ("files: {a: derived}", "needs the command"),
        ("files: {a: {seeded: {recreated: true}}}", "takes `required`, `recreate`"),
        ("files: {a: {seeded: {recreate: true, replaces: [b], page: c}}}", "cannot be brought back"),
        ("files: {a: {seeded: {replaces: [b]}}}", "`page` says what an owner does"),
        ("files: {a: {seeded: {page: b}}}", "`replaces` is a list of globs"),
        ("files: {a: {seeded: {replaces: b, page: c}}}", "`replaces` is a list of globs"),
        ("files: {a: {seeded: {replaces: [{b: c}], page: d}}}", "lists globs, or a file and the keys"),
        ("files: {}\nmoved: {a: []}", "name the place now"),
        ("files: {}\nmoved: {a: [b, 1]}", "name the place now"),
        ('files: {"a*": retired}', "named in full"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(OwnershipError, match=said):
        table(tmp_path, text)

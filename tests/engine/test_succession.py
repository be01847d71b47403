"""A new file is withheld where an owner edited what it takes over from, and from nobody else."""

from __future__ import annotations

import pytest

from mlscaffold.files.entry import Entry, FileMode
from mlscaffold.plan.pairing import TemplateSide
from mlscaffold.plan.succession import withheld
from mlscaffold.template.ownership import Ownership, PathRule, Predecessor
from mlscaffold.template.policy import Policy

PAGE = "docs/page.md"
OLD = {"src/a/rules.py": b"1", "src/a/table.py": b"1", "params.yaml": b"data: 1\nmodel: 1\n", "raw/x.csv": b"1"}
NEW = {"contract.yaml": b"1", "params.yaml": b"model: 1\n", "raw/x.csv": b"1"}
REPLACES = (
    Predecessor(glob="src/*/rules.py"),
    Predecessor(glob="params.yaml", keys=("data", "ranges")),
    Predecessor(glob="raw/**"),
)


def entries(files: dict[str, bytes], mode: FileMode = FileMode.FILE) -> dict[str, Entry]:
    return {path: Entry(mode=mode, blob=content.decode()) for path, content in files.items()}


def reason(
    mine: dict[str, bytes | None], *, old: dict[str, bytes] = OLD, new: dict[str, bytes] = NEW, policy: str = "seeded"
) -> str:
    """Why the contract is withheld in a project with some files changed (None: removed); empty if it is written."""
    here = {path: content for path, content in {**old, **mine}.items() if content is not None}
    rules = (PathRule(glob="contract.yaml", policy=Policy(policy), replaces=REPLACES, page=PAGE),)
    found = withheld(
        TemplateSide(entries=entries(old)),
        entries(here),
        TemplateSide(entries=entries(new)),
        Ownership(rules=rules),
        lambda path: (old[path], here[path]),
    )
    assert found.keys() <= {"contract.yaml"}
    return found.get("contract.yaml", "")


def test_it_is_written_where_nobody_edited() -> None:
    assert reason({}) == ""


@pytest.mark.parametrize(
    "mine",
    [
        {"src/a/rules.py": b"2"},
        {"src/a/rules.py": None},
        {"src/b/rules.py": b"1"},
        {"params.yaml": b"data: 2\nmodel: 1\n"},
        {"params.yaml": b"ranges: 2\ndata: 1\nmodel: 1\n"},
        {"params.yaml": b"data: [\n"},
        {"params.yaml": None},
        {"raw/x.csv": None},
        {"raw/deep/own.csv": b"1"},
    ],
)
def test_it_is_withheld_where_somebody_did(mine: dict[str, bytes | None]) -> None:
    said = reason(mine)
    assert next(iter(mine)) in said
    assert said.endswith(PAGE)


@pytest.mark.parametrize(
    "mine",
    [
        {"params.yaml": b"# Ours.\ndata: 1\nmodel: 2\n"},
        {"src/a/table.py": b"2"},
        {"src/a/own.py": b"1"},
    ],
)
def test_edits_of_anything_else_do_not_count(mine: dict[str, bytes | None]) -> None:
    assert reason(mine) == ""


def test_a_link_in_the_place_of_a_keyed_file_is_an_edit() -> None:
    rules = (PathRule(glob="contract.yaml", policy=Policy.SEEDED, replaces=REPLACES, page=PAGE),)
    mine = {**entries(OLD), "params.yaml": Entry(mode=FileMode.SYMLINK, blob="x")}
    old, new = TemplateSide(entries=entries(OLD)), TemplateSide(entries=entries(NEW))
    assert withheld(old, mine, new, Ownership(rules=rules), lambda _: (b"", b""))


def test_nothing_is_taken_over_from_a_version_that_has_it_already_or_had_nothing() -> None:
    edited: dict[str, bytes | None] = {"raw/x.csv": b"2"}
    assert reason(edited, old={**NEW}) == ""
    assert reason(edited, old={"params.yaml": b"", "raw/x.csv": b"1"}) == ""


def test_only_seeded_files_are_withheld() -> None:
    assert reason({"src/a/rules.py": b"2"}, policy="merged") == ""

"""The benchmark's judgement of a merge: conflicts, agreement and lost edits, from trees given as dictionaries."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from benchmarks.replay import ANSWERS, Case, Outcome, git, recorded_updates, score

OLD = {"a.txt": b"one\ntwo\n", "gone.txt": b"x\n", "same.txt": b"s\n"}
NEW = {"a.txt": b"ONE\ntwo\n", "gone.txt": b"y\n", "same.txt": b"S\n"}
MINE = {"a.txt": b"one\ntwo\nmine\n", "same.txt": b"S\n"}
COMMITTED = {"a.txt": b"ONE\ntwo\nmine\n", "same.txt": b"S\n"}
CASE = Case(old=OLD, new=NEW, mine=MINE, committed=COMMITTED)


def test_a_right_merge_agrees_and_loses_nothing() -> None:
    judged = score(CASE, Outcome(changed={"a.txt": b"ONE\ntwo\nmine\n"}))

    assert judged.touched == {"a.txt"}
    assert judged.contested == {"a.txt", "gone.txt"}, "both did the same to same.txt"
    assert judged.agreed == {"a.txt", "gone.txt"}
    assert not judged.conflicts
    assert not judged.lost
    assert not judged.brought_back
    assert not judged.differing


def test_the_templates_file_over_the_owners_loses_the_owners_line() -> None:
    judged = score(CASE, Outcome(changed={"a.txt": b"ONE\ntwo\n"}))

    assert judged.lost == {"a.txt": ["mine"]}
    assert judged.agreed == {"gone.txt"}
    assert judged.differing == {"a.txt"}


def test_a_line_that_went_along_with_a_rename_is_not_lost() -> None:
    judged = score(CASE, Outcome(changed={"a.txt": None, "b.txt": b"ONE\ntwo\nmine\n"}))

    assert not judged.lost
    assert judged.differing == {"a.txt"}


def test_a_line_of_the_templates_in_a_file_that_the_owner_moved_is_not_the_owners() -> None:
    case = Case(old=OLD, new={"same.txt": b"S\n"}, mine={"b.txt": b"one\nmine\n"}, committed={"b.txt": b"one\nmine\n"})

    assert not score(case, Outcome(changed={"b.txt": b"mine\n"})).lost
    assert score(case, Outcome(changed={"b.txt": b"one\n"})).lost == {"b.txt": ["mine"]}


def test_a_line_that_the_maintainers_dropped_is_not_lost() -> None:
    case = Case(old=OLD, new=NEW, mine=MINE, committed={**COMMITTED, "a.txt": b"ONE\ntwo\n"})

    assert not score(case, Outcome(changed={"a.txt": b"ONE\ntwo\n"})).lost


def test_a_deleted_file_that_returns_is_counted() -> None:
    judged = score(CASE, Outcome(changed={"gone.txt": b"y\n"}))

    assert judged.brought_back == {"gone.txt"}
    assert "gone.txt" in judged.differing


def test_markers_are_conflicts_even_around_the_right_text() -> None:
    content = b"<<<<<<< before\none\n=======\nONE\n>>>>>>> after\ntwo\n<<<<<<< before\nmine\n=======\n>>>>>>> after\n"

    judged = score(CASE, Outcome(changed={"a.txt": content}))

    assert judged.conflicts == {"a.txt": 2}
    assert judged.agreed == {"gone.txt"}
    assert not judged.differing


def test_unmerged_and_rejected_files_are_conflicts() -> None:
    rejected = b"--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-one\n+ONE\n@@ -3 +3 @@\n-x\n+y\n"

    judged = score(CASE, Outcome(changed={"a.txt.rej": rejected}, unmerged=frozenset({"gone.txt"})))

    assert judged.conflicts == {"a.txt": 2, "gone.txt": 1}
    assert not judged.touched, "a .rej file is no file of the project"


def test_what_was_decided_otherwise_than_people_did_is_wrong() -> None:
    old, new = {"a": b"v1\nx\nw1\n"}, {"a": b"v2\nx\nw2\n"}
    case = Case(old=old, new=new, mine={"a": b"v3\nx\nw3\n"}, committed={"a": b"v3\nx\nw2\n"})

    assert not score(case, Outcome(changed={"a": b"v3\nx\nw2\n"})).wrong
    assert score(case, Outcome(changed={"a": b"v3\nx\nw3\n"})).wrong == {"a": 1}
    assert score(case, Outcome(changed={"a": b"v2\nx\nw3\n"})).wrong == {"a": 2}
    marked = b"v2\nx\n<<<<<<< a\nw3\n=======\nw2\n>>>>>>> b\n"
    assert score(case, Outcome(changed={"a": marked})).wrong == {"a": 1}, "what is marked is not decided"
    undecided = dataclasses.replace(case, committed={"a": marked})
    assert not score(undecided, Outcome(changed={"a": b"v3\nx\nw3\n"})).wrong, "nor did people, who committed markers"


@pytest.mark.parametrize(
    ("path", "whole", "broken"),
    [
        ("a.toml", b"a = 1\n", b"a = 1\na = 2\n"),
        ("a.yml", b"a: !x 1\n", b"a: [\n"),
        ("a.json", b"{}", b"{"),
        ("a.py", b"x = 1\n", b"x =\n"),
    ],
)
def test_what_parsed_and_does_so_no_longer_is_counted(path: str, whole: bytes, broken: bytes) -> None:
    case = Case(old={path: b""}, new={path: whole}, mine={path: whole + b"\n"}, committed={path: whole})

    assert not score(case, Outcome(changed={path: whole})).broken
    assert score(case, Outcome(changed={path: broken})).broken == {path}
    assert not score(dataclasses.replace(case, mine={path: broken}), Outcome(changed={path: broken + b"\n"})).broken


def test_the_tools_own_files_do_not_count() -> None:
    judged = score(CASE, Outcome(changed={ANSWERS: b"<<<<<<< a\n", ".mlscaffold.lock": b"l\n"}))

    assert not judged.touched
    assert not judged.conflicts


def _commit(project: Path, answers: str, subject: str) -> None:
    (project / ANSWERS).write_text(answers, encoding="utf-8")
    git(project, "add", "-A")
    git(project, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-qm", subject)


def test_updates_are_found_in_a_history(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    _commit(tmp_path, "_commit: 1.0.0\n_src_path: gh:them/template\n", "new")
    _commit(tmp_path, "_commit: 1.0.0\n_src_path: gh:them/template\nname: other\n", "an answer")
    _commit(tmp_path, "_commit: 1.1.0\n_src_path: https://github.com/Them/Template.git\nname: other\n", "an update")
    _commit(tmp_path, "_commit: 0.1.0\n_src_path: gh:them/another\nname: other\n", "another template")

    [found] = recorded_updates(tmp_path, source="them/template")

    assert (found.before, found.after) == ("1.0.0", "1.1.0")
    assert found.new_answers["name"] == "other"
    assert len(list(recorded_updates(tmp_path))) == 2

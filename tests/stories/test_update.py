"""`mlscaffold update`, the main path: the project follows its template, and keeps every edit."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from mlscaffold.git.process import Git

from .conftest import SMALL, Machine, snapshot
from .updating import LINES, follow, lines, made, with_line


def test_an_untouched_file_takes_the_change_of_the_template(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release(files={"notes.md": "two\n"})

    demo.updated()

    assert demo.text("notes.md") == "two\n"
    assert demo.version == "v2.0.0"
    assert "_commit: v2.0.0" in demo.text(".copier-answers.yml")


def test_the_result_is_left_uncommitted_for_review(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release(files={"notes.md": "two\n", "more.md": "more\n"})
    before = demo.git("rev-parse", "HEAD")

    demo.updated()

    assert demo.git("rev-parse", "HEAD") == before
    assert demo.git("diff", "--cached", "--name-only") == ""
    assert set(demo.git("status", "--porcelain").splitlines()) == {
        " M .copier-answers.yml",
        " M .mlscaffold.lock",
        " M notes.md",
        "?? more.md",
    }


def test_edits_on_both_sides_are_merged(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs")})

    demo.updated()

    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))


def test_the_same_edit_on_both_sides_is_no_conflict(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(5, "same")})
    demo.release(files={"notes.md": with_line(5, "same")})

    assert demo.actions() == {}
    demo.updated()

    assert demo.version == "v2.0.0"


def test_update_straight_after_new_is_empty(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "ownership.yml": "files:\n  notes.md: owned\n"})
    before = demo.state()

    done = demo.update()

    assert done.code == 0
    assert "Nothing to do" in done.out
    assert demo.state() == before


def test_twice_is_once(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs"), "more.md": "more\n"})
    demo.updated()
    demo.commit()
    before = demo.state()

    done = demo.update()

    assert "Nothing to do" in done.out
    assert demo.state() == before


def test_tag_by_tag_is_one_jump(machine: Machine) -> None:
    steps = follow(machine, {"notes.md": LINES, "gone.md": "gone\n", "old name.md": LINES}, name="steps")
    jump = made(machine, steps.template, name="jump")
    for demo in (steps, jump):
        demo.edit({"notes.md": with_line(1, "mine"), "old name.md": with_line(3, "mine")})
    steps.release("v2.0.0", {"notes.md": with_line(9, "second"), "b.md": "b\n"}, gone=("gone.md",))
    machine.git("mv", "template/old name.md", "template/new name.md", cwd=steps.template)
    steps.release("v3.0.0", {"notes.md": lines((9, "second"), (5, "third")), "new name.md": with_line(9, "third")})

    for tag in ("v2.0.0", "v3.0.0"):
        steps.updated("--to", tag)
        steps.commit()
    jump.updated()
    jump.commit()

    assert snapshot(steps.project) == snapshot(jump.project)
    assert jump.text("notes.md") == lines((1, "mine"), (5, "third"), (9, "second"))
    assert jump.text("new name.md") == lines((3, "mine"), (9, "third"))


def test_dry_run_is_the_real_run(machine: Machine) -> None:
    files = {
        "ownership.yml": "files:\n  ci.yml: owned\n  old.txt: retired\n",
        "ci.yml": "a: 1\n",
        "notes.md": LINES,
        "clash.md": LINES,
        "drop.md": "drop\n",
        "from.md": LINES,
    }
    demo = follow(machine, files)
    demo.edit({"ci.yml": "a: 2\n", "notes.md": with_line(1, "mine"), "clash.md": with_line(5, "mine"), "old.txt": "x"})
    machine.git("mv", "template/from.md", "template/to.md", cwd=demo.template)
    demo.release(
        files={
            "ci.yml": "a: 3\n",
            "notes.md": with_line(9, "theirs"),
            "clash.md": with_line(5, "theirs"),
            "came.md": "came\n",
        },
        gone=("drop.md",),
    )
    before = demo.state()

    planned = demo.planned()

    assert demo.state() == before
    assert {file["path"]: file["action"] for file in planned["files"]} == {
        "came.md": "create",
        "ci.yml": "replace",
        "clash.md": "conflict",
        "drop.md": "remove",
        "notes.md": "merge",
        "old.txt": "keep",
        "to.md": "move",
    }
    assert planned["conflicts"] == ["clash.md"]
    real = demo.update("--json")
    assert real.code == 3
    assert json.loads(real.out) == planned
    for file in planned["files"]:
        assert demo.has(file["path"]) == (file["after"] is not None)
        if file["after"] is not None:
            assert demo.git("hash-object", file["path"]).strip() == file["after"]["blob"], file
        if "moved_from" in file:
            assert not demo.has(file["moved_from"])


def test_json_is_alone_on_standard_output(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release(files={"notes.md": "two\n"})

    plan = json.loads(demo.update("--json").out)
    demo.commit()
    nothing = json.loads(demo.update("--json").out)

    assert (plan["format"], plan["from"], plan["to"]) == (1, "v1.0.0", "v2.0.0")
    assert (nothing["from"], nothing["to"], nothing["files"]) == ("v2.0.0", "v2.0.0", [])


def test_a_dry_run_shows_each_file_and_its_diff(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n", "blob.bin": b"\0\1"})
    demo.release(files={"notes.md": "two\n", "blob.bin": b"\0\2"})

    brief = demo.update("--dry-run").out
    said = demo.update("--dry-run", "--diff").out

    assert brief.splitlines()[1] == "2 files change."
    assert "-one" not in brief
    assert "--diff" in brief
    assert "update    merged  notes.md" in said
    assert "-one" in said
    assert "+two" in said
    assert "blob.bin: binary content differs" in said
    assert "Dry run: nothing was written." in said


def test_the_changelog_between_the_versions_is_shown(machine: Machine) -> None:
    demo = follow(machine, {"CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\nFirst.\n"})
    log = "# Changelog\n\n## 2.0.0\n\nFaster images.\n\n## 1.0.0\n\nFirst.\n"
    demo.release(files={"CHANGELOG.md": log, "notes.md": "two\n"})

    said = demo.update("--dry-run").out

    assert "Faster images." in said
    assert "First." not in said


def test_news_of_the_tool_are_told_apart(machine: Machine) -> None:
    """A tool that is released with its template has one changelog for both."""
    demo = follow(machine, {"CHANGELOG.md": "# Changelog\n"})
    news = "### The tool\n\n- Faster.\n\n### The template\n\n- Smaller images.\n"
    demo.release(files={"CHANGELOG.md": f"# Changelog\n\n## 2.0.0\n\nIn short.\n\n{news}", "notes.md": "two\n"})

    brief, full = demo.update("--dry-run").out, demo.update("--dry-run", "--diff").out

    assert "Smaller images." in brief
    assert "In short." in brief
    assert "Faster." not in brief
    assert full.index("What changed in the template:") < full.index("News of the tool:") < full.index("Faster.")


def test_a_version_can_be_chosen(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release("v1.1.0", {"notes.md": "two\n"})
    demo.release("v2.0.0", {"notes.md": "three\n"})

    demo.updated("--to", "1.1.0")

    assert (demo.text("notes.md"), demo.version) == ("two\n", "v1.1.0")


def test_a_downgrade_is_refused(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release()
    demo.updated()
    demo.commit()

    demo.refuses("v1.0.0", "is older than v2.0.0", "git revert", options=("--to", "v1.0.0"))


def test_an_unknown_version_is_refused_with_the_known_ones(machine: Machine) -> None:
    demo = follow(machine)
    demo.release()

    demo.refuses("has no version v9", "v1.0.0, v2.0.0", options=("--to", "v9"))


@pytest.mark.parametrize("ref", ["--upload-pack=touch pwned", "-x", " "])
def test_an_option_disguised_as_a_version_is_refused(machine: Machine, ref: str) -> None:
    demo = follow(machine)

    demo.refuses("is no version", options=(f"--to={ref}",))


def test_merge_git_decides_no_more_than_git(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES, "drop.md": LINES})
    demo.edit({"notes.md": with_line(5, "mine"), "drop.md": with_line(5, "mine")})
    demo.release(files={"notes.md": with_line(5, "theirs")}, gone=("drop.md",))

    plan = demo.planned("--merge", "git")

    assert plan["conflicts"] == ["drop.md", "notes.md"]
    assert demo.planned()["conflicts"] == ["notes.md"]


def test_a_prerelease_is_taken_only_when_named(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.release("v2.0.0rc1", {"notes.md": "two\n"})

    assert "Nothing to do" in demo.update().out
    demo.updated("--to", "v2.0.0rc1")

    assert demo.version == "v2.0.0rc1"


def test_a_project_of_an_untagged_commit_follows_to_a_release(machine: Machine) -> None:
    template = machine.template()
    machine.template({"template/notes.md": LINES}, tag="")
    demo = made(machine, template, "--ref", "main")
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs")})

    demo.updated()

    assert demo.version == "v2.0.0"
    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))


def test_the_template_renames_the_answers_file(machine: Machine) -> None:
    demo = follow(machine)
    demo.release("v2.0.0", {"copier.yml": SMALL["copier.yml"] + "_answers_file: .answers.yml\n"})
    demo.release("v3.0.0", {"notes.md": "notes\n"})

    demo.updated("--to", "v2.0.0")
    demo.commit()
    assert not demo.has(".copier-answers.yml")
    assert "_commit: v2.0.0" in demo.text(".answers.yml")
    demo.updated()
    demo.commit()

    assert "_commit: v3.0.0" in demo.text(".answers.yml")
    assert machine.run("check", demo.project).code == 0


def test_a_lost_lock_is_written_again(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    lock = demo.text(".mlscaffold.lock")
    demo.edit({"notes.md": with_line(1, "mine")}, gone=(".mlscaffold.lock",))

    done = demo.update()

    assert done.code == 0
    assert "derived from .copier-answers.yml" in " ".join(done.err.split())
    assert demo.text(".mlscaffold.lock") == lock


def test_git_is_asked_for_a_thing_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process takes longer than what we do ourselves; and of most files nothing changes."""
    files = {f"{number}.md": LINES for number in range(9)}
    demo = follow(machine, {**files, "notes.md": LINES, "owned.md": "one\n"})
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs"), "owned.md": "two\n"})
    asked: list[tuple[str, bytes]] = []
    finished = Git.finished

    def noting(self: Git, *arguments: str, stdin: bytes | None = None, **options: Any) -> Any:
        if "mlscaffold-scratch" not in str(self.folder) or "hash-object" in arguments:
            asked.append((arguments[0], stdin or b""))
        return finished(self, *arguments, stdin=stdin, **options)

    monkeypatch.setattr(Git, "finished", noting)
    demo.updated()

    times = Counter(command for command, _ in asked)
    assert times["ls-files"] == 2, "before, and once more in the moment before the first file is written"
    assert times["diff"] == 1
    assert times["hash-object"] == 3, "one for each render, one for what is made of both"
    assert not any(b"5.md" in stdin for command, stdin in asked if command == "hash-object")

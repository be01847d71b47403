"""`mlscaffold check`: what drifted, by which rule, and how to mend it."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlscaffold.apply.journal import begin, exclusive
from mlscaffold.cli.command_line import command_line
from mlscaffold.git.location import located

from .conftest import PERSON, ROOT, SMALL, Machine, Outcome, begins, snapshot
from .updating import LINES, Followed, follow, with_line

OWNERSHIP = """\
files:
  "ci/**": owned
  run.sh: owned
  link: owned
  hello.txt: seeded
  must.txt: {seeded: {required: true}}
  settings.toml: {keyed: [tool.line-length]}
"""
FILES = {
    **SMALL,
    "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n",
    "ownership.yml": OWNERSHIP,
    "template/ci/build.sh": "build\n",
    "template/ci/naïve name.sh": "build\n",
    "template/run.sh": "#!/bin/sh\n",
    "template/must.txt": "must\n",
    "template/notes.md": "notes\n",
    "template/settings.toml": "[tool]\nline-length = 100\nother = 1\n",
}


@begins
def project(machine: Machine) -> Path:
    """A project with a file of each policy."""
    template = machine.template(FILES, tag="")
    (template / "template" / "run.sh").chmod(0o755)
    (template / "template" / "link").symlink_to("run.sh")
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0, done
    return machine.work / "demo"


def replace(path: str, content: str) -> Callable[[Path], object]:
    return lambda project: (project / path).write_text(content)


def remove(path: str) -> Callable[[Path], object]:
    return lambda project: (project / path).unlink()


def relink(target: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        (project / "link").unlink()
        (project / "link").symlink_to(target)

    return change


DRIFT: list[tuple[Callable[[Path], object], str]] = [
    (replace("ci/build.sh", "mine\n"), "MLS002 ci/build.sh"),
    (replace("ci/build.sh", ""), "MLS002 ci/build.sh"),
    (replace("ci/build.sh", "build\r\n"), "MLS002 ci/build.sh"),
    (replace("ci/naïve name.sh", "mine\n"), "MLS002 ci/naïve name.sh"),
    (lambda project: (project / "run.sh").chmod(0o644), "MLS002 run.sh"),
    (relink("hello.txt"), "MLS002 link"),
    (remove("ci/build.sh"), "MLS003 ci/build.sh"),
    (remove("link"), "MLS003 link"),
    (replace("settings.toml", "[tool]\nline-length = 80\nother = 1\n"), "MLS004 settings.toml"),
    (replace("settings.toml", "[tool]\nother = 1\n"), "MLS004 settings.toml"),
    (replace("settings.toml", "[tool\n"), "MLS004 settings.toml"),
    (remove("settings.toml"), "settings.toml"),
    (remove("must.txt"), "MLS005 must.txt"),
    (remove(".copier-answers.yml"), "MLS007 .copier-answers.yml"),
    (replace(".copier-answers.yml", "_commit: v1.0.0\nname: Other\n"), "MLS007 .copier-answers.yml"),
]
ALLOWED: list[Callable[[Path], object]] = [
    replace("hello.txt", "mine\n"),
    remove("hello.txt"),
    replace("notes.md", "mine\n"),
    remove("notes.md"),
    replace("must.txt", "mine\n"),
    replace("settings.toml", "# mine\n[tool]\nother = 2\n'line-length' = 100\n"),
    replace("new.txt", "mine\n"),
    lambda project: os.utime(project / "ci" / "build.sh", (0, 0)),
]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(("change", "said"), DRIFT)
def test_drift_is_found_committed_or_not(
    machine: Machine, project: Path, change: Callable[[Path], object], said: str, committed: bool
) -> None:
    change(project)
    if committed:
        machine.git("commit", "-qam", "drift", cwd=project)
    before = snapshot(project, without=())
    done = machine.run("check", project)
    assert done.code == 1, done
    assert said in done.out
    assert "Drift: 1 finding;" in done.out
    assert snapshot(project, without=()) == before


@pytest.mark.parametrize("change", ALLOWED)
def test_what_is_the_users_is_not_drift(machine: Machine, project: Path, change: Callable[[Path], object]) -> None:
    change(project)
    done = machine.run("check", project)
    assert done.code == 0, done
    assert done.out.startswith("Clean: ")


@pytest.mark.parametrize(
    "change",
    [
        lambda _: None,
        DRIFT[0][0],
        remove(".mlscaffold.lock"),
        replace(".mlscaffold.lock", "no lock\n"),
        lambda project: [remove(name)(project) for name in (".mlscaffold.lock", ".copier-answers.yml")],
    ],
)
def test_no_argument_is_the_current_folder(
    machine: Machine, project: Path, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(project)
    monkeypatch.chdir(project)
    assert machine.run("check") == machine.run("check", ".")


def test_every_finding_is_told_with_its_fix(machine: Machine, project: Path) -> None:
    for change, _ in (DRIFT[0], DRIFT[6 + 2], DRIFT[12]):
        change(project)
    done = machine.run("check", project)
    assert "Drift: 3 findings;" in done.out
    lines = done.out.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("MLS"):
            assert lines[number + 1].startswith("       ")
            assert lines[number + 1].strip()


def test_it_works_in_the_folder_in_a_clone_and_without_git(machine: Machine, project: Path) -> None:
    clone = machine.work / "clone"
    machine.git("clone", "-q", project, clone)
    os.chdir(clone)
    assert machine.run("check").code == 0
    subprocess.run(["rm", "-rf", str(clone / ".git")], check=True)
    assert machine.run("check", ".").code == 0
    (clone / "ci" / "build.sh").write_text("mine\n")
    assert machine.run("check").code == 1


def test_a_clone_with_other_line_endings_is_clean(machine: Machine, project: Path) -> None:
    machine.configure(PERSON + "[core]\n\tautocrlf = true\n")
    clone = machine.work / "clone"
    machine.git("clone", "-q", project, clone)
    assert b"\r\n" in (clone / "ci" / "build.sh").read_bytes()
    assert machine.run("check", clone).code == 0
    os.utime(clone / "ci" / "build.sh", (0, 0))
    assert machine.run("check", clone).code == 0


def test_moved_into_another_repository_it_is_still_judged(machine: Machine, project: Path) -> None:
    outer = machine.work / "outer"
    machine.git("init", "-q", outer)
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    (outer / "services").mkdir()
    inside = project.rename(outer / "services" / "demo")
    assert machine.run("check", inside).code == 0
    machine.git("add", "-A", cwd=outer)
    machine.git("commit", "-qm", "all", cwd=outer)
    assert machine.run("check", inside).code == 0
    (inside / "ci" / "build.sh").write_text("mine\n")
    assert "MLS002 ci/build.sh" in machine.run("check", inside).out


def test_a_change_that_git_was_told_to_overlook_is_still_drift(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").write_text("mine\n")
    for flag in ("--assume-unchanged", "--skip-worktree"):
        machine.git("update-index", flag, "ci/build.sh", cwd=project)
        assert machine.run("check", project).code == 1, flag
        machine.run("check", project, "--fix").refused("--no-skip-worktree ci/build.sh. Then commit", "git restore")
        machine.git("update-index", flag.replace("--", "--no-"), "ci/build.sh", cwd=project)


@pytest.mark.parametrize(("setting", "mode"), [("core.symlinks", "120000"), ("core.filemode", "100755")])
def test_a_fix_stages_modes_that_the_disk_does_not_hold(
    machine: Machine, project: Path, setting: str, mode: str
) -> None:
    wanted = machine.git("ls-files", "-s", "ci/build.sh", cwd=project)
    blob = wanted.split()[1]
    machine.git("config", setting, "false", cwd=project)
    machine.git("update-index", "--cacheinfo", f"{mode},{blob},ci/build.sh", cwd=project)
    machine.git("commit", "-qm", "Another mode", cwd=project)
    assert machine.run("check", project).code == 1
    done = machine.run("check", project, "--fix")
    assert done.code == 0, done
    assert machine.git("ls-files", "-s", "ci/build.sh", cwd=project) == wanted


def test_a_folder_without_a_lock(machine: Machine) -> None:
    machine.run("check").refused("has no .mlscaffold.lock", "Run the command in the folder that holds the lock")
    machine.run("check", "nowhere").refused("has no .mlscaffold.lock")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("owned", "seeded", 1), "its digest does not fit"),
        (lambda text: text[:-5], "its digest does not fit"),
        (lambda text: "<<<<<<< HEAD\n" + text, "mlscaffold lock --resolve"),
        (lambda _: "", "does not start as a lock does"),
        (lambda _: "\x00\x01", "does not start as a lock does"),
    ],
)
def test_a_damaged_lock(machine: Machine, project: Path, damage: Callable[[str], str], said: str) -> None:
    lock = project / ".mlscaffold.lock"
    lock.write_text(damage(lock.read_text()))
    machine.git("commit", "-qam", "damage", cwd=project)
    for arguments in ((), ("--rev", "HEAD")):
        done = machine.run("check", project, *arguments)
        assert done.code == 1, done
        assert "MLS001 .mlscaffold.lock" in done.out
        assert said in done.out
        assert "Not judged" in done.out


def test_a_lock_of_a_later_format(machine: Machine, project: Path) -> None:
    lock = project / ".mlscaffold.lock"
    lock.write_text(lock.read_text().replace("mlscaffold-lock 1", "mlscaffold-lock 2"))
    machine.run("check", project).refused("reads format 1", "Install the version of mlscaffold that wrote it")


def test_a_lock_that_is_a_link_is_refused(machine: Machine, project: Path) -> None:
    real = (project / ".mlscaffold.lock").rename(machine.home / "lock")
    (project / ".mlscaffold.lock").symlink_to(real)
    machine.run("check", project).refused("not a plain file")


@pytest.mark.parametrize(("change", "said"), [each for each in DRIFT if "settings.toml" not in each[1]])
def test_a_commit_is_judged_whatever_lies_in_the_work_tree(
    machine: Machine, project: Path, change: Callable[[Path], object], said: str
) -> None:
    change(project)
    assert machine.run("check", project, "--rev", "HEAD").code == 0
    machine.git("commit", "-qam", "drift", cwd=project)
    machine.git("checkout", "-q", "HEAD~1", cwd=project)
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--rev", "main")
    assert (done.code, said in done.out) == (1, True), done
    machine.run("check", project, "--rev", "v9").refused("Cannot read the commit v9")


def test_a_commit_of_a_project_in_a_folder_of_its_repository(machine: Machine, project: Path) -> None:
    outer = machine.work / "outer"
    machine.git("init", "-q", outer)
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    inside = project.rename(outer / "demo")
    machine.git("add", "-A", cwd=outer)
    machine.git("commit", "-qm", "all", cwd=outer)
    (inside / "ci" / "build.sh").write_text("mine\n")
    assert machine.run("check", inside, "--rev", "HEAD").code == 0
    done = machine.run("check", inside, "--report", "gitlab")
    assert [each["location"]["path"] for each in json.loads(done.out)] == ["demo/ci/build.sh"]


def test_it_works_in_a_shallow_clone_and_in_a_work_tree_of_its_own(machine: Machine, project: Path) -> None:
    machine.git("commit", "-q", "--allow-empty", "-m", "second", cwd=project)
    machine.git("clone", "-q", "--depth=1", project.as_uri(), "shallow")
    machine.git("worktree", "add", "-q", machine.work / "tree", cwd=project)
    for place in (machine.work / "shallow", machine.work / "tree"):
        for arguments in ((), ("--rev", "HEAD")):
            assert machine.run("check", place, *arguments).code == 0
        (place / "ci" / "build.sh").write_text("mine\n")
        assert machine.run("check", place).code == 1
        assert machine.run("check", place, "--fix").code == 2, "the edit is in no commit"
        machine.git("commit", "-qam", "drift", cwd=place)
        assert machine.run("check", place, "--fix").code == 0


def test_reports_go_to_files_and_one_to_the_output(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").write_text("mine\n")
    (machine.work / "a.sarif").write_text("old")
    done = machine.run("check", project, "--report", "sarif=a.sarif", "--report", "junit=b.xml", "--report", "json")
    assert done.code == 1
    assert json.loads(done.out)["counts"]["error"] == 1
    assert json.loads((machine.work / "a.sarif").read_text())["version"] == "2.1.0"
    assert (machine.work / "b.xml").read_text().startswith("<?xml")
    assert sorted(path.name for path in machine.work.iterdir()) == ["a.sarif", "b.xml", "demo"]
    text = machine.run("check", project, "--report", "markdown=c.md")
    assert "Drift: 1 finding;" in text.out, "without a report to the output it stays what a person reads"


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        (["yaml"], "there is no such report"),
        (["json="], "there is no such report"),
        (["json", "sarif"], "Two reports would go to standard output"),
        (["json=x", "sarif=x"], "Two reports would go to"),
        (["json=nowhere/x"], "is not a folder"),
    ],
)
def test_reports_that_cannot_be_written(machine: Machine, project: Path, reports: list[str], said: str) -> None:
    arguments = [word for report in reports for word in ("--report", report)]
    machine.run("check", project, *arguments).refused(said)


@pytest.mark.parametrize(("change", "said"), [each for each in DRIFT if each[1][:6] in {"MLS002", "MLS003"}])
def test_fix_brings_back_what_was_committed_away(
    machine: Machine, project: Path, change: Callable[[Path], object], said: str
) -> None:
    rendered = snapshot(project)
    (project / "notes.md").write_text("mine\n")
    change(project)
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "drift", cwd=project)
    done = machine.run("check", project, "--fix")
    assert done.code == 0, done
    assert said.partition(" ")[2] in done.err
    assert done.out.startswith("Clean: ")
    assert snapshot(project) == {**rendered, "notes.md": ("plain", b"mine\n")}
    assert machine.run("check", project, "--fix").out == done.out
    machine.git("commit", "-qam", "mended", cwd=project)
    assert machine.run("check", project, "--rev", "HEAD").code == 0


def test_fix_refuses_to_lose_an_edit_that_no_commit_holds(machine: Machine, project: Path) -> None:
    (project / "run.sh").write_text("committed\n")
    machine.git("commit", "-qam", "drift", cwd=project)
    for staged in (False, True):
        (project / "ci" / "build.sh").write_text("only here\n")
        if staged:
            machine.git("add", "-A", cwd=project)
        before = snapshot(project, without=())
        done = machine.run("check", project, "--fix")
        done.refused("Edits that no commit holds would be lost: ci/build.sh.", "git restore --staged --worktree")
        after = snapshot(project, without=())
        assert {path: entry for path, entry in after.items() if not path.startswith(".git/mlscaffold")} == before


def test_fix_restores_a_file_that_was_deleted_and_not_committed(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").unlink()
    assert machine.run("check", project, "--fix").code == 0
    assert machine.git("status", "--porcelain", cwd=project) == ""


def without_history(machine: Machine, project: Path) -> None:
    """Make the present state all that git knows."""
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    machine.git("init", "-q", cwd=project)
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "all", cwd=project)


def test_fix_renders_what_git_has_no_longer(machine: Machine, project: Path) -> None:
    for name in ("build.sh", "naïve name.sh"):
        (project / "ci" / name).write_text("mine\n")
    without_history(machine, project)
    assert machine.run("check", project, "--fix").code == 0
    assert (project / "ci" / "build.sh").read_text() == "build\n"


def test_fix_does_not_take_another_template_for_the_recorded_one(machine: Machine, project: Path) -> None:
    (project / "run.sh").write_text("mine\n")
    without_history(machine, project)
    template = machine.template({"template/run.sh": "other\n"}, tag="")
    machine.git("tag", "-f", "v1.0.0", cwd=template)
    machine.run("check", project, "--fix").refused("the tag was moved")
    assert (project / "run.sh").read_text() == "mine\n"


def test_fix_says_what_it_cannot_bring_back(machine: Machine, project: Path) -> None:
    (project / "must.txt").unlink()
    (project / "settings.toml").write_text("[tool\n")
    machine.git("commit", "-qam", "drift", cwd=project)
    done = machine.run("check", project, "--fix")
    assert done.code == 1
    assert "MLS005 must.txt" in done.out
    assert "MLS004 settings.toml" in done.out


def test_fix_sets_keys_back_and_leaves_the_rest(machine: Machine, project: Path) -> None:
    text = "# mine\n[tool]\nother = 2  # two\nline-length = 80  # narrow\n"
    (project / "settings.toml").write_text(text)
    machine.git("commit", "-qam", "drift", cwd=project)
    done = machine.run("check", project, "--fix")
    assert done.code == 0, done
    assert (project / "settings.toml").read_text() == text.replace("80", "100")


def test_fix_writes_lines_as_the_project_wants_them(machine: Machine, project: Path) -> None:
    (project / ".gitattributes").write_text("*.sh text eol=crlf\n")
    (project / "ci" / "build.sh").write_text("mine\n")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "drift", cwd=project)
    assert machine.run("check", project, "--fix").code == 0
    assert (project / "ci" / "build.sh").read_bytes() == b"build\r\n"


def test_fix_puts_nothing_in_the_place_of_a_folder_or_behind_a_link(machine: Machine, project: Path) -> None:
    subprocess.run(["git", "rm", "-rq", "ci", "run.sh"], cwd=project, check=True)
    (project / "run.sh").mkdir()
    (project / "run.sh" / "mine.txt").write_text("mine\n")
    outside = machine.home / "outside"
    outside.mkdir()
    (project / "ci").symlink_to(outside)
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "drift", cwd=project)
    before = snapshot(project)
    done = machine.run("check", project, "--fix")
    assert done.code == 1
    assert "Left run.sh: a folder that is not empty stands in its place." in done.err
    assert "Left ci/build.sh: ci is in the way." in done.err
    assert snapshot(project) == before
    assert list(outside.iterdir()) == []


def test_fix_that_fails_half_way_leaves_everything_as_it_was(
    machine: Machine, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlscaffold.files.put import State
    from mlscaffold.files.put import put as original

    for name in ("build.sh", "naïve name.sh"):
        (project / "ci" / name).write_text("mine\n")
    machine.git("commit", "-qam", "drift", cwd=project)
    before = snapshot(project)
    puts = iter([original])

    def put(source: Path | None, target: Path, expected: State | None) -> None:
        if target.parent.name == "ci":
            # The first one works; then the disk is full.
            next(puts, full)(source, target, expected)
        else:
            original(source, target, expected)

    def full(source: Path | None, target: Path, expected: State | None) -> None:
        monkeypatch.setattr("mlscaffold.apply.effects.put", original)
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("mlscaffold.apply.effects.put", put)
    machine.run("check", project, "--fix").refused("No space left on device")
    assert snapshot(project) == before
    assert machine.run("check", project, "--fix").code == 0


def test_fix_waits_for_an_update_that_is_not_finished(machine: Machine, project: Path) -> None:
    (project / "run.sh").unlink()
    location = located(project)
    with exclusive(location, "update"):
        begin(location, title="update", outcomes=(), conflicts={})
    machine.run("check", project, "--fix").refused("not finished", "mlscaffold update --status", code=3)
    assert not (project / "run.sh").exists()


@begins
def waiting(machine: Machine) -> Followed:
    """An update that waits: one conflict, one owned file that is new already, new answers to come."""
    demo = follow(machine, {"ownership.yml": "files:\n  'ci/*': owned\n", "ci/run.sh": "one\n", "a.txt": LINES})
    demo.edit({"a.txt": with_line(9, "mine")})
    demo.release(files={"ci/run.sh": "two\n", "a.txt": with_line(9, "theirs")})
    assert demo.update("--set", "name=Moon").code == 3
    return demo


def test_while_an_update_waits_its_files_are_judged_by_what_it_brings(machine: Machine, waiting: Followed) -> None:
    project = waiting.project
    done = machine.run("check", project)
    assert found_in(done) == [("MLS009", ".mlscaffold.lock"), ("MLS008", "a.txt")], done
    assert "v2.0.0" in done.out
    (project / "a.txt").write_text(LINES)
    waiting.git("add", "a.txt")
    assert found_in(machine.run("check", project)) == [("MLS009", ".mlscaffold.lock")]
    assert found_in(machine.run("check", project, "--strict")) == [("MLS009", ".mlscaffold.lock")]
    (project / "ci" / "run.sh").write_text("mine\n")
    done = machine.run("check", project)
    assert found_in(done) == [("MLS009", ".mlscaffold.lock"), ("MLS002", "ci/run.sh")]
    assert "First finish the update" in done.out
    machine.run("check", project, "--fix").refused("not finished", "--continue", code=3)
    (project / "ci" / "run.sh").write_text("two\n")
    waiting.updated("--continue")
    assert machine.run("check", project).code == 0


def test_after_the_way_back_the_old_side_counts_again(machine: Machine, waiting: Followed) -> None:
    waiting.updated("--abort")
    done = machine.run("check", waiting.project)
    assert done.code == 0, done
    assert "v1.0.0" in done.out


def test_what_is_written_in_part_is_not_judged(machine: Machine, waiting: Followed) -> None:
    (journal,) = (waiting.project / ".git" / "mlscaffold").rglob("journal.json")
    journal.write_text(json.dumps({**json.loads(journal.read_text()), "phase": "applying"}))
    done = machine.run("check", waiting.project)
    assert found_in(done) == [("MLS009", ".mlscaffold.lock")]
    assert "none is judged" in done.out


def found_in(done: Outcome) -> list[tuple[str, str]]:
    """The findings of a text report: rule and path."""
    lines = [line.split(": ")[0].split(" ", 1) for line in done.out.splitlines() if line.startswith("MLS")]
    return [(rule, place.rpartition(":")[0] or place) for rule, place in lines]


def test_fix_leaves_waived_files_alone_and_works_on_work_trees_only(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").write_text("mine\n")
    machine.git("commit", "-qam", "drift", cwd=project)
    machine.run("waive", "MLS002", "ci/*", "--reason", "r", "--until", in_days(60), "--project", project)
    assert machine.run("check", project, "--fix").code == 0
    assert (project / "ci" / "build.sh").read_text() == "mine\n"
    machine.run("check", project, "--fix", "--rev", "HEAD").refused("--fix works on the work tree")


def test_fix_needs_a_commit(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").unlink()
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    machine.run("check", project, "--fix").refused("has no commit yet")


def in_days(days: int) -> str:
    """A date from today."""
    import datetime as dt

    return (dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=days)).isoformat()


def test_fix_removes_what_the_template_retired(machine: Machine) -> None:
    files = {**SMALL, "ownership.yml": "files:\n  old.yml: retired\n"}
    machine.run("new", "demo", "--template", machine.template(files), "--defaults")
    project = machine.work / "demo"
    (project / "old.yml").write_text("only here\n")
    assert "MLS006 old.yml" in machine.run("check", project).out
    machine.run("check", project, "--fix").refused("would be lost: old.yml")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "old", cwd=project)
    assert machine.run("check", project, "--fix").code == 0
    assert not (project / "old.yml").exists()


def test_strict_proves_an_honest_project(machine: Machine, project: Path) -> None:
    done = machine.run("check", project, "--strict")
    assert done.code == 0, done
    assert "Judged by the lock alone" not in done.out
    (project / "notes.md").write_text("mine\n")
    assert machine.run("check", project, "--strict").code == 0


def test_strict_sees_through_a_lock_that_was_made_up(machine: Machine, project: Path) -> None:
    from mlscaffold.files.entry import blob_id
    from mlscaffold.project.lock import dump_lock, parse_lock

    lock = project / ".mlscaffold.lock"
    (project / "ci" / "build.sh").write_text("mine\n")
    text = lock.read_text().replace(blob_id(b"build\n"), blob_id(b"mine\n"), 1)
    lock.write_text("mlscaffold-lock 1 " + honest(text))
    machine.git("commit", "-qam", "hidden", cwd=project)
    assert dump_lock(parse_lock(lock.read_text())) == lock.read_text()
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--strict")
    assert done.code == 1
    assert "MLS016 ci/build.sh: the lock records other content" in done.out


@pytest.mark.parametrize(
    ("pattern", "instead", "said"),
    [
        (r"owned\t(.*\tci/build.sh)", r"merged\t\1", "MLS016 ci/build.sh: the lock records it as merged"),
        (r"owned\t.*\tci/build.sh\n", "", "MLS016 ci/build.sh: the template has it as owned, and the lock does not"),
        (r"\tnotes.md\n", "\tother.md\n", "MLS016 other.md: the lock records it, and the template does not"),
        (r"template/notes.md", "template/none.md", "MLS016 notes.md: the lock records that template/none.md made it"),
        (r"tool.line-length=\w+", "tool.other=absent", "MLS016 settings.toml: the lock records other content"),
    ],
)
def test_strict_sees_every_kind_of_made_up_line(
    machine: Machine, project: Path, pattern: str, instead: str, said: str
) -> None:
    lock = project / ".mlscaffold.lock"
    text, count = re.subn(pattern, instead, lock.read_text())
    assert count == 1
    lock.write_text("mlscaffold-lock 1 " + honest(text))
    done = machine.run("check", project, "--strict")
    assert done.code == 1
    assert said in done.out


def test_strict_says_what_a_damaged_lock_or_an_unreleased_template_prevents(machine: Machine, project: Path) -> None:
    (project / ".mlscaffold.lock").write_text("")
    assert "MLS001" in machine.run("check", project, "--strict").out
    template = machine.template({"template/new.txt": "new\n"}, tag="")
    machine.run("new", "unreleased", "--template", template, "--ref", "HEAD", "--defaults")
    assert machine.run("check", "unreleased").code == 0


def honest(text: str) -> str:
    """The digest that a body has, and the body."""
    import hashlib

    body = text.partition("\n")[2]
    return f"sha256:{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


def test_strict_knows_that_a_template_may_render_otherwise_when_it_updates(machine: Machine) -> None:
    from mlscaffold.files.entry import blob_id

    late = "_exclude: [\"{% if _copier_operation == 'copy' %}late.txt{% endif %}\"]\n"
    files = {**SMALL, "copier.yml": SMALL["copier.yml"] + late, "template/late.txt": "late\n"}
    files |= {"ownership.yml": "files: {late.txt: owned}\n"}
    machine.run("new", "demo", "--template", machine.template(files), "--defaults")
    project = machine.work / "demo"
    assert not (project / "late.txt").exists()
    assert machine.run("check", project, "--strict").code == 0
    lock = project / ".mlscaffold.lock"
    line = "\t".join(["owned", "100644", blob_id(b"late\n"), "template/late.txt", "late.txt"])
    lock.write_text(f"mlscaffold-lock 1 {honest(f'{lock.read_text()}{line}' + chr(10))}")
    (project / "late.txt").write_text("late\n")
    assert machine.run("check", project, "--strict").code == 0, "as an update leaves it"


def test_strict_asks_for_trust_where_rendering_runs_code_and_not_for_tasks(machine: Machine) -> None:
    tasks = {**SMALL, "copier.yml": SMALL["copier.yml"] + "_tasks: ['true']\n"}
    machine.run("new", "one", "--template", machine.template(tasks), "--defaults", "--trust")
    assert machine.run("check", "one", "--strict").code == 0
    extended = {**SMALL, "copier.yml": SMALL["copier.yml"] + "_jinja_extensions: [jinja2.ext.do]\n"}
    machine.run("new", "two", "--template", machine.template(extended, name="other"), "--defaults", "--trust")
    assert machine.run("check", "two").code == 0
    machine.run("check", "two", "--strict").refused("jinja2.ext.do", code=4)
    assert machine.run("check", "two", "--strict", "--trust").code == 0


def test_strict_sees_a_tag_that_was_moved(machine: Machine, project: Path) -> None:
    template = machine.template({"template/ci/build.sh": "other\n"}, tag="")
    machine.git("tag", "-f", "v1.0.0", cwd=template)
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--strict")
    assert done.code == 1
    assert "MLS018 .mlscaffold.lock: v1.0.0 of " in done.out


def test_strict_sees_answers_that_are_valid_no_longer(machine: Machine) -> None:
    question = "n:\n  type: int\n  default: 1\n  validator: '{% if n > 9 %}too large{% endif %}'\n"
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + question})
    machine.run("new", "demo", "--template", template, "--defaults")
    project = machine.work / "demo"
    assert machine.run("check", project, "--strict").code == 0
    answers = (project / ".copier-answers.yml").read_text().replace("n: 1\n", "n: 12\n")
    (project / ".copier-answers.yml").write_text(answers)
    from mlscaffold.project.lock import answers_digest

    lock = project / ".mlscaffold.lock"
    line = next(line for line in lock.read_text().split("\n") if line.startswith("answers: "))
    moved = f"{line.rpartition(' ')[0]} {answers_digest(yaml.safe_load(answers))}"
    lock.write_text("mlscaffold-lock 1 " + honest(lock.read_text().replace(line, moved)))
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--strict")
    assert done.code == 1
    assert "MLS010 .copier-answers.yml" in done.out
    assert "too large" in done.out


DERIVED = {**SMALL, "ownership.yml": "files:\n  copy.txt: {derived: cp hello.txt copy.txt}\n"}


def test_strict_and_trusted_makes_derived_files_again(machine: Machine) -> None:
    template = machine.template(DERIVED)
    machine.run("new", "demo", "--template", template, "--defaults", "--trust")
    project = machine.work / "demo"
    assert machine.run("check", project, "--strict", "--trust").code == 0
    (project / "copy.txt").write_text("by hand\n")
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--strict", "--report", "json")
    assert done.code == 0
    assert json.loads(done.out)["skipped"] == ["MLS017", "MLS019"]
    done = machine.run("check", project, "--strict", "--trust")
    assert done.code == 1
    assert "MLS017 copy.txt" in done.out
    assert "cp hello.txt copy.txt" in done.out
    assert (project / "copy.txt").read_text() == "by hand\n"


def test_strict_refuses_a_template_that_is_gone(machine: Machine, project: Path) -> None:
    (machine.home.parent / "template").rename(machine.home.parent / "gone")
    assert machine.run("check", project).code == 0
    machine.run("check", project, "--strict").refused("was not found")
    machine.run("check", project, "--require-latest").refused("was not found")


def test_a_newer_version_is_drift_of_its_own_kind(machine: Machine, project: Path) -> None:
    assert machine.run("check", project, "--require-latest").code == 0
    machine.template({"template/new.txt": "new\n"}, tag="v1.1.0")
    assert machine.run("check", project).code == 0
    done = machine.run("check", project, "--require-latest")
    assert done.code == 5
    assert "MLS019 .mlscaffold.lock: warning: v1.1.0 of " in done.out
    (project / "ci" / "build.sh").write_text("mine\n")
    assert machine.run("check", project, "--require-latest").code == 1


def test_the_job_for_gitlab_is_valid_and_its_commands_run(machine: Machine, project: Path) -> None:
    file = ROOT / "ci" / "gitlab" / "mlscaffold-check.yml"
    checker = [os.fspath(Path(sys.executable).parent / "check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"]
    subprocess.run([*checker, str(file)], check=True, capture_output=True)
    (job,) = yaml.safe_load(file.read_text()).values()
    (command,) = job["script"]
    os.chdir(project)
    assert machine.run(*shlex.split(command)[1:]).code == 0
    for name in job["artifacts"]["reports"].values():
        assert (project / name).is_file()


def test_the_hook_for_pre_commit_is_valid_and_runs_a_verb_that_exists() -> None:
    # It has no types.
    load_manifest = importlib.import_module("pre_commit.clientlib").load_manifest
    (hook,) = load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    program, verb = hook["entry"].split()
    assert program == "mlscaffold"
    assert verb in {
        command.name or command.callback.__name__ for command in command_line().registered_commands if command.callback
    }
    assert (hook["pass_filenames"], hook["always_run"]) == (False, True)

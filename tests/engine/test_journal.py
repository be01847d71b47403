"""The journal: effects that are done or undone as one, permissions and all, and that never lead out of the project."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.apply.journal import Journal, Outcome, Phase, begin, exclusive, pending
from mlscaffold.apply.where import folder_at
from mlscaffold.errors import MachineError, PendingError, ProjectError
from mlscaffold.files.entry import Entry, FileMode
from mlscaffold.git.location import Location, located
from mlscaffold.update.resume import abort_update


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    """What a git command prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, input=stdin or None
    )
    return done.stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a few files, committed."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    root = tmp_path / "project"
    (root / "folder").mkdir(parents=True)
    (root / "a.txt").write_text("a\n")
    (root / "b.txt").write_text("b\n")
    (root / "folder" / "only.txt").write_text("only\n")
    git(root, "init", "-q", "--template=", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Start")
    return root


def outcomes(root: Path, wanted: Mapping[str, str | None]) -> list[Outcome]:
    """Contents laid out on disk, as the caller of the journal does."""
    made = root.parent / "made"
    made.mkdir(exist_ok=True)
    found = []
    for number, (path, content) in enumerate(wanted.items()):
        file = None if content is None else made / str(number)
        if file is not None:
            file.write_text(content or "")
        found.append(Outcome(path=path, file=file))
    return found


def started(held: Location, wanted: Mapping[str, str | None], **options: Any) -> Journal:
    """A journal that is written, nothing applied."""
    options = {"title": "update 1 -> 2", "conflicts": {}, **options}
    return begin(held, outcomes=outcomes(held.folder, wanted), **options)


@pytest.fixture
def held(project: Path) -> Iterator[Location]:
    """The project, which this test holds."""
    location = located(project)
    with exclusive(location, "test"):
        yield location


def everything(project: Path) -> tuple[dict[str, tuple[int, bytes]], bytes]:
    """Permissions and contents of files, permissions of folders; and the index."""
    found = {}
    for path in project.rglob("*"):
        if ".git" not in path.relative_to(project).parts:
            mode = path.lstat().st_mode
            content = b"" if stat.S_ISDIR(mode) else os.fsencode(path.readlink()) if path.is_symlink() else b""
            content = path.read_bytes() if stat.S_ISREG(mode) else content
            found[path.relative_to(project).as_posix()] = (mode, content)
    return found, (project / ".git" / "index").read_bytes()


def test_effects_are_done(project: Path, held: Location) -> None:
    journal = started(held, {"a.txt": "A\n", "b.txt": None, "new/deep/c.txt": "c\n", "folder/only.txt": None})
    assert journal.resume().pending.phase is Phase.TASKS
    assert (project / "a.txt").read_text() == "A\n"
    assert not (project / "b.txt").exists()
    assert (project / "new" / "deep" / "c.txt").read_text() == "c\n"
    assert not (project / "folder").exists(), "an empty folder goes with its last file"


def test_effects_are_undone(project: Path, held: Location) -> None:
    (project / "a.txt").chmod(0o640)
    (project / "folder").chmod(0o750)
    (project / "empty").mkdir(mode=0o700)
    before = everything(project)
    journal = started(
        held, {"a.txt": "A\n", "b.txt": None, "new/c.txt": "c\n", "folder/only.txt": None, "empty": "file\n"}
    )
    assert journal.resume().abort() == ()
    assert everything(project) == before
    assert pending(project) is None


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o600, 0o640, 0o644, 0o664, 0o755])
def test_permissions_are_kept(project: Path, held: Location, mode: int) -> None:
    (project / "a.txt").chmod(mode)
    started(held, {"a.txt": "A\n"}).resume().close()
    assert stat.S_IMODE((project / "a.txt").stat().st_mode) == mode & ~0o111


def test_what_becomes_executable_is_so_for_all_who_may_read_it(project: Path, held: Location) -> None:
    (project / "a.txt").chmod(0o640)
    wanted = outcomes(project, {"a.txt": "#!/bin/sh\n"})
    assert wanted[0].file is not None
    wanted[0].file.chmod(0o755)
    begin(held, title="", outcomes=wanted, conflicts={}).resume().close()
    assert stat.S_IMODE((project / "a.txt").stat().st_mode) == 0o750


def test_a_file_becomes_a_folder_and_a_folder_a_file(project: Path, held: Location) -> None:
    before = everything(project)
    wanted = {"a.txt": None, "a.txt/inside": "in\n", "folder/only.txt": None, "folder": "file\n"}
    journal = started(held, wanted).resume()
    assert (project / "a.txt" / "inside").read_text() == "in\n"
    assert (project / "folder").read_text() == "file\n"
    journal.abort()
    assert everything(project) == before


def test_a_link_is_replaced_and_not_followed(project: Path, held: Location) -> None:
    (project / "link").symlink_to("a.txt")
    started(held, {"link": "now a file\n"}).resume().close()
    assert (project / "a.txt").read_text() == "a\n"
    assert not (project / "link").is_symlink()


def test_a_link_above_a_file_leads_nowhere(project: Path, held: Location, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    journal = started(held, {"way/out.txt": "x\n"})
    (project / "way").symlink_to(outside)
    with pytest.raises(MachineError, match="way is a link"):
        journal.resume()
    assert list(outside.iterdir()) == []


def test_doing_it_twice_is_doing_it_once(project: Path, held: Location) -> None:
    journal = started(held, {"a.txt": "A\n", "b.txt": None})
    journal.resume()
    once = everything(project)
    journal.resume()
    assert everything(project) == once


@pytest.mark.parametrize("way", ["resume", "abort"])
def test_what_a_person_wrote_meanwhile_is_kept(project: Path, held: Location, way: str) -> None:
    """Between a kill and `--continue` or `--abort` somebody edits a file that is about to be replaced."""
    journal = started(held, {"a.txt": "A\n"})
    (project / "a.txt").write_text("written meanwhile\n")
    getattr(journal, way)()
    assert [file.read_text() for file in (folder_at(held) / "saved").iterdir()] == ["written meanwhile\n"]


def test_where_it_is_kept_is_said(project: Path, held: Location) -> None:
    journal = started(held, {"a.txt": "A\n"}).resume()
    (project / "a.txt").write_text("written meanwhile\n")
    (said,) = journal.abort()
    path, _, kept = said.partition(": ")
    assert (path, Path(kept).read_text()) == ("a.txt", "written meanwhile\n")


def conflict(project: Path) -> Mapping[str, Mapping[str, Entry]]:
    """The stages of a conflict in a.txt."""
    blobs = [git(project, "hash-object", "-w", "--stdin", stdin=text).strip() for text in ("old\n", "a\n", "new\n")]
    return {"a.txt": {str(n): Entry(mode=FileMode.FILE, blob=blob) for n, blob in enumerate(blobs, 1)}}


def test_conflicts_wait_in_the_index(project: Path, held: Location) -> None:
    before = everything(project)
    journal = started(held, {"a.txt": "<<<<<<<\n"}, conflicts=conflict(project)).resume()
    assert journal.pending.phase is Phase.CONFLICTS
    assert [line.split()[2] for line in git(project, "ls-files", "-u").splitlines()] == ["1", "2", "3"]
    journal.abort()
    assert everything(project) == before


def test_what_somebody_staged_meanwhile_stays_staged(project: Path, held: Location) -> None:
    journal = started(held, {"a.txt": "<<<<<<<\n"}, conflicts=conflict(project)).resume()
    (project / "other.txt").write_text("other\n")
    git(project, "add", "other.txt")
    journal.abort()
    assert git(project, "status", "--porcelain").splitlines() == ["A  other.txt"]


def test_what_is_mended_is_staged_at_the_end(project: Path, held: Location) -> None:
    wanted = {"a.txt": "A\n", "b.txt": None, "new.txt": "new\n"}
    journal = started(held, wanted, stage=list(wanted)).resume()
    assert git(project, "diff", "--cached", "--name-only") == ""
    journal.close()
    assert git(project, "status", "--porcelain").splitlines() == ["M  a.txt", "D  b.txt", "A  new.txt"]


def test_what_was_staged_at_the_end_is_unstaged(project: Path, held: Location) -> None:
    """A kill after `git add`, before the journal is gone."""
    before = everything(project)
    journal = started(held, {"a.txt": "A\n", "b.txt": None}, stage=["a.txt", "b.txt"]).resume()
    git(project, "add", "-A")
    journal.abort()
    assert everything(project) == before


def test_after_a_commit_there_is_no_way_back(project: Path, held: Location) -> None:
    journal = started(held, {"a.txt": "A\n"}).resume()
    git(project, "commit", "-qam", "Go on")
    with pytest.raises(ProjectError, match="You have committed since"):
        journal.abort()


def test_a_journal_that_cannot_be_written_leaves_nothing(
    project: Path, held: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError, match="No space left on device"):
        started(held, {"a.txt": "A\n"})
    assert [path.name for path in folder_at(held).iterdir()] == ["holder"]
    assert pending(project) is None


def test_a_way_back_that_the_disk_refuses_stays_open(
    project: Path, held: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(project)
    journal = started(held, {"a.txt": "A\n"}).resume()

    def refuse(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(MachineError, match="update 1 -> 2 is not finished") as said:
        journal.abort()
    monkeypatch.undo()
    assert "--continue, or --abort" in said.value.hint
    journal.abort()
    assert everything(project) == before


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", ".git/config", "a/../../b", "a\\b", "", "C:/x", ".GIT/x"])
def test_no_effect_leads_out_of_the_project(project: Path, held: Location, path: str) -> None:
    with pytest.raises(MachineError, match="outside of the project"):
        started(held, {path: "x\n"})
    assert pending(project) is None


@pytest.mark.parametrize(
    "change",
    [
        {"effects": [{"path": "../out", "number": 0, "before": None, "after": None, "folders": {}}]},
        {"effects": [{"path": "a", "number": "../../x", "before": None, "after": None, "folders": {}}]},
        {"effects": [{"path": "a", "number": 0, "before": "file", "after": None, "folders": {}}]},
        {"effects": [{"path": "a"}]},
        {"effects": None},
        {"effects": 3},
        {"final": [{"path": "/etc/x", "number": 0, "before": None, "after": None, "folders": {}}]},
        {"conflicts": {"../x": {}}},
        {"conflicts": 7},
        {"stage": ["../x"]},
        {"stage": None},
        {"phase": "resting"},
        {"id": "../../x"},
        {"head": None},
        {"format": 99},
        {"format": None},
    ],
    ids=str,
)
def test_a_damaged_or_hostile_journal_is_refused(project: Path, held: Location, change: Mapping[str, Any]) -> None:
    started(held, {"a.txt": "A\n"})
    file = folder_at(held) / "journal.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(MachineError):
        pending(project)
    with pytest.raises(MachineError):
        Journal.load(held)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b"{}"], ids=lambda c: str(c[:4])
)
def test_a_journal_that_is_none_is_refused(project: Path, held: Location, content: bytes) -> None:
    (folder_at(held) / "journal.json").write_bytes(content)
    with pytest.raises(MachineError, match=r"journal\.json"):
        pending(project)


def test_the_second_is_told_who_holds_the_project(project: Path) -> None:
    location = located(project)
    holder = folder_at(location) / "holder"
    with (
        exclusive(location, "update"),
        pytest.raises(PendingError, match=rf"mlscaffold update \(process {os.getpid()}\)"),
    ):
        exclusive(location, "set").__enter__()
    with exclusive(location, "set"):
        assert "set" in holder.read_text()
    assert holder.read_text() == ""


def test_two_projects_in_one_repository_do_not_hold_each_other(project: Path) -> None:
    one, other = located(project), located(project / "folder")
    with exclusive(one, "update"), exclusive(other, "update"):
        assert folder_at(one) != folder_at(other)


def test_outside_of_git_there_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert pending(tmp_path / "plain") is None
    with pytest.raises(ProjectError, match="not in a git repository"):
        abort_update(tmp_path / "plain")


def test_neither_hooks_nor_a_monitor_are_run(project: Path, held: Location, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\nexit 1\n")
    trap.chmod(0o755)
    hooks = project / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "pre-commit", "post-checkout", "reference-transaction"):
        (hooks / name).symlink_to(trap)
    git(project, "config", "core.fsmonitor", str(trap))
    journal = started(held, {"a.txt": "<<<<<<<\n", "b.txt": None}, conflicts=conflict(project)).resume()
    (project / "other.txt").write_text("other\n")
    journal.abort()
    assert not (tmp_path / "sprung").exists()


def test_the_repository_may_lie_elsewhere(project: Path, tmp_path: Path) -> None:
    """A work tree whose `.git` is a file: the journal is where the repository is."""
    git(project, "worktree", "add", "-q", str(tmp_path / "tree"))
    location = located(tmp_path / "tree")
    with exclusive(location, "update"):
        assert folder_at(location).is_relative_to(project / ".git" / "worktrees")
        started(location, {"a.txt": "A\n"}, conflicts=conflict(project)).resume()
        assert pending(project) is None
        waiting = pending(tmp_path / "tree")
        assert waiting is not None
        assert waiting.conflicts == ("a.txt",)

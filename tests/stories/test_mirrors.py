"""Copies of remote templates: as the remote is now, for one run at a time, and not needed by any verb."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from mlscaffold.errors import TemplateError
from mlscaffold.git.process import GitError
from mlscaffold.template import mirror as mirrors
from mlscaffold.template.checkout import check_out
from mlscaffold.template.mirror import fetched, unreachable
from mlscaffold.template.source import TemplateSource, find_source

from .conftest import SMALL, Machine
from .test_channels import at, commit, remote, state
from .updating import Followed


def mirror_of(machine: Machine) -> Path:
    (found,) = (machine.home / ".cache" / "mlscaffold" / "templates").glob("*.git")
    return found


def test_a_release_that_was_withdrawn_does_not_arrive(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    url = remote(machine, state(machine, "bad", "v1.0.1"))
    assert "v1.0.1" in demo.update("--dry-run").out
    machine.git(f"--git-dir={url.removeprefix('file://')}", "tag", "-d", "v1.0.1")
    machine.git("tag", "-d", "v1.0.1", cwd=demo.template)

    assert machine.run("versions", "--template", url).out == "v1.0.0\n"
    assert "Nothing to do" in demo.update().out
    demo.refuses("has no version v1.0.1", options=("--to", "v1.0.1"))


def test_a_project_at_a_release_that_was_withdrawn(machine: Machine) -> None:
    state(machine, "one", "v1.0.0")
    demo = at(machine, state(machine, "bad", "v1.0.1"))
    machine.git(f"--git-dir={machine.home.parent / 'remote.git'}", "tag", "-d", "v1.0.1")
    assert machine.run("check", demo.project, "--require-latest").code == 0
    assert "has no version v1.0.1 (any more)" in machine.run("doctor", demo.project).out
    machine.git("tag", "-d", "v1.0.1", cwd=demo.template)
    remote(machine, state(machine, "good", "v1.0.2"))
    assert machine.run("check", demo.project, "--require-latest").code == 5


def test_a_tag_that_was_moved_is_moved_in_the_copy_too(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    machine.git("tag", "-f", "v1.0.0", cwd=state(machine, "other", "v2.0.0"))
    remote(machine, demo.template)
    demo.refuses("the tag was moved")


def test_a_branch_that_became_a_folder_of_branches(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    machine.git("branch", "next", cwd=template)
    demo = at(machine, template)
    bare = machine.home.parent / "remote.git"
    machine.git(f"--git-dir={bare}", "branch", "-m", "next", "next/one")
    assert "Nothing to do" in demo.update().out
    assert machine.git(f"--git-dir={mirror_of(machine)}", "branch", "--list", "next*").split() == ["next/one"]


def test_the_default_branch_may_get_another_name(machine: Machine) -> None:
    template = state(machine, "one")
    at(machine, template)
    bare = machine.home.parent / "remote.git"
    machine.git(f"--git-dir={bare}", "branch", "-m", "main", "trunk")
    machine.git(f"--git-dir={bare}", "symbolic-ref", "HEAD", "refs/heads/trunk")
    done = machine.run("new", "other", "--template", f"file://{bare}", "--defaults")
    assert done.code == 0, done
    assert commit(machine, template) in (machine.work / "other" / ".mlscaffold.lock").read_text()


def test_a_repository_without_a_default_branch_says_what_to_name(machine: Machine) -> None:
    template = state(machine, "one")
    url = remote(machine, template)
    machine.git(f"--git-dir={url.removeprefix('file://')}", "symbolic-ref", "HEAD", "refs/heads/nothing")
    machine.run("new", "demo", "--template", url, "--defaults").refused("default branch", "--ref")
    assert machine.run("new", "demo", "--template", url, "--ref", "main", "--defaults").code == 0


def test_what_is_not_reached_is_said_in_gits_words_and_the_copy_is_used(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    (machine.home.parent / "remote.git").rename(machine.home.parent / "gone.git")
    done = demo.update()
    assert done.code == 0, done
    said = " ".join(done.err.split())
    assert "the copy from the last time is used" in said
    assert "no git repository" in said


@pytest.mark.parametrize("damage", ["refs", "lock", "empty"])
def test_a_copy_that_is_damaged_is_made_anew(machine: Machine, damage: str) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    mirror = mirror_of(machine)
    match damage:
        case "refs":
            (mirror / "packed-refs").write_text("nonsense\n")
        case "lock":
            # As a git that was killed leaves it.
            (mirror / "packed-refs.lock").touch()
            machine.git(f"--git-dir={machine.home.parent / 'remote.git'}", "pack-refs", "--all")
            machine.git(f"--git-dir={mirror}", "update-ref", "refs/heads/old", "v1.0.0")
        case "empty":
            subprocess.run(["rm", "-rf", str(mirror)], check=True)
            mirror.mkdir(mode=0o700)
    remote(machine, state(machine, "two", "v2.0.0"))
    demo.updated()
    assert demo.version == "v2.0.0"


def test_of_runs_at_once_one_copies_and_the_others_use_it(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find_source(remote(machine, state(machine, "one", "v1.0.0")))
    cloned = []
    clone = mirrors._clone

    def counted(source: TemplateSource, location: str, fresh: Path) -> None:
        cloned.append(fresh)
        clone(source, location, fresh)

    monkeypatch.setattr(mirrors, "_clone", counted)
    places: list[str] = []
    runs = [
        threading.Thread(target=lambda: places.append(fetched(source, tmp_path / "cache").location)) for _ in range(6)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert (len(places), len(set(places)), len(cloned)) == (6, 1, 1)


def test_who_is_killed_while_he_copies_holds_nobody_up(machine: Machine, tmp_path: Path) -> None:
    source = find_source(remote(machine, state(machine, "one", "v1.0.0")))
    first = Path(fetched(source, tmp_path / "cache").location)
    script = f"import os, filelock; filelock.FileLock({str(first.with_suffix('.lock'))!r}).acquire(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert fetched(source, tmp_path / "cache").location == str(first)


def test_who_waits_for_too_long_reads_the_remote_itself(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "_PATIENCE", 0.05)
    source = find_source(remote(machine, state(machine, "one", "v1.0.0")))
    first = Path(fetched(source, tmp_path / "cache").location)
    with FileLock(first.with_suffix(".lock")):
        (tmp_path / "into").mkdir()
        checkout = check_out(source, None, into=tmp_path / "into", cache=tmp_path / "cache")
    assert checkout.version == "v1.0.0"
    assert [note for note in checkout.notes if "another run holds it" in note]


# Nothing can be kept


VERBS = (
    "check demo --strict",
    "check demo --require-latest",
    "doctor demo",
    "diff --project demo",
    "why hello.txt --project demo",
    "questions --template URL",
    "versions --template URL",
    "new other --template URL --defaults",
    "update demo --dry-run",
    "set name=Ada --project demo",
)


@pytest.mark.parametrize("home", ["/dev/null", "/proc/nowhere", "relative", ""])
def test_no_verb_needs_a_home(machine: Machine, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    url = remote(machine, state(machine, "two", "v2.0.0"))
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "Ada")
        monkeypatch.setenv(f"{name}_EMAIL", "ada@example.com")
    monkeypatch.setenv("HOME", home)
    before = sorted(machine.work.rglob("*"))
    for line in VERBS:
        done = machine.run(*line.replace("URL", url).split())
        assert done.code in {0, 5}, (line, done)
        assert done.err.count("Nothing is kept") + done.err.count("cannot be used") <= 1, (line, done)
        assert "Traceback" not in done.err
    assert not [path for path in machine.work.rglob(".cache") if path not in before]
    assert demo.text("hello.txt") == "Hello Ada\n"


@pytest.mark.parametrize("where", ["home", "XDG_CACHE_HOME", "MLSCAFFOLD_CACHE_DIR"])
def test_a_cache_that_cannot_be_written_is_said_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """As root everything can be: so the system is asked for its answer to others."""
    url = remote(machine, state(machine, "one", "v1.0.0"))
    closed = machine.home if where == "home" else machine.home / "closed"
    closed.mkdir(exist_ok=True)
    if where != "home":
        monkeypatch.setenv(where, str(closed))
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: Path(path) != closed and may(path, mode, **how))
    done = machine.run("new", "demo", "--template", url, "--defaults")
    assert done.code == 0, done
    assert done.err.count(f"{closed} cannot be written to") == 1
    assert machine.run("update", "demo").code == 0
    assert not list(machine.home.rglob("*.git"))


def test_a_cache_without_room_is_done_without(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    url = remote(machine, state(machine, "one", "v1.0.0"))
    clone = mirrors._clone

    def full(source: TemplateSource, location: str, fresh: Path) -> None:
        if ".cache" in fresh.parts:
            raise GitError(("clone",), "fatal: write error: No space left on device")
        clone(source, location, fresh)

    monkeypatch.setattr(mirrors, "_clone", full)
    done = machine.run("new", "demo", "--template", url, "--defaults")
    assert done.code == 0, done
    assert "No space left on device" in done.err
    assert "it is read afresh" in " ".join(done.err.split())


# What git says of a remote


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("fatal: Authentication failed for 'https://git.example.com/team/t/'", "credential helper"),
        (
            "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
            "credential helper",
        ),
        ("git@git.example.com: Permission denied (publickey).", "SSH key"),
        ("fatal: unable to access 'https://x/': Could not resolve host: git.example.com", "Check the name of the host"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", "http.sslCAInfo"),
        ("fatal: unable to access 'https://x/': server certificate verification failed.", "http.sslCAInfo"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "There is no such repository"),
        ("fatal: '/x' does not appear to be a git repository", "There is no such repository"),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443", "the connection to git.example.com"),
    ],
)
def test_why_a_remote_cannot_be_read_is_said_with_its_cure(said: str, cure: str) -> None:
    source = find_source("https://ada:hunter2@git.example.com/team/t")
    error = unreachable(source, GitError(("ls-remote",), said))
    assert isinstance(error, TemplateError)
    assert said.splitlines()[-1] in error.message
    assert cure in error.hint
    assert "hunter2" not in str(error)


# Submodules


@pytest.fixture
def library(machine: Machine) -> Path:
    """What templates have in common, on a machine whose owner allows git to take it from there."""
    machine.configure((machine.home / ".gitconfig").read_text() + '[protocol "file"]\n\tallow = always\n')
    root = machine.template({"shared.txt": "shared\n"}, tag="v1", name="library")
    machine.git("clone", "-q", "--bare", root, machine.home.parent / "library.git")
    return root


@pytest.mark.parametrize("table", ["", "files: {hello.txt: owned}\n"], ids=["plain", "ownership"])
@pytest.mark.parametrize("address", ["relative", "absolute"])
@pytest.mark.parametrize("kind", ["remote", "path"])
def test_a_submodule_is_a_part_of_its_template(
    machine: Machine, library: Path, kind: str, address: str, table: str
) -> None:
    template = machine.template(SMALL if not table else {**SMALL, "ownership.yml": table}, tag="")
    url = "../library.git" if address == "relative" else str(machine.home.parent / "library.git")
    machine.git("remote", "add", "origin", machine.home.parent / "remote.git", cwd=template)
    machine.git("submodule", "--quiet", "add", url, "template/common", cwd=template)
    # It counts for nothing, and is not even read.
    machine.git("submodule", "--quiet", "add", url, "docs", cwd=template)
    machine.git("commit", "-qm", "x", cwd=template)
    machine.git("tag", "v1.0.0", cwd=template)
    spec = remote(machine, template) if kind == "remote" else str(template)
    done = machine.run("new", "demo", "--template", spec, "--defaults")
    assert done.code == 0, done
    assert (machine.work / "demo" / "common" / "shared.txt").read_text() == "shared\n"
    assert not (machine.work / "demo" / "common" / ".git").exists()
    assert machine.run("check", "demo", "--strict").code == 0
    demo = Followed(machine=machine, template=template, project=machine.work / "demo")
    machine.git("commit", "-qm", "y", "--allow-empty", cwd=template)
    machine.git("tag", "v1.1.0", cwd=template)
    if kind == "remote":
        remote(machine, template)
    demo.updated()
    assert demo.version == "v1.1.0"


def test_a_submodule_that_is_gone_is_named(machine: Machine, library: Path) -> None:
    template = machine.template(tag="")
    machine.git("submodule", "--quiet", "add", machine.home.parent / "library.git", "template/common", cwd=template)
    machine.git("commit", "-qm", "x", cwd=template)
    machine.git("tag", "v1.0.0", cwd=template)
    (machine.home.parent / "library.git").rename(machine.home.parent / "gone.git")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused("A submodule of the template", "library.git", ".gitmodules")
    machine.nothing_was_left()

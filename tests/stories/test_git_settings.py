"""Whatever a caller's environment and a person's configuration say: git is asked, and answers, in the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlscaffold.git.environment import cleaned_environment, git_environment

from .conftest import PERSON, SMALL, Machine
from .updating import LINES, follow, with_line

#: Each would change what git prints, how it takes a path, or what it writes.
SETTINGS = """\
[color]
	ui = always
	diff = always
[column]
	ui = always
	tag = always
[log]
	showSignature = true
	follow = true
	date = relative
	decorate = full
[format]
	pretty = raw
[diff]
	orderFile = /nowhere
	noprefix = true
	relative = true
	ignoreSubmodules = all
	renames = copies
	submodule = log
[status]
	showUntrackedFiles = no
	short = true
	branch = true
	relativePaths = true
[core]
	quotePath = true
	abbrev = 4
	safecrlf = true
	splitIndex = true
	sharedRepository = world
[splitIndex]
	sharedIndexExpire = now
	maxPercentChange = 0
[submodule]
	recurse = true
[i18n]
	logOutputEncoding = latin1
[merge]
	conflictStyle = diff3
[commit]
	gpgSign = true
	template = /nowhere
	cleanup = scissors
	verbose = true
[gpg]
	program = /nowhere
[init]
	templateDir = /nowhere
[index]
	version = 4
[advice]
	detachedHead = true
"""
VARIABLES = {
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_OBJECT_DIRECTORY": "/nowhere",
    "GIT_QUARANTINE_PATH": "/nowhere",
    "GIT_NAMESPACE": "other",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TRACE": "1",
    "GIT_DIFF_OPTS": "-u0",
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_INDEX_VERSION": "4",
}


def test_a_life_of_a_project_under_odd_settings(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = follow(machine, {"notes.md": LINES, "ownership.yml": "files: {owned.txt: owned}\n", "owned.txt": "ü\n"})
    demo.edit({"notes.md": with_line(5, "mine")})
    demo.git("config", "core.splitIndex", "true")
    demo.release("v2.0.0", {"notes.md": with_line(5, "theirs"), "owned.txt": "2\n", "new.txt": "n\n"})
    before = demo.state()
    with monkeypatch.context() as there:
        for name, value in VARIABLES.items():
            there.setenv(name, value)
        machine.configure(PERSON + SETTINGS)
        assert machine.run("check", demo.project, "--strict").code == 0
        assert machine.run("new", "other", "--template", demo.template, "--defaults").code == 0
        assert machine.run("check", "other").code == 0
        assert "v2.0.0" in machine.run("why", "owned.txt", "--project", "other").out
        assert "mine" in machine.run("diff", "--project", demo.project).out
        assert demo.update().code == 3
    machine.configure(PERSON)
    # A person's git goes on with the index, and forgets the half of it that was there before.
    demo.git("-c", "splitIndex.sharedIndexExpire=now", "update-index", "--split-index", "--force-write-index")
    assert machine.run("update", demo.project, "--abort").code == 0
    assert demo.state() == before


@pytest.mark.parametrize("kind", ["task", "derived"])
def test_a_templates_commands_work_where_they_stand(machine: Machine, kind: str) -> None:
    """In a hook, `GIT_DIR` and `GIT_INDEX_FILE` would lead them to the repository of that."""
    command = "git add hello.txt"
    settings = f"_tasks: ['{command}']\n" if kind == "task" else ""
    ownership = {"ownership.yml": f"files: {{'made.txt': {{derived: '{command}'}}}}\n"} if kind == "derived" else {}
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + settings, **ownership})
    machine.git("init", "-q", "other")
    index = machine.work / "other" / ".git" / "index"
    machine.environment("GIT_DIR", str(machine.work / "other" / ".git"))
    machine.environment("GIT_INDEX_FILE", str(index))
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust")
    assert done.code == 0, done
    assert not index.exists()


def test_a_filter_sorts_as_its_person_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages alone are untranslated: what a filter reads and writes is as when the person's own git starts it."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LC_COLLATE", "C")
    monkeypatch.setenv("LANGUAGE", "de")
    environment = git_environment()
    assert environment["LANG"] == "de_DE.UTF-8"
    assert environment["LC_MESSAGES"] == "C"
    assert not {"LC_ALL", "LC_COLLATE", "LANGUAGE"} & environment.keys()
    assert cleaned_environment()["LC_ALL"] == "de_DE.UTF-8"


def test_a_machine_that_knows_ascii_alone_writes_the_same_lock(machine: Machine) -> None:
    template = machine.template({**SMALL, "template/ü.txt": "ü\n"})
    machine.run("new", "plain", "--template", template, "--defaults")
    variables = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for command in (("new", "demo", "--template", template, "--defaults"), ("check", "demo"), ("check", "plain")):
        done = subprocess.run(
            [sys.executable, "-m", "mlscaffold", *command], env=variables, capture_output=True, check=False
        )
        assert done.returncode == 0, done
    locks = [Path(name, ".mlscaffold.lock").read_bytes() for name in ("plain", "demo")]
    assert locks[0] == locks[1]
    assert "ü.txt".encode() in locks[0]

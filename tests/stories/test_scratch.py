"""Folders for a while: private, gone at the end, swept by the next run after a kill, and in no message."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlscaffold.files import scratch
from mlscaffold.files.scratch import PREFIX, lock_file, scratch_folder

from .conftest import SMALL, Machine
from .test_interruption import stop_at
from .updating import LINES, follow, with_line


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a process that has not looked through its temporary folder yet."""
    monkeypatch.setattr(scratch, "_swept", set())


def left(machine: Machine) -> list[str]:
    """What lies in the temporary folder."""
    return sorted(entry.name for entry in machine.scratch.iterdir())


def test_what_a_kill_left_the_next_run_removes(machine: Machine) -> None:
    template = str(machine.template())
    moment = ("mlscaffold.new.create", "resolve_answers", "before")
    code, _ = stop_at(machine, moment, signal.SIGKILL, "new", "demo", "--template", template, "--defaults")
    assert code == -signal.SIGKILL
    (name,) = left(machine)
    assert name.startswith(PREFIX)
    assert stat.S_IMODE((machine.scratch / name).stat().st_mode) == 0o700
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    assert left(machine) == []


def test_the_folder_of_a_run_that_lives_is_left(machine: Machine) -> None:
    """Even of one in another container, whose number means nothing here."""
    script = (
        "from mlscaffold.files.scratch import scratch_folder\n"
        "with scratch_folder() as folder:\n print(folder, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        with scratch_folder():
            assert folder.is_dir()
        other.communicate("\n")
    assert left(machine) == []


def test_nothing_else_is_taken_for_one_of_ours(machine: Machine) -> None:
    outside = machine.home / "outside"
    outside.mkdir()
    (outside / ".held").write_text("")
    outside.chmod(0o700)
    (machine.scratch / f"{PREFIX}link").symlink_to(outside)
    (machine.scratch / f"{PREFIX}file").write_text("")
    for name, mode in (("mlscaffold-projects", 0o700), (f"{PREFIX}open", 0o755), (f"{PREFIX}empty", 0o700)):
        (machine.scratch / name).mkdir()
        (machine.scratch / name).chmod(mode)
        if not name.endswith("empty"):
            (machine.scratch / name / ".held").write_text("")
    (machine.scratch / f"{PREFIX}piped").mkdir(mode=0o700)
    (machine.scratch / f"{PREFIX}piped" / ".held").symlink_to(outside / ".held")
    if os.geteuid() == 0:
        other = machine.scratch / f"{PREFIX}other"
        other.mkdir(mode=0o700)
        (other / ".held").write_text("")
        os.chown(other, 65534, 65534)
    before = left(machine)
    with scratch_folder():
        pass
    assert left(machine) == before
    assert (outside / ".held").exists()


#: What is wrong with a template, as files on top of the smallest one.
FAULTS: dict[str, dict[str, str | bytes]] = {
    "settings": {"copier.yml": "a: [\n"},
    "settings are no mapping": {"copier.yml": "- a\n"},
    "a question": {"copier.yml": "name: {type: nonsense}\n"},
    "an include": {"copier.yml": "!include missing.yml\n"},
    "a default": {"copier.yml": SMALL["copier.yml"].replace("World", "'{{ 1 / 0 }}'")},
    "a validator": {"copier.yml": SMALL["copier.yml"] + "  validator: '{{ nothing.at.all }}'\n"},
    "a subdirectory": {"copier.yml": SMALL["copier.yml"].replace("template", "nowhere", 1)},
    "syntax": {"template/bad.txt.jinja": "{{ \n"},
    "an undefined name": {"template/bad.txt.jinja": "{{ a.b.c }}\n"},
    "an import": {"template/bad.txt.jinja": "{% include 'missing' %}\n"},
    "a file name": {"template/{{ a.b.c }}.txt": "x\n"},
    "bytes": {"template/bad.txt.jinja": b"\xff\xfe\x00"},
    "external data": {
        "copier.yml": SMALL["copier.yml"] + "_external_data: {a: missing.yml}\n",
        "template/x.jinja": "{{ _external_data.a.b }}",
    },
    "ownership": {"ownership.yml": "files: [\n"},
    "a way out": {"template/{{ '..' }}/x.txt": "x\n"},
    "a newer Copier": {
        "template/hello.txt.jinja": "",
        "copier.yml": SMALL["copier.yml"] + "_min_copier_version: '99'\n",
    },
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_message_about_a_template_names_a_folder_of_ours(machine: Machine, fault: str) -> None:
    template = machine.template({**SMALL, **FAULTS[fault]})
    for verb in (("new", "demo", "--defaults"), ("questions",)):
        done = machine.run(*verb, "--template", template)
        assert PREFIX not in done.out + done.err, done
        assert "Traceback" not in done.err


@pytest.mark.parametrize("fault", FAULTS)
def test_no_message_about_an_update_names_a_folder_of_ours(machine: Machine, fault: str) -> None:
    demo = follow(machine, {"a.txt": LINES})
    demo.edit({"a.txt": with_line(9, "mine")})
    machine.template({**FAULTS[fault], "template/a.txt": with_line(9, "theirs")}, tag="v2.0.0")
    for verb in (("update", demo.project, "--defaults"), ("check", demo.project, "--require-latest")):
        done = machine.run(*verb)
        assert PREFIX not in done.out + done.err, done
        assert "Traceback" not in done.err


def test_no_message_about_git_names_a_folder_of_ours(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    template = machine.template()
    git = machine.home / "git"
    real = next(Path(p, "git") for p in os.environ["PATH"].split(os.pathsep) if Path(p, "git").exists())
    for word in ("checkout", "clone", "archive", "hash-object"):
        git.write_text(
            f'#!/bin/sh\nfor a; do [ "$a" = {word} ] && {{ echo "fatal: $PWD/x $* failed" >&2; exit 1; }}; done\n'
            f'exec {real} "$@"\n'
        )
        git.chmod(0o755)
        monkeypatch.setenv("PATH", f"{machine.home}:{os.environ['PATH']}")
        done = machine.run("new", f"demo-{word}", "--template", template, "--defaults")
        assert PREFIX not in done.out + done.err, done


def test_a_temporary_folder_that_anybody_can_rearrange_is_not_used(machine: Machine) -> None:
    demo = follow(machine)
    machine.scratch.chmod(0o777)
    before = machine.scratch.stat().st_mtime_ns

    done = machine.run("update", demo.project, "--dry-run")

    assert done.code == 0, done
    assert machine.scratch.stat().st_mtime_ns == before


def test_where_no_folder_is_ones_own_that_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = follow(machine)
    shared = machine.work / "shared"
    (shared / "cache").mkdir(parents=True)
    for folder in (machine.scratch, shared):
        folder.chmod(0o777)
    monkeypatch.setenv("MLSCAFFOLD_CACHE_DIR", str(shared / "cache"))

    done = machine.run("update", demo.project, "--dry-run")

    done.refused("no folder for temporary files that is yours alone", str(machine.scratch), "TMPDIR")


def test_a_folder_that_another_run_removed_before_it_was_held_is_made_anew(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the making of the file and its lock the other run had the lock, and found the folder to be nobody's."""
    removed: list[Path] = []

    def late(handle: int) -> bool:
        if not removed:
            removed.extend(machine.scratch.iterdir())
            shutil.rmtree(removed[0])
        return lock_file(handle)

    monkeypatch.setattr(scratch, "lock_file", late)
    with scratch_folder() as folder:
        assert folder.is_dir()
        assert folder not in removed

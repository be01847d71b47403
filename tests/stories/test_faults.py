"""What stops a verb that writes into a project: a signal, a full disk, a closed folder, a second run."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.apply.journal import exclusive, pending
from mlscaffold.git.location import located

from .conftest import Machine, begins
from .forks import effect, in_child, paths_of
from .scenes import drifted_project, eventful_update, junk, state_of
from .test_interruption import mount
from .updating import LINES, Followed, follow, with_line

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs fork, and /proc to follow open files"
)


@begins
def demo(machine: Machine) -> Followed:
    return eventful_update(machine)


def test_a_repair_that_cannot_be_staged_is_undone(machine: Machine) -> None:
    """Somebody else's git holds the index."""
    drifted = drifted_project(machine)
    before = state_of(drifted)
    taken = drifted.project / ".git" / "index.lock"
    taken.touch()
    drifted.machine.run("check", drifted.project, "--fix").refused("index.lock")
    taken.unlink()
    assert state_of(drifted) == before
    assert pending(drifted.project) is None
    assert drifted.machine.run("check", drifted.project, "--fix").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("name", ["becomes/a-folder.txt", "merged.txt", "gone.txt", ".mlscaffold.lock"])
def test_a_stop_while_files_are_written(demo: Followed, name: str, number: signal.Signals) -> None:
    """The signal comes as that file is about to be put in its place, or taken away."""
    before = state_of(demo)
    script = textwrap.dedent(f"""
        import os, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        def strike(event, arguments):
            moves = event in {{"os.rename", "os.remove", "os.link"}}
            if moves and {str(demo.project / name)!r} in map(str, arguments[:2]):
                os.kill(os.getpid(), {int(number)})
        sys.argv = ["mlscaffold", "update", {str(demo.project)!r}, "--defaults"]
        from mlscaffold.__main__ import main
        sys.addaudithook(strike)
        main()
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 130, done
    assert "Traceback" not in done.stderr
    assert state_of(demo) == before
    assert junk(demo) == set()
    assert demo.update("--defaults").code == 0


@pytest.mark.parametrize("event", ["open", "os.rename", "os.remove", "os.mkdir"])
def test_a_disk_that_refuses_while_files_are_written(demo: Followed, event: str) -> None:
    """Whatever fails in the project itself: a clear error, and nothing is changed."""
    before = state_of(demo)

    def act() -> None:
        done = demo.update("--defaults")
        done.refused("Writing failed at", "No space left on device", "Make room")

    def fail() -> None:
        is_effect = effect(demo.project)
        struck: list[str] = []

        def strike(found: str, arguments: tuple[Any, ...]) -> None:
            if struck or found != event or not is_effect(found, arguments):
                return
            path = paths_of(event, arguments)[-1]
            if event == "open" or ".git" not in Path(path).parts:
                struck.append(path)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

        sys.addaudithook(strike)
        act()
        assert struck

    assert in_child(fail) == 0
    assert state_of(demo) == before
    assert junk(demo) == set()
    assert demo.update("--defaults").code == 0


def test_a_full_disk(machine: Machine) -> None:
    """No room for the new files: neither is anything changed, nor is the disk left fuller than before."""
    disk = machine.work / "disk"
    mount(disk, "size=512k")
    try:
        demo = follow(machine, {"small.txt": "small\n"}, name="disk/demo")
        demo.release(files={"big.bin": os.urandom(600_000)})
        before = state_of(demo)
        free = shutil.disk_usage(disk).free
        demo.update("--defaults").refused("Writing failed at", "Make room")
        assert state_of(demo) == before
        assert shutil.disk_usage(disk).free > free - 16_384
        assert pending(demo.project) is None
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_way_back_on_a_full_disk(machine: Machine) -> None:
    """It names the disk, and is open still; with a little room it works."""
    disk = machine.work / "disk"
    mount(disk, "size=1m")
    try:
        demo = follow(machine, {"a.txt": LINES}, name="disk/demo")
        demo.edit({"a.txt": with_line(9, "mine")})
        before = state_of(demo)
        demo.release(files={"a.txt": with_line(9, "theirs")})
        assert demo.update("--defaults").code == 3
        waiting = state_of(demo)
        filler = disk / "filler"
        with filler.open("wb") as stream:
            with contextlib.suppress(OSError):
                while True:
                    stream.write(b"x" * 4096)
            with contextlib.suppress(OSError):
                stream.close()
        for option in ("--abort", "--abort"):
            done = demo.update(option)
            done.refused("No space left on device", "is not finished", "Make room", "--abort")
            assert str(demo.project) in done.err
            assert state_of(demo) == waiting
        filler.unlink()
        demo.updated("--abort")
        assert state_of(demo) == before
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_folder_that_may_not_be_written(machine: Machine) -> None:
    demo = follow(machine, {"a.txt": "one\n", "closed/b.txt": "one\n"})
    demo.release(files={"a.txt": "two\n", "closed/b.txt": "two\n", "closed/c.txt": "new\n"})
    content = demo.text("closed/b.txt")
    closed = demo.project / "closed"
    shutil.rmtree(closed)
    mount(closed, "size=64k")
    try:
        (closed / "b.txt").write_text(content)
        subprocess.run(["mount", "-o", "remount,ro", str(closed)], check=True)
        before = state_of(demo)
        demo.update("--defaults").refused("Writing failed at", "Read-only file system", "get the right to write there")
        assert state_of(demo) == before
        assert junk(demo) == set()
    finally:
        subprocess.run(["umount", "-l", str(closed)], check=True)


@pytest.mark.parametrize(
    "command",
    [
        ("update", "--defaults"),
        ("update", "--abort"),
        ("update", "--continue"),
        ("set", "name=Moon", "--project"),
    ],
    ids=" ".join,
)
def test_of_two_runs_at_once_the_second_is_told_who_holds_it(demo: Followed, command: tuple[str, ...]) -> None:
    before = state_of(demo)
    with exclusive(located(demo.project), "update"):
        place = str(demo.project)
        words = (*command, place) if "--project" in command else (command[0], place, *command[1:])
        demo.machine.run(*words).refused(
            f"mlscaffold update (process {os.getpid()}) is at work in", "Wait for it to end", code=3
        )
    assert state_of(demo) == before
    assert demo.update("--defaults").code == 0


def test_nothing_but_the_holder_is_left_in_the_repository(demo: Followed) -> None:
    files = {path.relative_to(demo.project).as_posix() for path in (demo.project / ".git").iterdir()}
    demo.updated("--defaults")
    left = {path.relative_to(demo.project).as_posix() for path in (demo.project / ".git").iterdir()} - files
    assert left <= {".git/mlscaffold"}
    assert junk(demo) == set()
    assert (demo.project / ".git" / "mlscaffold" / "project" / "holder").read_text() == ""

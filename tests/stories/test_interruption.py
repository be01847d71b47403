"""Whatever stops `mlscaffold new`, the destination is as it was; and the next run works."""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.new import stage

from .conftest import ROOT, SMALL, Machine, snapshot
from .forks import command_in_child

#: Moments of a run: a function, by module, and whether the signal comes as it begins or as it ends.
MOMENTS = [
    ("mlscaffold.new.create", "check_out", "before"),
    ("mlscaffold.new.create", "check_out", "after"),
    ("mlscaffold.new.create", "resolve_answers", "before"),
    ("mlscaffold.template.copier.worker", "TemplateWorker._render_file", "before"),
    ("mlscaffold.template.copier.worker", "TemplateWorker._render_file", "after"),
    ("mlscaffold.new.create", "_copy", "before"),
    ("mlscaffold.new.create", "_copy", "after"),
    ("mlscaffold.new.create", "init", "after"),
    ("mlscaffold.new.create", "lock_of", "after"),
    ("mlscaffold.new.create", "first_commit", "before"),
    ("mlscaffold.new.create", "first_commit", "after"),
]


def stop_at(machine: Machine, moment: tuple[str, str, str], number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """Run the command line in a process that gets a signal at a moment: no sleeping, no race."""
    module, name, when = moment

    def prepare() -> None:
        *path, last = name.split(".")
        owner = functools.reduce(getattr, path, importlib.import_module(module))
        original = getattr(owner, last)

        def stopped(*args: Any, **options: Any) -> Any:
            if when == "before":
                os.kill(os.getpid(), number)
            result = original(*args, **options)
            if when == "after":
                os.kill(os.getpid(), number)
            return result

        setattr(owner, last, stopped)

    return command_in_child(arguments, prepare, machine.home.parent / "said")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("moment", MOMENTS, ids="-".join)
def test_a_signal_leaves_nothing(machine: Machine, moment: tuple[str, str, str], number: signal.Signals) -> None:
    template = str(machine.template())
    code, said = stop_at(machine, moment, number, "new", "a/demo", "--template", template, "--defaults")
    assert code == 130, said
    assert "Stopped" in said
    assert "Traceback" not in said
    machine.nothing_was_left()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS, ids="-".join)
def test_a_kill_leaves_the_destination_as_it_was_and_the_next_run_cleans_up(
    machine: Machine, moment: tuple[str, str, str]
) -> None:
    template = str(machine.template())
    (machine.work / "demo").mkdir()
    code, _ = stop_at(machine, moment, signal.SIGKILL, "new", "demo", "--template", template, "--defaults")
    assert code == -signal.SIGKILL
    assert list((machine.work / "demo").iterdir()) == []
    assert {entry.name for entry in machine.work.iterdir() if not entry.name.startswith(".mlscaffold-new-")} == {"demo"}
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    assert [entry.name for entry in machine.work.iterdir()] == ["demo"]
    assert machine.run("check", "demo").code == 0


@pytest.mark.slow
def test_a_stop_in_the_folder_that_one_stands_in(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine.work / "demo").mkdir()
    monkeypatch.chdir(machine.work / "demo")
    moment = ("mlscaffold.new.create", "first_commit", "after")
    code, said = stop_at(
        machine, moment, signal.SIGINT, "new", ".", "--template", str(machine.template()), "--defaults"
    )
    assert code == 130, said
    assert list((machine.work / "demo").iterdir()) == []
    assert [entry.name for entry in machine.work.iterdir()] == ["demo"]


def killed_at_move(machine: Machine, number: int, when: str, *arguments: str) -> int:
    """Fill the folder that one stands in, and die at the n-th entry."""

    def prepare() -> None:
        original, count = stage._move, itertools.count(1)

        def move(*args: Any) -> Any:
            is_last = next(count) == number
            if is_last and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*args)
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        stage._move = move  # type: ignore[assignment]

    return command_in_child(("new", ".", *arguments), prepare, machine.home.parent / "said")[0]


@pytest.mark.slow
def test_a_kill_while_the_folder_that_one_stands_in_is_filled(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = ("--template", str(machine.template()), "--defaults")
    assert machine.run("new", "whole/demo", *template).code == 0
    whole = {entry.name for entry in (machine.work / "whole" / "demo").iterdir()}
    assert len(whole) > 2
    for number in range(1, len(whole) + 1):
        for when in ("before", "after"):
            folder = machine.work / f"{number}-{when}" / "demo"
            folder.mkdir(parents=True)
            monkeypatch.chdir(folder)
            assert killed_at_move(machine, number, when, *template) == -signal.SIGKILL
            assert (folder / ".mlscaffold.lock").exists() == ({entry.name for entry in folder.iterdir()} == whole)
            done = machine.run("new", ".", *template)
            assert done.code == 2
            assert "It is finished now" in done.err
            assert {entry.name for entry in folder.iterdir()} == whole
            assert [entry.name for entry in folder.parent.iterdir()] == ["demo"]
            assert machine.run("check").code == 0
            assert machine.git("status", "--porcelain", cwd=folder) == ""


@pytest.mark.slow
def test_the_rest_of_a_killed_run_overwrites_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    template = ("--template", str(machine.template()), "--defaults")
    folder = machine.work / "demo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert killed_at_move(machine, 1, "before", *template) == -signal.SIGKILL
    (folder / "hello.txt").write_text("mine\n")
    # Another project beside it does not take the rest for rubbish.
    assert machine.run("new", machine.work / "other", *template).code == 0
    done = machine.run("new", ".", *template)
    assert done.code == 2
    assert "hello.txt" in done.err
    assert (folder / "hello.txt").read_text() == "mine\n"
    (folder / "hello.txt").unlink()
    assert "It is finished now" in machine.run("new", ".", *template).err
    assert machine.run("check").code == 0


@pytest.mark.slow
def test_a_stop_while_a_task_runs(machine: Machine) -> None:
    task = "_tasks: ['touch half && kill -INT $PPID && sleep 1']\n"
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + task})
    command = [sys.executable, "-m", "mlscaffold", "new", "demo", "--template", str(template), "--defaults", "--trust"]
    # A job in the background of a shell ignores Ctrl-C, and so does what it starts.
    default = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=default)
    assert done.returncode == 130, done
    machine.nothing_was_left()


@pytest.mark.parametrize("stood_in", [False, True])
def test_a_kill_while_a_task_runs_is_told_by_the_next_run(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, stood_in: bool
) -> None:
    task = "_tasks: ['touch half && kill -KILL $PPID && sleep 1', 'touch other']\n"
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + task})
    folder = machine.work / "demo"
    if stood_in:
        folder.mkdir()
        monkeypatch.chdir(folder)
    arguments = ("new", str(folder), "--template", str(template), "--defaults", "--trust")
    done = subprocess.run([sys.executable, "-m", "mlscaffold", *arguments], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (folder / "half").exists()
    # Another project beside it does not take what is told for rubbish.
    assert machine.run("new", machine.work / "other", "--template", template, "--defaults", "--skip-tasks").code == 0
    told = machine.run(*arguments)
    told.refused(
        "killed while the template's tasks ran", "may lack its first commit", "touch other", "remove the folder"
    )
    assert sorted(entry.name for entry in machine.work.iterdir()) == ["demo", "other"]
    machine.run(*arguments).refused("demo is not empty")


def mount(folder: Path, options: str) -> None:
    """A small file system in memory on a folder; the test is skipped where that is not allowed."""
    folder.mkdir()
    program = shutil.which("mount")
    allowed = program and os.geteuid() == 0
    done = (
        subprocess.run(
            [str(program), "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
        )
        if allowed
        else None
    )
    if done is None or done.returncode:
        pytest.skip("mounting a tmpfs is not allowed here: run the tests as root (or with CAP_SYS_ADMIN)")


@pytest.fixture
def tiny_disk(machine: Machine) -> Iterator[Path]:
    """A disk of 64 kB."""
    folder = machine.home.parent / "disk"
    mount(folder, "size=64k")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


BIG = {**SMALL, "template/big.bin": "x" * 200_000}


def test_a_full_disk_at_the_destination(machine: Machine, tiny_disk: Path) -> None:
    done = machine.run("new", tiny_disk / "demo", "--template", machine.template(BIG), "--defaults")
    done.refused("No space left on device", f"{tiny_disk}/demo is as it was", "Make room")
    assert list(tiny_disk.iterdir()) == []
    assert list(machine.scratch.iterdir()) == []


def test_a_disk_that_is_full_when_git_writes(machine: Machine, tiny_disk: Path) -> None:
    """The files fit; git's objects do not."""
    incompressible = os.urandom(40_000).hex().encode()[:44_000]
    template = machine.template({**SMALL, "template/noise.txt": incompressible})
    done = machine.run("new", tiny_disk / "demo", "--template", template, "--defaults")
    done.refused("No space left on device")
    assert list(tiny_disk.iterdir()) == []


@pytest.mark.parametrize("verb", [["new", "demo", "--defaults"], ["questions"]])
def test_a_full_temporary_folder(
    machine: Machine, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    template = machine.template(BIG)
    monkeypatch.setenv("TMPDIR", str(tiny_disk))
    monkeypatch.setattr("tempfile.tempdir", str(tiny_disk))
    machine.run(*verb, "--template", template).refused("git read-tree failed", "The disk is full: make room")
    assert list(machine.work.iterdir()) == []
    assert list(tiny_disk.iterdir()) == []


def test_a_volume_is_a_destination(machine: Machine) -> None:
    """An empty folder that is a mount point, as the workspace of a container is: nothing can be renamed onto it."""
    volume = machine.work / "volume"
    mount(volume, "size=8m")
    try:
        done = machine.run("new", volume, "--template", machine.template(), "--defaults")
        assert done.code == 0, done
        assert sorted(entry.name for entry in volume.iterdir()) == [
            ".copier-answers.yml",
            ".git",
            ".mlscaffold.lock",
            "hello.txt",
        ]
        assert machine.run("check", volume).code == 0
        assert [entry.name for entry in machine.work.iterdir()] == ["volume"]
    finally:
        subprocess.run(["umount", "-l", str(volume)], check=True)


def as_nobody(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line as an account that owns nothing; root may write anywhere."""
    command = [sys.executable, "-m", "mlscaffold", *map(str, arguments)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is missing. To run this test as root, install: util-linux")
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
    # That account may not write where coverage keeps its data.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def open_machine(machine: Machine) -> Machine:
    """A machine on which `nobody` may read everything, and write where it is told to."""
    if as_nobody("--version").returncode:
        pytest.skip("another account cannot run this Python: its folder is closed to others")
    settings = Path(os.environ["GIT_CONFIG_SYSTEM"]).parent
    for folder in (settings, machine.home, *machine.home.parents):
        if folder == Path("/"):
            break
        if os.geteuid() == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o055)
    for folder in (machine.home, machine.scratch):
        # As temporary folders are: everybody writes, and nobody moves what others have there.
        folder.chmod(0o1777)
    (machine.home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    return machine


@pytest.mark.slow
@pytest.mark.parametrize("name", ["demo", "deep/er/demo", "mine"])
def test_a_destination_that_may_not_be_written(open_machine: Machine, name: str) -> None:
    template = open_machine.template()
    open_machine.work.chmod(0o555)
    (open_machine.work / "mine").mkdir(mode=0o555)
    before = snapshot(open_machine.work)
    done = as_nobody("new", name, "--template", template, "--defaults")
    assert done.returncode == 2, done
    assert f"Cannot write in {open_machine.work}" in done.stderr
    assert "Choose a folder that you may write to." in done.stderr
    assert snapshot(open_machine.work) == before


@pytest.mark.slow
def test_an_own_empty_folder_in_a_folder_of_somebody_else(open_machine: Machine) -> None:
    template = open_machine.template()
    mine = open_machine.work / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    open_machine.work.chmod(0o755)
    done = as_nobody("new", mine, "--template", template, "--defaults")
    assert done.returncode == 0, done
    assert (mine / "hello.txt").exists()
    assert [entry.name for entry in mine.iterdir() if entry.name.startswith(".mlscaffold-new")] == []


@pytest.mark.slow
def test_a_destination_that_may_not_be_looked_into(open_machine: Machine) -> None:
    closed = open_machine.work / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    template = open_machine.template()
    for name in (closed, closed / "demo"):
        done = as_nobody("new", name, "--template", template, "--defaults")
        assert done.returncode == 2, done
        assert str(closed) in done.stderr
        assert "bug" not in done.stderr


def test_a_read_only_disk(machine: Machine) -> None:
    disk = machine.home.parent / "readonly"
    mount(disk, "size=1m,ro")
    try:
        machine.run("new", disk / "demo", "--template", machine.template(), "--defaults").refused(
            f"Cannot write in {disk}"
        )
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("verb", [["new", "demo", "--defaults"], ["versions"], ["questions"]])
def test_a_machine_without_git(machine: Machine, monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    template = machine.template()
    monkeypatch.setenv("PATH", str(machine.home))
    done = machine.run(*verb, "--template", template)
    done.refused("git was not found on this machine", "Install git (https://git-scm.com/downloads)")
    machine.nothing_was_left()


def test_a_git_that_may_not_be_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    template = machine.template()
    (machine.home / "git").write_text("#!/bin/sh\nexit 0\n")
    monkeypatch.setenv("PATH", str(machine.home))
    machine.run("new", "demo", "--template", template, "--defaults").refused("Cannot run git", "Permission denied")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["demo", "new/demo"])
def test_of_two_runs_at_once_one_wins_and_the_other_says_so(machine: Machine, name: str) -> None:
    """The second run begins and ends while the first one is about to commit."""
    template = machine.template()
    inner = [sys.executable, "-m", "mlscaffold", "new", name, "--template", str(template), "--set", "name=Winner"]
    script = textwrap.dedent(f"""
        import subprocess, sys
        from mlscaffold.new import create as creation
        commit = creation.first_commit
        def late(*arguments):
            subprocess.run({inner!r}, check=True, stdout=subprocess.DEVNULL)
            return commit(*arguments)
        creation.first_commit = late
        sys.argv = ["mlscaffold", "new", {name!r}, "--template", {str(template)!r}, "--set", "name=Loser"]
        from mlscaffold.__main__ import main
        main()
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done
    assert f"{machine.work / name} changed while the project was made" in done.stderr
    assert "Nothing was written." in done.stderr
    assert (machine.work / name / "hello.txt").read_text() == "Hello Winner\n"
    assert machine.run("check", name).code == 0
    assert [entry.name for entry in machine.work.iterdir()] == [Path(name).parts[0]]


@pytest.mark.slow
def test_two_runs_started_together(machine: Machine) -> None:
    template = str(machine.template())
    command = [sys.executable, "-m", "mlscaffold", "new", "demo", "--template", template, "--defaults"]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 2], said
    assert "demo" in next(text for run, text in zip(runs, said, strict=True) if run.returncode == 2)
    assert machine.run("check", "demo").code == 0
    assert [entry.name for entry in machine.work.iterdir()] == ["demo"]


@pytest.mark.slow
def test_the_reader_of_our_output_may_leave(machine: Machine) -> None:
    template = str(machine.template({**SMALL, **{f"template/f{number}.txt": "x" for number in range(300)}}))
    command = f"{sys.executable} -m mlscaffold new demo --dry-run --defaults --template {template} | true"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_the_built_in_template_is_stopped_as_well(machine: Machine) -> None:
    moment = ("mlscaffold.template.copier.worker", "TemplateWorker._render_file", "after")
    code, said = stop_at(machine, moment, signal.SIGINT, "new", "demo", "--template", str(ROOT), "--defaults")
    assert code == 130, said
    machine.nothing_was_left()


def test_ctrl_c_while_the_command_line_is_imported() -> None:
    code = """
import sys
class Stop:
    def find_spec(self, name, *_):
        if name == "mlscaffold.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
sys.argv = ["mlscaffold", "check"]
from mlscaffold.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "\nStopped.\n")

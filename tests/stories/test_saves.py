"""Whoever saves a file while a command writes into the project loses nothing: it stays, or the command says where.

The steps of a run are those that touch one file, or start git. At one of them the file is saved, as an editor does it:
at the first and the last of each kind, and in `nox -s matrix` at each.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.update.apply import apply_update
from mlscaffold.update.prepare import prepare_update
from mlscaffold.update.relock import prepare_lock
from mlscaffold.update.request import UpdateRequest
from mlscaffold.update.resume import abort_update, continue_update

from .conftest import Machine, begins, snapshot
from .forks import Choose, act_at, in_child, steps_of, touch
from .scenes import Copy
from .updating import LINES, Followed, follow, with_line

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs fork, and /proc to follow open files"
)

MINE = b"saved by a person\n"
#: The exit code of a run at a step where the file that was to be changed is not there.
NOT_THERE = 77


def in_place(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(MINE)


def by_rename(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    passing = file.with_name("editor-passing")
    passing.write_bytes(MINE)
    passing.replace(file)


WAYS = {"in place": in_place, "by rename": by_rename}


def kept(demo: Followed, path: str) -> bool:
    """Whether what was saved is in its place, or where the message says."""
    file = demo.project / path
    saved = demo.project / ".git" / "mlscaffold" / "project" / "saved"
    places = [file, *(saved.iterdir() if saved.is_dir() else ())]
    return any(place.is_file() and place.read_bytes() == MINE for place in places)


def nothing_saved_is_lost(demo: Followed, path: str, way: str, act: Callable[[], object], choose: Choose) -> None:
    """Save at chosen steps of a run."""
    start, file = Copy.of(demo, "start"), demo.project / path
    steps = steps_of(act, touch(file))
    assert len(steps) > 3
    codes = set()
    for number in choose(steps):
        start.restore()

        def run(number: int = number) -> None:
            act_at(number, touch(file), lambda *_: WAYS[way](file))
            act()

        code = in_child(run)
        assert kept(demo, path), f"step {number}: lost, exit code {code}"
        assert file.read_bytes() == MINE or code != 0, f"step {number}: replaced, exit code 0"
        left = {entry.name for entry in demo.project.rglob(".mlscaffold-*")}
        assert left == set(), f"step {number}"
        codes.add(code)
    assert 1 in codes
    assert codes <= {0, 1}


@begins
def demo(machine: Machine) -> Followed:
    """A project, and a release that changes, adds and removes a file."""
    demo = follow(machine, {"changed.txt": LINES, "gone.txt": "gone\n"})
    demo.edit({"changed.txt": with_line(1, "mine")})
    demo.release(files={"changed.txt": with_line(9, "theirs"), "deep/new.txt": "new\n"}, gone=("gone.txt",))
    return demo


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["changed.txt", "deep/new.txt", "gone.txt", ".copier-answers.yml"])
def test_a_save_at_any_step_of_an_update(demo: Followed, path: str, way: str, choose: Choose) -> None:
    with prepare_update(UpdateRequest(project=demo.project, use_defaults=True)) as prepared:
        nothing_saved_is_lost(demo, path, way, lambda: apply_update(prepared), choose)


@pytest.mark.slow
def test_a_save_of_a_file_that_git_ignores(demo: Followed, choose: Choose) -> None:
    demo.edit({".gitignore": "deep\n"})
    with prepare_update(UpdateRequest(project=demo.project, use_defaults=True)) as prepared:
        nothing_saved_is_lost(demo, "deep/new.txt", "in place", lambda: apply_update(prepared), choose)


@pytest.mark.slow
def test_a_save_at_any_step_of_a_change_of_answers(demo: Followed, choose: Choose) -> None:
    request = UpdateRequest(project=demo.project, same_version=True, given={"name": "Moon"})
    with prepare_update(request) as prepared:
        nothing_saved_is_lost(demo, "hello.txt", "by rename", lambda: apply_update(prepared), choose)


@pytest.mark.slow
@pytest.mark.parametrize("path", [".copier-answers.yml", ".mlscaffold.lock"])
def test_a_save_at_any_step_of_making_a_lock(demo: Followed, path: str, choose: Choose) -> None:
    demo.edit({".copier-answers.yml": demo.text(".copier-answers.yml").replace("World", "Moon")})
    with prepare_lock(UpdateRequest(project=demo.project)) as found:
        nothing_saved_is_lost(demo, path, "in place", lambda: apply_update(found.update), choose)


@pytest.mark.slow
@pytest.mark.parametrize("path", [".copier-answers.yml", ".mlscaffold.lock"])
def test_a_save_at_any_step_of_going_on_after_conflicts(demo: Followed, path: str, choose: Choose) -> None:
    demo.edit({"changed.txt": with_line(9, "mine, too")})
    assert demo.update("--defaults").code == 3
    (demo.project / "changed.txt").write_text("resolved\n")
    demo.git("add", "changed.txt")
    nothing_saved_is_lost(demo, path, "in place", lambda: continue_update(demo.project), choose)


def test_a_save_between_conflicts_and_going_on_is_not_replaced(demo: Followed) -> None:
    """Lock and answers are written last; by then somebody may have changed them."""
    demo.edit({"changed.txt": with_line(9, "mine, too")})
    assert demo.update("--defaults").code == 3
    (demo.project / "changed.txt").write_text("resolved\n")
    demo.git("add", "changed.txt")
    (demo.project / ".copier-answers.yml").write_bytes(MINE)

    demo.update("--continue").refused(".copier-answers.yml: changed since the update", "git checkout --", code=3)

    assert (demo.project / ".copier-answers.yml").read_bytes() == MINE
    demo.git("checkout", "--", ".copier-answers.yml")
    demo.updated("--continue")


@pytest.mark.slow
def test_a_save_at_any_step_of_going_back(demo: Followed, choose: Choose) -> None:
    """Whoever takes an update back is told where a save is kept, and gets the files from before."""
    before = demo.text("changed.txt")
    demo.edit({"changed.txt": with_line(9, "mine, too")})
    before = demo.text("changed.txt")
    assert demo.update("--defaults").code == 3
    start, file = Copy.of(demo, "start"), demo.project / "changed.txt"
    steps = steps_of(lambda: abort_update(demo.project), touch(file))
    assert len(steps) > 3
    for number in choose(steps):
        start.restore()

        def run(number: int = number) -> None:
            act_at(number, touch(file), lambda *_: in_place(file))
            abort_update(demo.project)

        assert in_child(run) == 0
        assert kept(demo, "changed.txt")
        assert file.read_bytes() in (MINE, before.encode())


@pytest.mark.slow
@pytest.mark.parametrize("path", ["changed.txt", "missing.txt"])
@pytest.mark.parametrize("way", WAYS)
def test_a_save_at_any_step_of_a_repair(machine: Machine, path: str, way: str, choose: Choose) -> None:
    files = {"ownership.yml": "files:\n  '*.txt': owned\n", "changed.txt": "a\n", "missing.txt": "b\n"}
    demo = follow(machine, files)
    demo.edit({"changed.txt": "drift\n"}, gone=("missing.txt",))

    def act() -> None:
        done = machine.run("check", demo.project, "--fix")
        assert done.code == 0, done

    nothing_saved_is_lost(demo, path, way, act, choose)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_save_of_the_settings_at_any_step_of_a_waiver(machine: Machine, way: str, choose: Choose) -> None:
    demo = follow(machine)
    demo.edit({".mlscaffold.toml": "# ours\n"})

    def act() -> None:
        done = machine.run("eject", "hello.txt", "--reason", "it is ours", "--project", demo.project)
        assert done.code == 0, done

    nothing_saved_is_lost(demo, ".mlscaffold.toml", way, act, choose)


def deleted(file: Path) -> None:
    file.unlink()


def opened_to_all(file: Path) -> None:
    file.chmod(0o777)


def a_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("elsewhere")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inside").write_bytes(MINE)


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.slow
@pytest.mark.parametrize("change", [deleted, opened_to_all, a_link, a_folder, a_pipe], ids=lambda each: each.__name__)
def test_whatever_else_somebody_does_to_a_file_stays(
    demo: Followed, change: Callable[[Path], None], choose: Choose
) -> None:
    """At every step the update is refused, with the project as it was but for that; or it was done before."""
    file = demo.project / "changed.txt"
    start = Copy.of(demo, "start")

    def shape() -> object:
        if not os.path.lexists(file):
            return None
        mode = file.lstat().st_mode
        return mode if not stat.S_ISDIR(mode) else (stat.S_IFMT(mode), snapshot(file))

    change(file)
    wanted = shape()
    start.restore()
    others = {path: entry for path, entry in snapshot(demo.project).items() if not path.startswith("changed.txt")}
    refused = 0

    def strike(*_: object) -> None:
        if not os.path.lexists(file):
            os._exit(NOT_THERE)
        change(file)

    with prepare_update(UpdateRequest(project=demo.project, use_defaults=True)) as prepared:
        steps = steps_of(lambda: apply_update(prepared), touch(file))
        for number in choose(steps):
            start.restore()

            def run(number: int = number) -> None:
                act_at(number, touch(file), strike)
                apply_update(prepared)

            code = in_child(run)
            if code == NOT_THERE:
                continue
            assert code or shape() == wanted, number
            if code:
                refused += 1
                if file.is_fifo():
                    file.unlink()
                after = snapshot(demo.project).items()
                assert {path: entry for path, entry in after if not path.startswith("changed.txt")} == others, number
    assert refused > 3


def test_what_changed_is_named_and_what_to_type(demo: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """One save before the files are copied, one just before a file is replaced."""
    from mlscaffold.apply import effects
    from mlscaffold.apply.journal import begin
    from mlscaffold.files.put import put
    from mlscaffold.update import apply as applying

    before = demo.state()

    def late_begin(*arguments: Any, **options: Any) -> Any:
        in_place(demo.project / "changed.txt")
        return begin(*arguments, **options)

    monkeypatch.setattr(applying, "begin", late_begin)
    done = demo.update("--defaults")
    done.refused("The project changed while the update v1.0.0 -> v2.0.0 was prepared: changed.txt", "again", code=2)
    demo.git("checkout", "-q", "--", ".")
    assert demo.state() == before

    def late_put(new: Path | None, target: Path, expected: Any) -> None:
        if target.name == "changed.txt":
            in_place(target)
        put(new, target, expected)

    monkeypatch.setattr(applying, "begin", begin)
    monkeypatch.setattr(effects, "put", late_put)
    demo.update("--defaults").refused("changed.txt was changed while", "It is as you left it", "again", code=2)
    assert (demo.project / "changed.txt").read_bytes() == MINE
    demo.git("checkout", "-q", "--", ".")
    assert demo.state() == before


def test_a_file_that_appears_while_new_fills_a_folder(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlscaffold.new import stage as transaction

    template = machine.template()
    folder = machine.work / "demo"
    folder.mkdir()
    monkeypatch.chdir(folder)
    move = transaction._move

    def late(entry: Path, into: Path) -> Path:
        if entry.name == "hello.txt":
            in_place(folder / "hello.txt")
        return move(entry, into)

    monkeypatch.setattr(transaction, "_move", late)
    machine.run("new", ".", "--template", template, "--defaults").refused("changed while the project was made")
    assert (folder / "hello.txt").read_bytes() == MINE
    assert [entry.name for entry in folder.iterdir()] == ["hello.txt"]


def test_a_settings_file_that_a_kill_left_aside_is_still_read(machine: Machine) -> None:
    """A kill between the two renames by which settings are replaced."""
    demo = follow(machine)
    code = (
        "import os, sys; from mlscaffold.files import put; put._settle = lambda *_: os._exit(9); "
        "sys.argv = ['mlscaffold', *sys.argv[1:]]; from mlscaffold.__main__ import main; main()"
    )
    words = ["--reason", "it is ours", "--project", str(demo.project)]
    demo.edit({".mlscaffold.toml": "# ours\n"})
    done = subprocess.run([sys.executable, "-c", code, "eject", "hello.txt", *words], check=False)
    assert done.returncode == 9
    assert not demo.has(".mlscaffold.toml")
    assert machine.run("check", demo.project).code == 0
    assert machine.run("eject", "hello.txt", *words).code == 0
    assert demo.text(".mlscaffold.toml").startswith("# ours\n")

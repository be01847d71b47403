"""kill -9 at every effect of the verbs that write into a project: it is before, or after, or it says what waits.

A run is forked off a warm process and counts what it does to the disk below the project, as Python's audit events
tell it; at the n-th effect it kills itself, for every n until the run ends by itself. Where a file is opened to be
written it dies a second time with the file cut short. Then `--continue` must give exactly what an undisturbed run
gives, and `--abort` exactly what was there before: contents, permissions, index, HEAD.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import stat
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.journal import Phase, pending
from mlscaffold.update import UpdateRequest, abort_update, apply_update, continue_update, prepare_update

from .conftest import Machine
from .updating import LINES, Followed, follow, with_line

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to start each run where the last began")

#: Audit events of effects, and which of their arguments are paths (with the place of the folder that each is told by).
_EFFECTS: dict[str, tuple[tuple[int, int | None], ...]] = {
    "open": ((0, None),),
    "os.rename": ((0, 2), (1, 3)),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.chmod": ((0, 2),),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "subprocess.Popen": ((2, None),),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
#: Commands by which git changes a repository.
_GIT_WRITES = {"add", "checkout-index", "commit", "init", "read-tree", "reset", "update-index", "update-ref"}
#: The exit code of a run that was to leave a file cut short, at an effect that opens none.
_NOTHING_TO_CUT = 77


def _place(arguments: tuple[Any, ...], path_at: int, folder_at: int | None) -> str:
    """The absolute path that an effect is about."""
    path = arguments[path_at]
    if isinstance(path, int):
        return os.readlink(f"/proc/self/fd/{path}")
    folder = arguments[folder_at] if folder_at is not None else -1
    base = os.readlink(f"/proc/self/fd/{folder}") if isinstance(folder, int) and folder >= 0 else os.getcwd()
    return os.path.join(base, os.fsdecode(path if path is not None else base))


def _is_effect(event: str, arguments: tuple[Any, ...], root: str) -> bool:
    if event not in _EFFECTS:
        return False
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
        return False
    if event == "subprocess.Popen" and not _GIT_WRITES & {os.fsdecode(word) for word in arguments[1]}:
        return False
    return any(_place(arguments, *where).startswith(root) for where in _EFFECTS[event])


def kill_at(root: Path, number: int, *, cut_short: bool) -> None:
    """Let this process die at its n-th effect below a folder."""
    seen = itertools.count(1)

    def strike(event: str, arguments: tuple[Any, ...]) -> None:
        if not _is_effect(event, arguments, str(root)) or next(seen) != number:
            return
        if cut_short and event != "open":
            os._exit(_NOTHING_TO_CUT)
        if cut_short:
            os.write(os.open(arguments[0], arguments[2] & ~os.O_ACCMODE | os.O_RDWR, 0o644), b"cut sh")
        os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(strike)


def in_child(act: Callable[[], object]) -> int:
    """Do something in a fork of this process; its exit code, negative for a signal."""
    with warnings.catch_warnings():
        # The workers of pytest-xdist have a thread of their own, which the child does not need.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@dataclass(frozen=True)
class State:
    """All of a project that a person could tell."""

    #: By path: permissions, and content or target; folders count where they are empty.
    files: dict[str, tuple[int, bytes]]
    index: str
    head: str


def state_of(demo: Followed) -> State:
    """The state of a project."""
    files: dict[str, tuple[int, bytes]] = {}
    for folder, folders, names in os.walk(demo.project):
        if Path(folder) == demo.project:
            folders.remove(".git")
        for name in [*folders, *names]:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            key = path.relative_to(demo.project).as_posix()
            if stat.S_ISLNK(mode):
                files[key] = (0, os.fsencode(path.readlink()))
            elif stat.S_ISREG(mode):
                files[key] = (stat.S_IMODE(mode), path.read_bytes())
            elif not any(path.iterdir()):
                files[key] = (stat.S_IMODE(mode), b"an empty folder")
    return State(files=files, index=demo.git("ls-files", "-s"), head=demo.git("rev-parse", "HEAD"))


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A project put aside, to begin from again."""

    demo: Followed
    folder: Path

    @classmethod
    def of(cls, demo: Followed, name: str) -> Copy:
        """Put it aside as it is now."""
        folder = demo.machine.home.parent / "copies" / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(demo.project, folder, symlinks=True)
        return cls(demo=demo, folder=folder)

    def restore(self) -> None:
        """Bring the project back to it."""
        shutil.rmtree(self.demo.project)
        shutil.copytree(self.folder, self.demo.project, symlinks=True)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A run that is killed again and again."""

    demo: Followed
    #: What is run, in a fork; it ends with exit code 0.
    act: Callable[[], object]
    #: The project before it.
    start: Copy
    #: What it leaves when undisturbed.
    result: State
    #: What `--continue` and `--abort` must lead to, each with its exit code.
    continued: tuple[int, State]
    undone: tuple[int, State]

    @classmethod
    def play(
        cls,
        demo: Followed,
        act: Callable[[], object],
        *,
        continued: State | None = None,
        undone: State | None = None,
        code: int = 0,
    ) -> Scene:
        """Run it once undisturbed, to know what it leaves.

        Args:
            demo: The project.
            act: What is run.
            continued: Where `--continue` leads, if not to what the run leaves.
            undone: Where `--abort` leads, if not to the project as it is now.
            code: The exit code of `--continue`.
        """
        start, here = Copy.of(demo, "start"), state_of(demo)
        assert in_child(act) == 0
        result = state_of(demo)
        return cls(
            demo=demo,
            act=act,
            start=start,
            result=result,
            continued=(code, continued or result),
            undone=(0, undone or here),
        )

    def kills(self) -> Iterator[str]:
        """Kill it at each effect in turn; between two, the project lies there as the kill left it."""
        for number in itertools.count(1):
            for cut_short in (False, True):
                self.start.restore()

                def die(number: int = number, *, cut_short: bool = cut_short) -> None:
                    kill_at(self.demo.project, number, cut_short=cut_short)
                    self.act()

                match in_child(die):
                    case 0:
                        assert state_of(self.demo) == self.result
                        assert number > 1
                        return
                    case code if code == -signal.SIGKILL:
                        yield f"effect {number}{', cut short' if cut_short else ''}"
                    case code:
                        assert (cut_short, code) == (True, _NOTHING_TO_CUT)

    def check(self, where: str) -> Phase | None:
        """Both ways lead out of where a kill left the project; what waited, if anything."""
        demo = self.demo
        waiting = pending(demo.project)
        status = demo.machine.run("update", demo.project, "--status")
        if waiting is None:
            assert state_of(demo) in (self.undone[1], self.result), where
            assert status.code == 0
            return None
        assert status.code == 3, where
        left = Copy.of(demo, "left")
        for option, expected in (("--continue", self.continued), ("--abort", self.undone)):
            left.restore()
            done = demo.machine.run("update", demo.project, option)
            assert (done.code, state_of(demo)) == expected, f"{where}, then {option}: {done}"
        assert junk(demo) == set(), where
        return waiting.phase


def junk(demo: Followed) -> set[str]:
    """What lies in our folder of the repository, besides the file that names the holder."""
    folder = demo.project / ".git" / "mlscaffold" / "project"
    return {path.name for path in folder.iterdir()} - {"holder", "saved"}


FIRST = {
    "same.txt": "same\n",
    "untouched.txt": "one\n",
    "merged.txt": LINES,
    "gone.txt": "gone\n",
    "folder/only.txt": "only\n",
    "becomes": "a file\n",
    "tool.sh": "#!/bin/sh\n",
}
SECOND = {
    "untouched.txt": "two\n",
    "merged.txt": with_line(9, "theirs"),
    "deep/new/file.txt": "new\n",
    "becomes/a-folder.txt": "in it\n",
}
GONE = ("gone.txt", "folder/only.txt", "becomes")


@pytest.fixture
def demo(machine: Machine) -> Followed:
    """A project, edited, and a release in which everything happens that can happen to a file."""
    demo = follow(machine, FIRST)
    (demo.project / "merged.txt").chmod(0o640)
    (demo.project / "folder").chmod(0o750)
    (demo.template / "template" / "tool.sh").chmod(0o755)
    demo.edit({"merged.txt": with_line(1, "mine"), "mine.txt": "mine\n"})
    demo.release(files=SECOND, gone=GONE)
    (demo.project / "untracked.txt").write_text("not in git\n")
    return demo


@pytest.fixture
def contested(demo: Followed) -> Followed:
    """The same project, with an edit in the line that the template changes."""
    demo.edit({"merged.txt": with_line(9, "mine, too"), "untouched.txt": "mine\n"})
    (demo.project / "untracked.txt").write_text("not in git\n")
    return demo


def applying(demo: Followed, **request: Any) -> Iterator[Callable[[], object]]:
    """An update that is prepared and only has to be applied."""
    with prepare_update(UpdateRequest(project=demo.project, use_defaults=True, **request)) as prepared:
        yield lambda: apply_update(prepared)


@pytest.mark.slow
def test_a_kill_at_any_effect_of_an_update(demo: Followed) -> None:
    for act in applying(demo):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills()]
    assert scene.result != scene.undone[1]
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}
    assert len(phases) > 40


@pytest.mark.slow
def test_a_kill_at_any_effect_of_an_update_with_conflicts(contested: Followed) -> None:
    for act in applying(contested):
        scene = Scene.play(contested, act, code=3)
        phases = [scene.check(where) for where in scene.kills()]
    assert set(phases) == {None, Phase.APPLYING, Phase.CONFLICTS}


@pytest.mark.slow
def test_a_kill_at_any_effect_of_going_on_after_conflicts(contested: Followed) -> None:
    before = state_of(contested)
    assert contested.update("--defaults").code == 3
    for path in ("merged.txt", "untouched.txt"):
        (contested.project / path).write_text("resolved\n")
        contested.git("add", path)
    scene = Scene.play(contested, lambda: continue_update(contested.project), undone=before)
    phases = [scene.check(where) for where in scene.kills()]
    assert set(phases) == {Phase.CONFLICTS, Phase.APPLYING, Phase.TASKS, None}


@pytest.mark.slow
def test_a_kill_at_any_effect_of_going_back(contested: Followed) -> None:
    before = state_of(contested)
    assert contested.update("--defaults").code == 3
    conflicts = state_of(contested)
    scene = Scene.play(contested, lambda: abort_update(contested.project), continued=conflicts, undone=before, code=3)
    phases = [scene.check(where) for where in scene.kills()]
    assert scene.result == before
    assert set(phases) == {Phase.CONFLICTS, Phase.APPLYING, None}


@pytest.mark.slow
def test_a_kill_at_any_effect_of_a_change_of_answers(machine: Machine) -> None:
    demo = follow(machine, {"{% if name != 'World' %}more{% endif %}/file.txt": "more\n"})
    for act in applying(demo, same_version=True, given={"name": "Moon"}):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills()]
    assert "more/file.txt" in scene.result.files
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}


@pytest.mark.slow
def test_a_kill_where_the_repository_is_on_another_volume(demo: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename from one volume to another fails; the file passes beside its place."""
    replace = Path.replace

    def across(source: Path, target: Path) -> Path:
        if (".git" in source.parts) != (".git" in Path(target).parts):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", across)
    for act in applying(demo):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills()]
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}


@pytest.mark.slow
def test_a_kill_at_any_effect_of_a_repair(machine: Machine) -> None:
    """`check --fix` ends with `git add`; where a kill comes before that, the command is run again."""
    ownership = "files:\n  '*.txt': owned\n"
    demo = follow(machine, {"ownership.yml": ownership, "a.txt": "a\n", "deep/b.txt": "b\n", "c.txt": "c\n"})
    demo.edit({"a.txt": "drift\n"}, gone=("deep/b.txt",))

    def act() -> None:
        done = machine.run("check", demo.project, "--fix")
        assert done.code == 0, done

    scene = Scene.play(demo, act)
    count = 0
    for where in scene.kills():
        count += 1
        left = Copy.of(demo, "left")
        if pending(demo.project):
            done = machine.run("update", demo.project, "--abort")
            assert (done.code, state_of(demo)) == scene.undone, where
            left.restore()
            assert machine.run("update", demo.project, "--continue").code == 0, where
        assert state_of(demo).files in (scene.undone[1].files, scene.result.files), where
        assert machine.run("check", demo.project, "--fix").code == 0, where
        assert state_of(demo) == scene.result, where
    assert count > 20


@pytest.mark.slow
def test_a_kill_at_any_effect_of_making_a_lock(machine: Machine) -> None:
    """`lock --resolve` on a project that has none."""
    demo = follow(machine, FIRST)
    demo.edit(gone=(".mlscaffold.lock",))

    def act() -> None:
        done = machine.run("lock", demo.project, "--resolve")
        assert done.code == 0, done

    scene = Scene.play(demo, act)
    assert ".mlscaffold.lock" in scene.result.files
    count = 0
    for where in scene.kills():
        count += 1
        left = Copy.of(demo, "left")
        if pending(demo.project):
            done = machine.run("update", demo.project, "--abort")
            assert (done.code, state_of(demo)) == scene.undone, where
            left.restore()
            assert machine.run("update", demo.project, "--continue").code == 0, where
        assert state_of(demo).files in (scene.undone[1].files, scene.result.files), where
    assert count > 10

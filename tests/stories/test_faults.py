"""kill -9 at every effect of the verbs that write into a project: it is before, or after, or it says what waits.

A run is forked off a warm process and counts what it does to the disk below the project, as Python's audit events
tell it; at the n-th effect it kills itself, for every n until the run ends by itself. Where a file is opened to be
written it dies a second time with the file cut short. Then `--continue` must give exactly what an undisturbed run
gives, and `--abort` exactly what was there before: contents, permissions, index, HEAD.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mlscaffold.apply.journal import Phase, exclusive, pending
from mlscaffold.git.location import located
from mlscaffold.update.apply import apply_update
from mlscaffold.update.prepare import prepare_update
from mlscaffold.update.request import UpdateRequest
from mlscaffold.update.resume import abort_update, continue_update

from .conftest import Machine
from .test_interruption import mount
from .updating import LINES, Followed, follow, with_line

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs fork, and /proc to follow open files"
)

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
#: Where Linux tells what a number of an open file stands for.
_OPEN = Path("/proc/self/fd")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
#: Commands by which git changes a repository.
_GIT_WRITES = {"add", "checkout-index", "commit", "init", "read-tree", "reset", "update-index", "update-ref"}
#: The exit code of a run that was to leave a file cut short, at an effect that opens none.
_NOTHING_TO_CUT = 77


def _place(arguments: tuple[Any, ...], path_at: int, folder_at: int | None) -> str:
    """The absolute path that an effect is about."""
    path = arguments[path_at]
    if isinstance(path, int):
        return str(_OPEN.joinpath(str(path)).readlink())
    folder = arguments[folder_at] if folder_at is not None else None
    base = _OPEN.joinpath(str(folder)).readlink() if isinstance(folder, int) and folder >= 0 else Path.cwd()
    return str(base / os.fsdecode(path if path is not None else base))


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
        finally:
            # This process is a copy of the test run: whatever happened, it must not go on as one.
            failed = sys.exc_info()[0] is not None
            if failed:
                traceback.print_exc()
            os._exit(int(failed))
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
    return {path.name for path in folder.glob("*")} - {"holder", "saved"}


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
def test_a_kill_where_a_folder_takes_the_place_of_a_link(machine: Machine) -> None:
    """What lies behind the link is not touched at any moment."""
    settings = "_subdirectory: template\n_templates_suffix: .jinja\n_preserve_symlinks: true\nname: World\n"
    demo = follow(machine, {"copier.yml": settings, "link": "a file, at first\n", "real/a.md": "behind\n"})
    link = demo.template / "template" / "link"
    link.unlink()
    link.symlink_to("real")
    demo.release("v2.0.0")
    demo.updated()
    demo.commit()
    link.unlink()
    demo.release("v3.0.0", {"link/a.md": "in its place\n", "link/b.md": "beside\n"})
    for act in applying(demo):
        scene = Scene.play(demo, act)
        for where in scene.kills():
            scene.check(where)
            assert (demo.project / "real" / "a.md").read_text() == "behind\n"


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
    """Neither a rename nor a link reaches from one volume to another; the file passes beside its place."""
    replace, link = Path.replace, os.link

    def refuse(source: Path, target: Path) -> None:
        if (".git" in Path(source).parts) != (".git" in Path(target).parts):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)

    def replace_near(source: Path, target: Path) -> Path:
        refuse(source, target)
        return replace(source, target)

    def link_near(source: Path, target: Path, *, follow_symlinks: bool = True) -> None:
        refuse(source, target)
        link(source, target, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "replace", replace_near)
    monkeypatch.setattr(os, "link", link_near)
    for act in applying(demo):
        scene = Scene.play(demo, act)
        phases = [scene.check(where) for where in scene.kills()]
    assert set(phases) == {None, Phase.APPLYING, Phase.TASKS}


@pytest.mark.slow
def test_a_kill_at_any_effect_of_a_repair(machine: Machine, drifted: Followed) -> None:
    """`check --fix`; where a kill comes before its last step, `git add`, the files are mended and not yet staged."""
    demo = drifted

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
        assert state_of(demo).files == scene.result.files, where
    assert count > 20


@pytest.fixture
def drifted(machine: Machine) -> Followed:
    """A project with committed drift in two files, one of them gone."""
    ownership = "files:\n  '*.txt': owned\n"
    demo = follow(machine, {"ownership.yml": ownership, "a.txt": "a\n", "deep/b.txt": "b\n", "c.txt": "c\n"})
    demo.edit({"a.txt": "drift\n"}, gone=("deep/b.txt",))
    return demo


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, None], ids=["full", "read only", "Ctrl-C"])
def test_a_repair_that_fails_at_any_effect_is_undone(drifted: Followed, number: int | None) -> None:
    """All or nothing, as an update is."""
    before, start = state_of(drifted), Copy.of(drifted, "start")

    def act(effect: int) -> None:
        seen = itertools.count(1)

        def strike(event: str, arguments: tuple[Any, ...]) -> None:
            ours = event != "subprocess.Popen" or number is None
            if ours and _is_effect(event, arguments, str(drifted.project)) and next(seen) == effect:
                raise OSError(number, os.strerror(number), str(arguments[0])) if number else KeyboardInterrupt

        sys.addaudithook(strike)
        done = drifted.machine.run("check", drifted.project, "--fix")
        assert "Traceback" not in done.err, done
        os._exit(done.code)

    codes = []
    for effect in itertools.count(1):
        start.restore()
        codes.append(in_child(functools.partial(act, effect)))
        if codes[-1] == 0:
            break
        assert pending(drifted.project) is None, effect
        if state_of(drifted) != before:
            # It came when all was done, and only copies were to be removed.
            assert drifted.machine.run("check", drifted.project).code == 0, effect
        else:
            assert junk(drifted) == set(), effect
    assert set(codes[:-1]) == {2 if number else 130}
    assert len(codes) > 15


def test_a_repair_that_cannot_be_staged_is_undone(drifted: Followed) -> None:
    """Somebody else's git holds the index."""
    before = state_of(drifted)
    taken = drifted.project / ".git" / "index.lock"
    taken.touch()
    drifted.machine.run("check", drifted.project, "--fix").refused("index.lock")
    taken.unlink()
    assert state_of(drifted) == before
    assert pending(drifted.project) is None
    assert drifted.machine.run("check", drifted.project, "--fix").code == 0


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


@pytest.mark.slow
def test_a_kill_at_any_effect_of_making_a_project(machine: Machine) -> None:
    """There is a whole project, or none; what a kill leaves is hidden, and the next run takes it away."""
    template = machine.template()
    command = ("new", "demo", "--template", template, "--defaults")
    assert machine.run(*command).code == 0
    demo = Followed(machine=machine, template=template, project=machine.work / "demo")
    whole = state_of(demo).files

    def die(number: int) -> None:
        kill_at(machine.work, number, cut_short=False)
        assert machine.run(*command).code == 0

    for number in itertools.count(1):
        for left in machine.work.iterdir():
            shutil.rmtree(left)
        code = in_child(functools.partial(die, number))
        if code == 0:
            break
        assert code == -signal.SIGKILL, f"effect {number}"
        if demo.project.exists():
            assert state_of(demo).files == whole, f"effect {number}"
            assert machine.run("check", demo.project).code == 0
        else:
            assert all(left.name.startswith(".mlscaffold-new-") for left in machine.work.iterdir())
    assert number > 12
    for left in machine.work.iterdir():
        shutil.rmtree(left)
    assert in_child(functools.partial(die, 12)) == -signal.SIGKILL
    assert machine.run(*command).code == 0
    assert [left.name for left in machine.work.iterdir()] == ["demo"]


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
        inside = str(demo.project)
        struck: list[list[str]] = []

        def strike(found: str, arguments: tuple[Any, ...]) -> None:
            if struck or found != event or not _is_effect(found, arguments, inside):
                return
            places = [_place(arguments, *where) for where in _EFFECTS[event]]
            if event == "open" or not any(".git" in Path(place).parts for place in places[-1:]):
                struck.append(places)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), places[-1])

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

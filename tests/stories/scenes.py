"""A project in the middle of something: put aside, brought back, killed at a step, and led out of it both ways."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlscaffold.apply.journal import Phase, pending

from .conftest import Machine
from .forks import Choose, effect, in_child, kill_at, steps_of
from .updating import LINES, Followed, follow, with_line

__all__ = ["Copy", "Scene", "State", "drifted_project", "eventful_update", "junk", "state_of"]


@dataclass(frozen=True)
class State:
    """All of a project that a person could tell."""

    #: By path: permissions, and content or target; folders count where they are empty.
    files: dict[str, tuple[int, bytes]]
    index: str
    #: What HEAD and every branch and tag stand for.
    head: dict[str, str]


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
    repository = demo.project / ".git"
    references = [repository / "HEAD", *sorted(path for path in (repository / "refs").rglob("*") if path.is_file())]
    head = {path.relative_to(repository).as_posix(): path.read_text() for path in references}
    return State(files=files, index=demo.git("ls-files", "-s"), head=head)


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
    #: Its effects when undisturbed, by kind.
    effects: list[str]
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
        effects = steps_of(act, effect(demo.project))
        result = state_of(demo)
        return cls(
            demo=demo,
            act=act,
            start=start,
            effects=effects,
            result=result,
            continued=(code, continued or result),
            undone=(0, undone or here),
        )

    def kills(self, choose: Choose) -> Iterator[str]:
        """Kill it at chosen effects in turn; between two, the project lies there as the kill left it."""
        for number in choose(self.effects):
            opens = self.effects[number - 1].startswith("open ")
            for cut_short in (False, True) if opens else (False,):
                self.start.restore()

                def die(number: int = number, *, cut_short: bool = cut_short) -> None:
                    kill_at(self.demo.project, number, cut_short=cut_short)
                    self.act()

                assert in_child(die) == -signal.SIGKILL, f"effect {number}"
                yield f"effect {number}{', cut short' if cut_short else ''}"

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


def eventful_update(machine: Machine) -> Followed:
    """A project, edited, and a release in which everything happens that can happen to a file."""
    demo = follow(machine, FIRST)
    (demo.project / "merged.txt").chmod(0o640)
    (demo.project / "folder").chmod(0o750)
    (demo.template / "template" / "tool.sh").chmod(0o755)
    demo.edit({"merged.txt": with_line(1, "mine"), "mine.txt": "mine\n"})
    demo.release(files=SECOND, gone=GONE)
    (demo.project / "untracked.txt").write_text("not in git\n")
    return demo


def drifted_project(machine: Machine) -> Followed:
    """A project with committed drift in two files, one of them gone."""
    ownership = "files:\n  '*.txt': owned\n"
    demo = follow(machine, {"ownership.yml": ownership, "a.txt": "a\n", "deep/b.txt": "b\n", "c.txt": "c\n"})
    demo.edit({"a.txt": "drift\n"}, gone=("deep/b.txt",))
    return demo

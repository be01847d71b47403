"""Runs in forks of this warm process: their steps are listed, and at a chosen one something happens to them.

Python's audit events tell what a run does to the disk, and when it starts git.
"""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mlscaffold.__main__ import main

__all__ = [
    "Choose",
    "act_at",
    "command_in_child",
    "each_step",
    "effect",
    "first_and_last_of_each_kind",
    "in_child",
    "kill_at",
    "paths_of",
    "steps_of",
    "touch",
]

#: What a step of a run is called, or nothing where an event is none.
Tell = Callable[[str, tuple[Any, ...]], str | None]
#: Which steps of a run are tried, by number from 1, of the kinds of all.
Choose = Callable[[Sequence[str]], Sequence[int]]

#: Audit events of effects, and which of their arguments are paths (with the index of the folder that each is told by).
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


def each_step(kinds: Sequence[str]) -> Sequence[int]:
    """All."""
    return range(1, len(kinds) + 1)


def first_and_last_of_each_kind(kinds: Sequence[str]) -> Sequence[int]:
    """Two of each kind at most: what is done alike is left behind alike."""
    numbered = dict(enumerate(kinds, start=1))
    last = {kind: number for number, kind in numbered.items()}
    first = {kind: number for number, kind in reversed(numbered.items())}
    return sorted({*first.values(), *last.values()})


def paths_of(event: str, arguments: tuple[Any, ...]) -> list[str]:
    """The absolute paths that an effect is about."""
    return [_path(arguments, *argument) for argument in _EFFECTS[event]]


def _path(arguments: tuple[Any, ...], path_at: int, folder_at: int | None) -> str:
    path = arguments[path_at]
    if isinstance(path, int):
        return str(_OPEN.joinpath(str(path)).readlink())
    folder = arguments[folder_at] if folder_at is not None else None
    base = _OPEN.joinpath(str(folder)).readlink() if isinstance(folder, int) and folder >= 0 else Path.cwd()
    return str(base / os.fsdecode(path if path is not None else base))


def effect(root: Path) -> Tell:
    """What changes something below a folder: the event and the folder that it happens in; of git, the command."""

    def tell(event: str, arguments: tuple[Any, ...]) -> str | None:
        if event not in _EFFECTS:
            return None
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
            return None
        commands = {os.fsdecode(word) for word in arguments[1]} & _GIT_WRITES if event == "subprocess.Popen" else set()
        if event == "subprocess.Popen" and not commands:
            return None
        paths = paths_of(event, arguments)
        if not any(path.startswith(str(root)) for path in paths):
            return None
        folder = re.sub(r"\d+", "N", os.path.relpath(Path(paths[-1]).parent, root))
        return f"{event} {' '.join(sorted(commands)) or folder}"

    return tell


def touch(file: Path) -> Tell:
    """What is done to one file; and every start of git, by its command."""

    def tell(event: str, arguments: tuple[Any, ...]) -> str | None:
        if event not in _EFFECTS:
            return None
        if event == "subprocess.Popen":
            words = [os.fsdecode(word) for word in arguments[1]]
            command = next(
                (word for before, word in itertools.pairwise(words) if before != "-c" and not word.startswith("-")), ""
            )
            return f"{event} {command}"
        return event if str(file) in paths_of(event, arguments) else None

    return tell


def steps_of(act: Callable[[], object], tell: Tell) -> list[str]:
    """The kinds of the steps of a run that nothing disturbs, in their order."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogateescape") as log:

        def note(event: str, arguments: tuple[Any, ...]) -> None:
            if kind := tell(event, arguments):
                log.write(f"{kind}\n")

        def run() -> None:
            sys.addaudithook(note)
            try:
                act()
            finally:
                log.flush()

        assert in_child(run) == 0
        log.seek(0)
        return log.read().splitlines()


def act_at(number: int, tell: Tell, act: Callable[[str, tuple[Any, ...]], object]) -> None:
    """Do something at the n-th step of this process, before it happens."""
    seen = itertools.count(1)
    busy = False

    def strike(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal busy
        if not busy and tell(event, arguments) and next(seen) == number:
            busy = True
            act(event, arguments)
            busy = False

    sys.addaudithook(strike)


def kill_at(root: Path, number: int, *, cut_short: bool) -> None:
    """Let this process die at its n-th effect below a folder; the file that it opens to write may be cut short then."""

    def strike(event: str, arguments: tuple[Any, ...]) -> None:
        if cut_short:
            os.write(os.open(arguments[0], arguments[2] & ~os.O_ACCMODE | os.O_RDWR, 0o644), b"cut sh")
        os.kill(os.getpid(), signal.SIGKILL)

    act_at(number, effect(root), strike)


def in_child(act: Callable[[], object]) -> int:
    """Do something in a fork of this process; its exit code, negative for a signal."""
    with warnings.catch_warnings():
        # The workers of pytest-xdist have a thread of their own, which the child does not need.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            act()
            code = 0
        except SystemExit as stop:
            code = int(str(stop.code or 0))
        except BaseException:  # noqa: BLE001 - it is told, and by the exit code
            traceback.print_exc()
        finally:
            # This process is a copy of the test run: whatever happened, it must not go on as one.
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def command_in_child(arguments: Sequence[str], prepare: Callable[[], object], said: Path) -> tuple[int, str]:
    """`mlscaffold` in a fork of this process, where something was prepared: its exit code, and what it said.

    Args:
        arguments: Of the command line.
        prepare: What is done in the fork before.
        said: A file for what the command prints, standard output and errors alike.
    """

    def act() -> None:
        with said.open("w", encoding="utf-8") as stream:
            sys.stdout.flush()
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
            sys.stdout = sys.stderr = stream
            # A job in the background of a shell ignores Ctrl-C, and so does what it starts.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            prepare()
            sys.argv = ["mlscaffold", *arguments]
            main()

    code = in_child(act)
    return code, said.read_text(encoding="utf-8")

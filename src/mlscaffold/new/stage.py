"""A new project in one step: it is made whole in a hidden folder beside its destination, then renamed into place.

Until the rename the destination is as it was, whatever happens; a kill leaves at most the hidden folder, which is held
while its run lives, and which the next run beside it removes. A folder that somebody stands in cannot be replaced: it
is filled entry by entry, the lock last. The hidden folder then says so in a note, and what a kill left undone the next
run finishes. What fails after the rename (a template's task, which runs where the project lives) takes it back again;
a kill there leaves it where it is, and the hidden folder says so in another note.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DestinationError
from ..files.entry import inside, read_plain
from ..files.put import ChangedError, put
from ..files.scratch import abandoned, held_folder
from ..files.write import disk_errors, write_file
from ..project.lock import LOCK_FILE

__all__ = ["Stage", "finish_filling", "interrupted_tasks", "stage"]

_PREFIX = ".mlscaffold-new-run-"
#: In the hidden folder, while its project is moved into a destination: which, and where the project lies.
_NOTE = "filling.json"
#: And while tasks run at the destination: which.
_TASKS = "tasks.json"
#: By note, under which name it says so.
_SAYS = {_NOTE: "project", _TASKS: "tasks"}
_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A hidden folder on the destination's file system."""

    #: Where the project is made. Its name is the destination's.
    project: Path
    destination: Path
    #: The first folder on the way to the destination that does not exist, or the destination.
    target: Path
    #: What is renamed to `target`: the project, or the folder that holds it.
    top: Path
    #: What lay in the destination before; None where there was none.
    before: frozenset[str] | None

    def publish(self, tasks: Collection[str] = ()) -> None:
        """Put the project in its place: one rename.

        Args:
            tasks: What is to run there, before the project is whole.

        Raises:
            DestinationError: Somebody used the destination meanwhile.
        """
        try:
            if tasks:
                self._note(_TASKS, "\n".join(tasks))
            if self.top.is_relative_to(self.destination) or _is_to_be_filled(self.destination):
                self._move_entries()
            else:
                self.top.rename(self.target)
        except (OSError, ChangedError) as error:
            said = error.strerror if isinstance(error, OSError) else error.message
            raise DestinationError(
                f"{self.destination} changed while the project was made: {said}. Nothing was written."
            ) from error

    def withdraw(self) -> None:
        """Take back what was published: the destination is as it was, and what was in it is gone with the stage."""
        if self.top.exists():
            for entry in self.destination.iterdir():
                if entry.name not in (self.before or ()) and not self.top.is_relative_to(entry):
                    _move(entry, self.project)
            (self.top.parent / _NOTE).unlink(missing_ok=True)
            return
        self.target.rename(self.top)
        if self.before is not None:
            self.destination.mkdir()

    def _move_entries(self) -> None:
        """Fill the folder that somebody stands in: replacing it would pull it from under their shell."""
        known = {self.destination / ".git"}
        if any(entry not in known and not self.top.is_relative_to(entry) for entry in self.destination.iterdir()):
            raise DestinationError(
                f"{self.destination} changed while the project was made: it is no longer empty. Nothing was written."
            )
        hidden = self.top.parent
        self._note(_NOTE, str(self.project.relative_to(hidden)))
        moved: list[Path] = []
        try:
            moved.extend(_move(entry, self.destination) for entry in _in_order(self.project))
        except BaseException:
            for entry in moved:
                _move(entry, self.project)
            (hidden / _NOTE).unlink()
            raise

    def _note(self, name: str, says: str) -> None:
        note = {"destination": str(self.destination.resolve()), _SAYS[name]: says}
        write_file(self.top.parent / name, json.dumps(note).encode())


def _in_order(project: Path) -> list[Path]:
    """What a project consists of; its lock comes last: where that is, all is."""
    return sorted(project.iterdir(), key=lambda entry: (entry.name == LOCK_FILE, entry.name))


def _move(entry: Path, folder: Path) -> Path:
    """Into a folder, over nothing that somebody put there meanwhile.

    Raises:
        OSError: Something is there; or ChangedError.
    """
    target = folder / entry.name
    if entry.is_dir() and not entry.is_symlink():
        return entry.rename(target)
    put(entry, target, None)
    return target


def finish_filling(destination: Path) -> bool:
    """Finish what a run that was killed had begun to put into a folder; whether there was such a thing.

    Raises:
        DestinationError: Somebody put files there since, under names that the rest needs; nothing is changed then.
    """
    for hidden, project in _left_for(destination, _NOTE):
        # A folder from somebody's archive may look like one of ours: no link on the way, nor at its end.
        lock = inside(hidden, f"{project}/{LOCK_FILE}", error=DestinationError, origin=f"The note in {hidden}")
        rest = _in_order(lock.parent)
        if taken := [entry.name for entry in rest if os.path.lexists(destination / entry.name)]:
            raise DestinationError(
                f"{destination} was being filled when the command was killed; in the way of the rest: "
                f"{', '.join(taken)}.",
                hint="Move that away, then run the command again.",
            )
        for entry in rest:
            _move(entry, destination)
        (hidden / _NOTE).unlink()
        if _note_of(hidden, _TASKS) is None:
            shutil.rmtree(hidden, ignore_errors=True)
        return True
    return False


def interrupted_tasks(destination: Path) -> tuple[str, ...]:
    """The tasks among which a run was killed that had put its project into a folder; told once."""
    for hidden, tasks in _left_for(destination, _TASKS):
        shutil.rmtree(hidden, ignore_errors=True)
        if (destination / LOCK_FILE).exists():
            return tuple(tasks.splitlines())
    return ()


def _left_for(destination: Path, name: str) -> Iterator[tuple[Path, str]]:
    """The hidden folders of killed runs whose note of that name is about a destination, and what it says."""
    for hidden in itertools.chain(abandoned(destination.parent, _PREFIX), abandoned(destination, _PREFIX)):
        note = _note_of(hidden, name)
        if note is not None and note[0] == str(destination.resolve()):
            yield hidden, note[1]


def _note_of(hidden: Path, name: str) -> tuple[str, str] | None:
    """Which destination a note is about, and what it says; None if there is none."""
    try:
        note = json.loads(read_plain(hidden / name, _LIMIT_BYTES).decode())
        return str(note["destination"]), str(note[_SAYS[name]])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_needed(hidden: Path) -> bool:
    """Whether the folder of a killed run holds the rest of a project, or says what one lacks."""
    tasks = _note_of(hidden, _TASKS)
    return _note_of(hidden, _NOTE) is not None or (tasks is not None and (Path(tasks[0]) / LOCK_FILE).exists())


def _is_to_be_filled(folder: Path) -> bool:
    """Whether a folder is there to stay: somebody stands in it, or it is an empty repository."""
    return folder.is_dir() and (Path.cwd().is_relative_to(folder) or (folder / ".git").exists())


@contextlib.contextmanager
def stage(destination: Path) -> Iterator[Stage]:
    """A stage beside an absolute destination that is absent or an empty folder; it is gone afterwards.

    Raises:
        DestinationError: The place cannot be written to.
    """
    target = destination
    while not target.parent.exists():
        target = target.parent
    base = target.parent
    if destination.is_dir() and (destination.is_mount() or not os.access(base, os.W_OK | os.X_OK)):
        # A volume, or an own folder in somebody else's: nothing can be renamed onto it from outside.
        base = destination
    _sweep(base)
    with contextlib.ExitStack() as cleanup:
        try:
            hidden = cleanup.enter_context(held_folder(_PREFIX, base))
        except OSError as error:
            raise DestinationError(
                f"Cannot write in {base}: {error.strerror}.", hint="Choose a folder that you may write to."
            ) from error
        top = hidden / target.name
        project = top / destination.relative_to(target)
        with disk_errors(destination):
            project.mkdir(parents=True)
            before = frozenset(entry.name for entry in destination.iterdir()) if destination.is_dir() else None
            yield Stage(project=project, destination=destination, target=target, top=top, before=before)


def _sweep(base: Path) -> None:
    """Remove the stages of runs that were killed, but for those that a project still needs."""
    for entry in abandoned(base, _PREFIX):
        if not _is_needed(entry):
            shutil.rmtree(entry, ignore_errors=True)

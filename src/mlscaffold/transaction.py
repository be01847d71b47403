"""A new project in one step: it is made whole in a hidden folder beside its destination, then renamed into place.

Until the rename the destination is as it was, whatever happens; a kill leaves at most the hidden folder, which the next
run beside it removes. A folder that somebody stands in cannot be replaced: it is filled entry by entry, the lock last.
The hidden folder then says so in a note, and what a kill left undone the next run finishes.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .entries import check_contained
from .errors import DestinationError
from .lock import FILE_NAME as LOCK
from .writing import disk_errors, is_ours, write_file

__all__ = ["Stage", "finish_filling", "stage"]

_PREFIX = ".mlscaffold-new-"
#: In the hidden folder, while its project is moved into a destination: which, and where the project lies.
_NOTE = "filling.json"


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

    def publish(self) -> None:
        """Put the project in its place: one rename.

        Raises:
            DestinationError: Somebody used the destination meanwhile.
        """
        try:
            if self.top.is_relative_to(self.destination) or _is_to_be_filled(self.destination):
                self._move_entries()
            else:
                self.top.rename(self.target)
        except OSError as error:
            raise DestinationError(
                f"{self.destination} changed while the project was made: {error.strerror}. Nothing was written."
            ) from error

    def _move_entries(self) -> None:
        """Fill the folder that somebody stands in: replacing it would pull it from under their shell."""
        known = {self.destination / ".git"}
        if any(entry not in known and not self.top.is_relative_to(entry) for entry in self.destination.iterdir()):
            raise DestinationError(
                f"{self.destination} changed while the project was made: it is no longer empty. Nothing was written."
            )
        hidden = self.top.parent
        note = {"destination": str(self.destination.resolve()), "project": str(self.project.relative_to(hidden))}
        write_file(hidden / _NOTE, json.dumps(note).encode())
        moved: list[Path] = []
        try:
            moved.extend(_move(entry, self.destination) for entry in _in_order(self.project))
        except BaseException:
            for entry in moved:
                _move(entry, self.project)
            (hidden / _NOTE).unlink()
            raise


def _in_order(project: Path) -> list[Path]:
    """What a project consists of; its lock comes last: where that is, all is."""
    return sorted(project.iterdir(), key=lambda entry: (entry.name == LOCK, entry.name))


def _move(entry: Path, folder: Path) -> Path:
    return entry.rename(folder / entry.name)


def finish_filling(destination: Path) -> bool:
    """Finish what a run that was killed had begun to put into a folder; whether there was such a thing.

    Raises:
        DestinationError: Somebody put files there since, under names that the rest needs; nothing is changed then.
    """
    for hidden in [*_stages(destination.parent), *_stages(destination)]:
        if (
            not is_ours(hidden)
            or (note := _note_of(hidden)) is None
            or note["destination"] != str(destination.resolve())
        ):
            continue
        rest = _in_order(hidden / check_contained(note["project"], error=DestinationError, origin="The note"))
        if taken := [entry.name for entry in rest if os.path.lexists(destination / entry.name)]:
            raise DestinationError(
                f"{destination} was being filled when the command was killed; in the way of the rest: "
                f"{', '.join(taken)}.",
                hint="Move that away, then run the command again.",
            )
        for entry in rest:
            _move(entry, destination)
        shutil.rmtree(hidden, ignore_errors=True)
        return True
    return False


def _stages(base: Path) -> list[Path]:
    """The stages beside a destination whose runs are no more."""
    found = sorted(base.glob(f"{_PREFIX}*")) if base.is_dir() else []
    owners = [entry.name.removeprefix(_PREFIX).partition("-")[0] for entry in found]
    return [
        entry for entry, owner in zip(found, owners, strict=True) if owner.isdigit() and not _is_running(int(owner))
    ]


def _note_of(hidden: Path) -> Mapping[str, str] | None:
    try:
        note = json.loads((hidden / _NOTE).read_text(encoding="utf-8"))
        return {"destination": str(note["destination"]), "project": str(note["project"])}
    except (OSError, ValueError, TypeError, KeyError):
        return None


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
    try:
        hidden = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=base))
    except OSError as error:
        raise DestinationError(
            f"Cannot write in {base}: {error.strerror}.", hint="Choose a folder that you may write to."
        ) from error
    try:
        top = hidden / target.name
        project = top / destination.relative_to(target)
        with disk_errors(destination):
            project.mkdir(parents=True)
            yield Stage(project=project, destination=destination, target=target, top=top)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _sweep(base: Path) -> None:
    """Remove the stages of runs that were killed, but for those that hold the rest of a project."""
    with contextlib.suppress(OSError):
        for entry in _stages(base):
            if _note_of(entry) is None:
                shutil.rmtree(entry, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

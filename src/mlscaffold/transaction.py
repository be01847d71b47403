"""A new project in one step: it is made whole in a hidden folder beside its destination, then renamed into place.

Until the rename the destination is as it was, whatever happens; a kill leaves at most the hidden folder, which the next
run beside it removes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import DestinationError, MachineError

__all__ = ["Stage", "disk_errors", "stage"]

_PREFIX = ".mlscaffold-new-"


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
        moved: list[Path] = []
        try:
            moved.extend(entry.rename(self.destination / entry.name) for entry in sorted(self.project.iterdir()))
        except BaseException:
            for entry in moved:
                entry.rename(self.project / entry.name)
            raise


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
    """Remove the stages of runs that were killed."""
    with contextlib.suppress(OSError):
        for entry in base.glob(f"{_PREFIX}*"):
            owner = entry.name.removeprefix(_PREFIX).partition("-")[0]
            if owner.isdigit() and not _is_running(int(owner)):
                shutil.rmtree(entry, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextlib.contextmanager
def disk_errors(destination: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into an error that says what to do.

    Raises:
        MachineError: In the place of any OSError.
    """
    try:
        yield
    except OSError as error:
        place = error.filename or destination
        raise MachineError(
            f"Writing failed at {place}: {error.strerror or error}. {destination} is as it was.",
            hint="Make room or get the right to write there, then run the command again.",
        ) from error

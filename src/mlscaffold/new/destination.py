"""Where a new project is to be: what lies there, and the repository that it becomes a part of."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DestinationError
from ..git.index import ignored_paths
from ..git.location import locate, newest_commit, passed_over
from ..git.process import Git
from .stage import finish_filling, interrupted_tasks

__all__ = ["nearest", "refuse_occupied", "repository_of", "take_up"]


def take_up(destination: Path) -> None:
    """Finish what an earlier run was killed in, or say what it left.

    Raises:
        DestinationError: There was one, and what became of it.
    """
    is_filled = finish_filling(destination)
    if tasks := interrupted_tasks(destination):
        raise DestinationError(
            f"An earlier run was killed while the template's tasks ran in {destination}. The project lies there; "
            f"it may lack its first commit, and what these make: {'; '.join(tasks)}.",
            hint="Run there what is missing, then commit it (git status). Or remove the folder and start anew.",
        )
    if is_filled:
        raise DestinationError(
            f"An earlier run was killed while it filled {destination}. It is finished now: the project is whole.",
            hint="Look at it: mlscaffold check. Change its answers: mlscaffold set. Or empty it and start anew.",
        )


def refuse_occupied(destination: Path) -> None:
    """Refuse a destination that something lies in, or that cannot be written to.

    Raises:
        DestinationError: With what is in the way.
    """
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise DestinationError(f"{destination} exists and is not a folder.", hint="Choose another name.")
    try:
        present = sorted(entry.name for entry in destination.iterdir()) if destination.exists() else []
        location = locate(destination) if ".git" in present else None
        if location is not None and not location.prefix and not newest_commit(Git(destination)):
            # Made on a git host and cloned, to be filled: the repository itself is in nobody's way.
            present.remove(".git")
    except OSError as error:
        raise DestinationError(f"Cannot look into {destination}: {error.strerror}.") from error
    if present:
        shown = ", ".join(present[:8]) + (f" and {len(present) - 8} more" if len(present) > 8 else "")
        raise DestinationError(
            f"{destination} is not empty; in the way: {shown}.",
            hint="Choose a new folder name, or empty that folder first.",
        )
    parent = nearest(destination)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise DestinationError(f"Cannot write in {parent}.", hint="Choose a folder that you may write to.")


def nearest(path: Path) -> Path:
    """The path, or the closest folder above it that exists."""
    while not path.exists():
        path = path.parent
    return path


def repository_of(destination: Path) -> Path | None:
    """The repository that the project becomes a part of; one that ignores the destination is not."""
    if (destination / ".git").exists():
        return destination
    folder = nearest(destination.parent)
    location = locate(folder)
    if location is None and (refusal := passed_over(folder)) is not None:
        raise refusal
    if location is None or ignored_paths(folder, [str(destination)]):
        return None
    return location.top

"""A project before its update: what it says of itself, what git knows of it, and what lies where git does not watch."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..apply.journal import pending_at
from ..errors import MlscaffoldError, ProjectError
from ..files.entry import entry_of, is_own_file, linked_folder
from ..files.put import State, state_of
from ..git.index import SEE_AGAIN, Index, read_index, recorded_modes, with_edits
from ..git.location import locate, newest_commit, outside
from ..git.store import Store, open_store
from ..project.record import Recorded, read_recorded, read_watched
from ..template.versions import DEV
from .request import UpdateRequest

__all__ = ["ProjectState", "listed", "read_project", "states_at"]

_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class ProjectState:
    """A project before an update."""

    recorded: Recorded
    #: The project in its repository, under its own attributes.
    store: Store
    index: Index
    #: What lay at paths that git does not watch, before it was read: a save that comes later is noticed.
    unwatched: Mapping[str, State | None]
    #: Why nothing may be written into it.
    refusal: MlscaffoldError | None = None


def read_project(request: UpdateRequest, scratch: Path) -> ProjectState:
    """Read a project.

    Raises:
        PendingError: An update of it is not finished.
        ProjectError: It is not in git, or its lock and its answers do not fit each other.
        ProjectError: Not all is committed, and the request is for more than a look.
    """
    project = request.project
    location = locate(project)
    if location is not None and (waiting := pending_at(location)) is not None:
        raise waiting.refusal
    recorded, unwatched = read_watched(project, read_recorded)
    _check_recorded(recorded)
    if location is None:
        raise outside(project)
    store = open_store(location, scratch)
    index = with_edits(read_index(project), location)
    refusal = _why_not_ready(store, index)
    if refusal is not None:
        if not request.dry_run:
            raise refusal
        index = _in_work_tree(store, index)
    return ProjectState(recorded=recorded, store=store, index=index, unwatched=unwatched, refusal=refusal)


def _check_recorded(recorded: Recorded) -> None:
    if recorded.answers_moved:
        raise ProjectError(
            f"{recorded.answers_file} was changed without the lock: by hand, by plain `copier update`, or by a merge.",
            hint="Restore it (git checkout -- "
            f"{recorded.answers_file}), or accept it: mlscaffold lock --resolve. To change answers: mlscaffold set.",
        )
    if recorded.version == DEV:
        raise ProjectError(
            "This project was made from an unreleased state of the template, to which there is no way back.",
            hint="Release the template (a version tag), and make the project from that release.",
        )


def _why_not_ready(store: Store, index: Index) -> ProjectError | None:
    """Why an update cannot be applied, whatever it holds."""
    if not newest_commit(store.git):
        return ProjectError(
            "The repository has no commit yet, and without one nothing could be taken back.",
            hint="Commit first: git add -A && git commit",
        )
    if not index.dirty:
        return None
    hint = "Commit or stash them first (git stash), so that nothing of yours can be mixed up with the update."
    if unseen := index.overlooked & set(index.dirty):
        hint += f"\nGit was told to overlook some. Let it see them: {SEE_AGAIN} {shlex.join(sorted(unseen))}"
    return ProjectError(f"There are uncommitted edits: {listed(index.dirty)}.", hint=hint)


def _in_work_tree(store: Store, index: Index) -> Index:
    """The files that git knows, as they lie in the work tree."""
    project, changed = store.project, {*index.unstaged, *index.unmerged}
    plain = {path: entry_of(project / path) for path in sorted(changed) if is_own_file(project, path)}
    unchanged = {path: entry for path, entry in index.entries.items() if path not in changed}
    edited = recorded_modes(store.entries(project, plain, write=True), index, store.location)
    return dataclasses.replace(index, entries={**unchanged, **edited})


def states_at(project: Path, paths: Collection[str]) -> dict[str, State | None]:
    """What lies at paths, behind no link."""
    return {path: None if linked_folder(project, path) else state_of(project / path) for path in paths}


def listed(paths: Sequence[str]) -> str:
    """Some paths for a message, the first ones in full."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more

"""Writing a prepared update into its project: all or nothing, with a journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..apply.journal import Ending, Journal, Outcome, Phase, begin, exclusive
from ..errors import PendingError, RenderError
from ..files.entry import Entry
from ..files.put import State
from ..git.index import read_index, with_assumed
from ..plan.actions import Action, FileAction
from ..steps import Step
from ..template.tasks import make_derived, run_tasks
from ..template.trust import require_trust_in_tasks

if TYPE_CHECKING:
    from .prepare import PreparedUpdate

__all__ = ["Updated", "apply_update", "run_and_close"]


@dataclass(frozen=True, kw_only=True)
class Updated:
    """What was done."""

    title: str
    #: Files that wait for a person, with markers or as unmerged entries.
    conflicts: tuple[str, ...]
    tasks: tuple[str, ...] = ()
    #: Where edits are kept that were made to files of the update while it was interrupted.
    saved: tuple[str, ...] = ()
    #: Files that every project must have, and that its owners have to write themselves, with the reason.
    left: Mapping[str, str] = field(default_factory=dict)
    #: What the template wants to be said once all is done.
    message: str = ""


def apply_update(prepared: PreparedUpdate, *, step: Step = lambda _: None) -> Updated:
    """Write a prepared update into the project; it is left uncommitted, for review.

    Raises:
        PendingError: Another run holds the project or is not finished, or a task failed.
        MlscaffoldError: The project is as it was, unless the error says that work is pending.
    """
    project, ends = prepared.project, prepared.ends
    if project.refusal is not None:
        raise project.refusal
    require_trust_in_tasks(ends.checkouts, ends.tasks, trusted=prepared.request.trusted)

    def run() -> None:
        before, after = ends.checkouts
        if ends.ahead is not None:
            # The template's tasks and migrations wait until all of it is followed.
            make_derived(ends.tasks, project.store.project)
        else:
            run_tasks(after, ends.new.answers, project.store.project, since=before)

    with exclusive(project.store.location, "update"):
        step("Writing the files")
        return run_and_close(_begin(prepared).carry_out(), run, step=step)


def _begin(prepared: PreparedUpdate) -> Journal:
    """Lay out every file beside the project, and write down what shall become of each."""
    project, plan, bookkeeping = prepared.project, prepared.plan, prepared.bookkeeping
    store, template = project.store, prepared.ends.new
    conflicts = {each.path: _stages(each) for each in plan.conflicts}
    written, removed = _files_of(prepared)
    files = store.export({**written, **bookkeeping}, store.scratch / "export")
    store.keep(entry.blob for stages in conflicts.values() for entry in stages.values())
    outcomes = [Outcome(path=path, file=files.get(path)) for path in (*written, *sorted(removed - written.keys()))]
    gone = tuple({project.recorded.answers_file} - {template.answers_file})
    if not conflicts:
        outcomes += [Outcome(path=path, file=files.get(path)) for path in (*bookkeeping, *gone)]
    stage: set[str] = set()
    if prepared.settles:
        # What was in conflict between branches is resolved by this, and all of it is part of their merge.
        changed = {each.path for each in outcomes if each.path in project.index.entries}
        stage = {*prepared.settles, *bookkeeping, *changed}
    before, after = prepared.versions
    return begin(
        store.location,
        title=prepared.title,
        outcomes=outcomes,
        conflicts=conflicts,
        tasks=prepared.ends.tasks,
        stage=sorted(stage),
        ending=Ending(
            template=prepared.template,
            came_from=project.recorded.template,
            from_version=before,
            to_version=after,
            contents={path: files[path].read_bytes() for path in bookkeeping},
            gone=gone,
            seen={path: project.unwatched.get(path) for path in (*bookkeeping, *gone)},
            left=plan.left,
            message=template.message,
        ),
        changed=lambda before: _changed(prepared, before),
    )


def _files_of(prepared: PreparedUpdate) -> tuple[Mapping[str, Entry], set[str]]:
    """The files that are written, and the paths that are removed."""
    plan, settles = prepared.plan, prepared.settles
    migrated = prepared.ends.migrated.changed if prepared.ends.migrated else {}
    changes = {each.path: each for each in plan.changes}
    removed = {each.path for each in plan.having(Action.REMOVE)} | {each.origin for each in plan.changes if each.origin}
    results = {path: each.result for path, each in changes.items() if each.result is not None}
    # Of these neither side lies there, but git's markers.
    ours = {path: prepared.project.index.ours[path] for path in settles - removed - prepared.bookkeeping.keys()}
    as_it_is = {
        path
        for path, result in results.items()
        if path not in {*migrated, *settles} and not changes[path].origin and changes[path].mine == result
    }
    # What the migrations made of a file that the update lets be.
    kept = {path: entry for path, entry in migrated.items() if path not in {*ours, *results, *removed}}
    written = {path: entry for path, entry in {**ours, **results, **kept}.items() if entry and path not in as_it_is}
    return written, removed | {path for path, entry in kept.items() if entry is None}


def _stages(action: FileAction) -> Mapping[str, Entry]:
    sides = {"1": action.old, "2": action.mine, "3": action.new}
    return {number: entry for number, entry in sides.items() if entry is not None}


def _changed(prepared: PreparedUpdate, before: Mapping[str, State | None]) -> Collection[str]:
    """The paths that somebody changed since the update was prepared: as git sees it, and where git does not look."""
    project = prepared.project
    was, now = project.index, with_assumed(read_index(project.store.project), project.store.location)
    unwatched = {
        path for path, state in before.items() if path in project.unwatched and project.unwatched[path] != state
    }
    paths = was.entries.keys() | now.entries.keys()
    tracked = {path for path in paths if was.entries.get(path) != now.entries.get(path)}
    pairs = (
        (was.submodules.keys(), now.submodules.keys()),
        (was.unmerged, now.unmerged),
        (was.unstaged, now.unstaged),
        (was.overlooked, now.overlooked),
    )
    return {*unwatched, *tracked, *(path for one, other in pairs for path in one ^ other)}


def run_and_close(journal: Journal, run: Callable[[], None], *, step: Step) -> Updated:
    """From applied files to a closed journal, as far as it goes.

    Args:
        journal: All of its effects are applied.
        run: Runs the tasks that it names.
        step: Called with the name of each step as it begins.

    Raises:
        PendingError: A task failed.
    """
    waiting = journal.pending
    if waiting.phase is Phase.CONFLICTS:
        return Updated(title=waiting.title, conflicts=waiting.conflicts, saved=journal.saved)
    if waiting.tasks:
        step("Running the template's tasks")
        try:
            run()
        except RenderError as error:
            raise PendingError(
                f"All files are updated, and a task of the template failed. {error.message}",
                hint="Run it again: mlscaffold update --continue --trust. Undo the update: mlscaffold update --abort.",
            ) from error
    saved, ending = journal.saved, waiting.ending
    journal.close()
    done = Updated(title=waiting.title, conflicts=(), tasks=waiting.tasks, saved=saved)
    return done if ending is None else replace(done, left=ending.left, message=ending.message)

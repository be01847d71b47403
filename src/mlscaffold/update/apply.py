"""Writing a solved update into its project: all or nothing, with a journal; and finishing or undoing what waits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..apply.journal import (
    Ending,
    Journal,
    Outcome,
    Pending,
    Phase,
    begin,
    exclusive,
)
from ..errors import MachineError, PendingError, ProjectError, RenderError, UntrustedTemplateError
from ..files.entry import Entry, FileMode
from ..files.put import State as Lying
from ..files.scratch import scratch_folder
from ..git.index import Index, read_index, with_edits
from ..git.merge_file import has_markers
from ..git.store import Store
from ..plan.decide import Action, FileAction, Plan
from ..preferences.trust import Trust, Trusted
from ..project.lock import LOCK_FILE, Lock, dump_lock
from ..project.pin import PinOfTwo, check_out_recorded, pin
from ..project.record import read_recorded
from ..steps import Step
from ..template.answers import Answers
from ..template.mirror import fetched
from ..template.reach import Reach
from ..template.render import Render
from ..template.source import find_source
from ..template.tasks import make_derived, run_tasks, task_listing
from ..template.trust import require_trust_in_tasks

if TYPE_CHECKING:
    from .solve import PreparedUpdate

__all__ = [
    "Updated",
    "Writing",
    "abort_update",
    "apply_update",
    "continue_update",
    "record_of",
    "waiting_error",
    "write",
    "write_update",
]


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


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What is to be written into a project, decided to the last byte."""

    project: Path
    #: What is done, for a person.
    title: str
    workspace: Store
    #: What the project held when this was decided.
    state: Index
    #: And what lay then at the paths that git does not watch.
    seen: Mapping[str, Lying | None]
    #: The unmerged paths that this settles.
    settles: frozenset[str] = frozenset()
    plan: Plan
    #: Lock and answers, as they are once no conflict is left.
    record: Mapping[str, bytes]
    #: Where the answers were before, if elsewhere.
    gone: tuple[str, ...] = ()
    #: Before and after.
    versions: tuple[str, str]
    template: str
    #: Where the template was before.
    came_from: str = ""
    #: The template's commands that run at the end.
    tasks: tuple[str, ...] = ()
    #: The files that its migrations changed before, which are not written yet; None where one is gone.
    migrated: Mapping[str, Entry | None] = field(default_factory=dict)
    #: What the template wants to be said at the end.
    message: str = ""


def apply_update(prepared: PreparedUpdate, *, step: Step = lambda _: None) -> Updated:
    """Write a prepared update into the project; it is left uncommitted, for review.

    Raises:
        MlscaffoldError: The project is as it was, unless the error says that work is pending.
    """
    if prepared.refusal is not None:
        raise prepared.refusal
    require_trust_in_tasks(prepared.checkouts, prepared.tasks, trusted=prepared.request.trusted)
    return write_update(prepared, step=step)


def write_update(prepared: PreparedUpdate, *, step: Step = lambda _: None) -> Updated:
    """Write a prepared update, whose preconditions the caller has checked; all or nothing.

    Raises:
        PendingError: Another run holds the project or is not finished, or a task failed.
        MlscaffoldError: The project is as it was.
    """
    (before, after), new, project = prepared.checkouts, prepared.new, prepared.request.project
    record = record_of(new, prepared.lock)
    run = functools.partial(run_tasks, after, new.answers, project, since=before)
    if prepared.lane is not None:
        # The answers stay, and so do the template's tasks and migrations until all of it is followed.
        record = {LOCK_FILE: record[LOCK_FILE]}
        run = functools.partial(make_derived, prepared.tasks, project)
    writing = Writing(
        project=project,
        title=prepared.title,
        workspace=prepared.workspace,
        state=prepared.state,
        seen=prepared.seen,
        # Only where branches met is any path unmerged by now.
        settles=prepared.state.unmerged,
        plan=prepared.plan,
        record=record,
        gone=tuple({prepared.recorded.answers_file} - {new.answers_file}),
        versions=prepared.versions,
        template=after.source.url,
        came_from=prepared.recorded.template,
        tasks=prepared.tasks,
        migrated=prepared.migrated,
        message=new.message,
    )
    return write(writing, run, step=step)


def record_of(made: Render, lock: Lock) -> Mapping[str, bytes]:
    """Answers and lock of a render, as they lie in a project."""
    answers_file = made.answers_file
    return {answers_file: (made.root / answers_file).read_bytes(), LOCK_FILE: dump_lock(lock).encode()}


def write(writing: Writing, run: Callable[[], None] = lambda: None, *, step: Step = lambda _: None) -> Updated:
    """Write what was decided; all or nothing.

    Args:
        writing: What was decided.
        run: Runs its tasks.
        step: Called with the name of each step as it begins.

    Raises:
        PendingError: Another run holds the project or is not finished, or a task failed.
        MlscaffoldError: The project is as it was.
    """
    with exclusive(writing.project, "update") as folder:
        if (journal := Journal.load(writing.project, folder)) is not None:
            raise waiting_error(journal.pending)
        step("Writing the files")
        return _finish(_begin(writing, folder).carry_out(), run, step=step)


def _begin(writing: Writing, folder: Path) -> Journal:
    workspace, changes = writing.workspace, writing.plan.changes
    conflicts = {each.path: _stages(each) for each in writing.plan.conflicts}
    removed = {each.path for each in writing.plan.having(Action.REMOVE)} | {
        each.origin for each in changes if each.origin
    }
    results = {each.path: each.result for each in changes if each.result is not None}
    lies = {each.path: _here(each) for each in changes if each.path not in {*writing.migrated, *writing.settles}}
    # Of these neither side lies there, but git's markers.
    ours = {path: writing.state.ours[path] for path in writing.settles - removed - writing.record.keys()}
    results = {**ours, **results}
    written = {path: result for path, result in results.items() if path not in lies or result != lies[path]}
    # What the migrations made of a file that the update lets be.
    kept = {path: entry for path, entry in writing.migrated.items() if path not in results and path not in removed}
    written |= {path: entry for path, entry in kept.items() if entry is not None}
    ids = workspace.add(writing.record)
    entries = {path: Entry(mode=FileMode.FILE, blob=blob) for path, blob in ids.items()}
    files = workspace.export({**written, **entries}, workspace.scratch / "export")
    workspace.keep(entry.blob for stages in conflicts.values() for entry in stages.values())
    outcomes = [Outcome(path=path, file=files[path]) for path in written]
    gone = removed | {path for path, entry in kept.items() if entry is None}
    outcomes += [Outcome(path=path, file=None) for path in sorted(gone - written.keys())]
    final = {path: files[path] for path in writing.record}
    if not conflicts:
        outcomes += [Outcome(path=path, file=file) for path, file in final.items()]
        outcomes += [Outcome(path=path, file=None) for path in writing.gone]
    ending = Ending(
        template=writing.template,
        came_from=writing.came_from,
        from_version=writing.versions[0],
        to_version=writing.versions[1],
        contents={path: file.read_bytes() for path, file in final.items()},
        gone=writing.gone,
        seen={path: writing.seen.get(path) for path in (*final, *writing.gone)},
        left=writing.plan.left,
        message=writing.message,
    )
    return begin(
        writing.project,
        folder,
        title=writing.title,
        outcomes=outcomes,
        conflicts=conflicts,
        tasks=writing.tasks,
        # In a merge of branches, what was in conflict between them is resolved by this, and all of it is its commit's.
        stage=sorted(
            {*writing.settles, *final, *(each.path for each in outcomes if each.path in writing.state.entries)}
        )
        if writing.settles
        else (),
        ending=ending,
        changed=functools.partial(_changed, writing),
    )


def _changed(writing: Writing, before: Mapping[str, Lying | None]) -> Collection[str]:
    """The paths that somebody changed since the update was prepared: as git sees it, and where git does not look."""
    then, now = writing.state, with_edits(read_index(writing.project), writing.workspace.location)
    unseen = {path for path, state in before.items() if path in writing.seen and writing.seen[path] != state}
    staged = {
        path for path in then.entries.keys() | now.entries.keys() if then.entries.get(path) != now.entries.get(path)
    }
    pairs = (
        (then.submodules.keys(), now.submodules.keys()),
        (then.unmerged, now.unmerged),
        (then.unstaged, now.unstaged),
        (then.overlooked, now.overlooked),
    )
    return {*unseen, *staged, *(path for before, after in pairs for path in before ^ after)}


def _here(action: FileAction) -> Entry | None:
    """What lies at the path of an action now."""
    return None if action.origin else action.mine


def _stages(action: FileAction) -> Mapping[str, Entry]:
    sides = {"1": action.old, "2": action.mine, "3": action.new}
    return {number: entry for number, entry in sides.items() if entry is not None}


def _finish(journal: Journal, run: Callable[[], None], *, step: Step) -> Updated:
    """From applied files to a closed journal, as far as it goes."""
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


def continue_update(
    project: Path, *, trusted: Trusted = False, cache: Path | None = None, step: Step = lambda _: None
) -> Updated:
    """Finish what waits: effects that were interrupted, conflicts that are resolved, tasks that failed.

    Raises:
        PendingError: Conflicts are left, each named.
        ProjectError: Nothing waits.
    """
    with exclusive(project, "update --continue") as folder:
        journal = _loaded(project, folder)
        # What may never run is refused before anything is written; what runs is judged again when it is at hand.
        if tasks := journal.pending.tasks:
            url = _ending(journal.pending).template
            if not (trusted.may_cover(url) if isinstance(trusted, Trust) else trusted):
                raise UntrustedTemplateError(url, [f"task, run after rendering: {task}" for task in tasks])
        if journal.pending.phase is Phase.APPLYING:
            journal = journal.apply()
        if journal.pending.phase is Phase.CONFLICTS:
            _refuse_unresolved(project, journal.pending)
            with scratch_folder() as scratch:
                outcomes = _final_outcomes(journal.pending, scratch)
                journal = journal.finish(outcomes, functools.partial(_changed_since, journal.pending))
        run = functools.partial(_run_tasks_later, project, journal.pending, trusted, cache)
        return _finish(journal, run, step=step)


def _run_tasks_later(project: Path, waiting: Pending, trusted: Trusted, cache: Path | None) -> None:
    """The tasks of an update that is applied already.

    Raises:
        UntrustedTemplateError: One of the versions is not trusted.
        RenderError: A task failed.
    """
    recorded, ending = read_recorded(project), _ending(waiting)
    source = fetched(find_source(recorded.template), cache)
    with scratch_folder() as scratch:
        for name in ("from", "to"):
            (scratch / name).mkdir()
        before = ending.came_from or recorded.template
        old = check_out_recorded(source, before, ending.from_version, "", into=scratch / "from", cache=cache)
        now = pin(project, recorded, source=source, into=scratch / "to", cache=cache)
        if isinstance(now, PinOfTwo) and now.ahead.checkout.version == ending.to_version:
            commands = now.ahead.ownership.commands
            require_trust_in_tasks((now.ahead.checkout,), commands, trusted=trusted)
            make_derived(commands, project)
            return
        new, answers = now.checkout, Answers(values=recorded.answers, questions=())
        listed = task_listing(new, answers, project, since=old, reach=Reach(trusted=True, project=project))
        require_trust_in_tasks((old, new), listed, trusted=trusted)
        run_tasks(new, answers, project, since=old)


def _ending(waiting: Pending) -> Ending:
    """How an update ends.

    Raises:
        MachineError: The journal does not say.
    """
    if waiting.ending is None:
        raise MachineError(
            "The journal does not say how the update ends: it is damaged.", hint="Undo it: mlscaffold update --abort."
        )
    return waiting.ending


def _final_outcomes(waiting: Pending, scratch: Path) -> list[Outcome]:
    ending = _ending(waiting)
    outcomes = [Outcome(path=path, file=None) for path in ending.gone]
    for number, (path, content) in enumerate(ending.contents.items()):
        file = scratch / str(number)
        file.write_bytes(content)
        outcomes.append(Outcome(path=path, file=file))
    return outcomes


def _changed_since(waiting: Pending, before: Mapping[str, Lying | None]) -> Collection[str]:
    """Lock and answers that are not as they were when the update was begun; older journals do not say."""
    seen = _ending(waiting).seen
    return {path for path, state in before.items() if path in seen and seen[path] != state}


def _loaded(project: Path, folder: Path) -> Journal:
    journal = Journal.load(project, folder)
    if journal is None:
        raise ProjectError("No update waits to be finished or undone.")
    return journal


def _refuse_unresolved(project: Path, waiting: Pending) -> None:
    unmerged = read_index(project).unmerged
    left = [
        path
        for path in waiting.conflicts
        if path in unmerged or ((project / path).is_file() and has_markers((project / path).read_bytes()))
    ]
    if left:
        listing = "".join(
            f"\n  {path}{'' if path in unmerged else '  (still holds conflict markers)'}" for path in left
        )
        raise PendingError(
            f"These conflicts are not resolved:{listing}",
            hint="Edit each file, then `git add` it (or `git rm` it), and run: mlscaffold update --continue",
        )


def abort_update(project: Path) -> tuple[str, ...]:
    """Undo what waits: files, index and modes are as before. Return where edits made meanwhile were kept.

    Raises:
        ProjectError: Nothing waits, or commits were made since.
    """
    with exclusive(project, "update --abort") as folder:
        return _loaded(project, folder).abort()


def waiting_error(waiting: Pending) -> PendingError:
    """What to say of an update that waits: which, and the ways on and back."""
    if waiting.phase is Phase.CONFLICTS:
        listing = "".join(f"\n  {path}" for path in waiting.conflicts)
        return PendingError(
            f"The {waiting.title} waits for you to resolve its conflicts:{listing}",
            hint="Resolve and `git add` them, then: mlscaffold update --continue. To undo: mlscaffold update --abort.",
        )
    return PendingError(
        f"The {waiting.title} was interrupted.",
        hint="Finish it: mlscaffold update --continue. Undo it: mlscaffold update --abort.",
    )

"""`update` and `set`: move the version or the answers of a project, and apply its owners' edits to the new render.

Render old and new outside of the project, plan, resolve, apply with a journal. `prepare_update` does all but the last
step and writes nothing into the project, so a dry run is the real plan.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from . import lock as locks
from .answers import Answers, Ask, resolve_answers, suggest_defaults
from .entries import Entry, FileMode, entry_of
from .errors import PendingError, ProjectError, RenderError, TemplateError, UntrustedTemplateError
from .journal import Journal, Outcome, Pending, Phase, begin, exclusive, pending
from .lock import Lock
from .locking import lock_of, ownership_of, written_answers
from .merge import Labels
from .merge.lines import has_markers
from .ownership import Ownership, Policy
from .plan import Action, FileAction, Plan, Side, plan
from .recorded import Recorded, read_recorded
from .render import Render, renderer_id, require_trust, run_tasks, task_listing
from .render_cache import cached_render
from .resolution import Resolved, contents_needed, resolve
from .source import (
    Checkout,
    TemplateSource,
    changes_between,
    check_out,
    check_recorded_tree,
    find_source,
    moved_sources,
)
from .transaction import disk_errors
from .waivers import read_project_settings
from .workspace import State, Workspace, open_workspace

__all__ = [
    "PreparedUpdate",
    "UpdateRequest",
    "Updated",
    "abort_update",
    "apply_update",
    "continue_update",
    "prepare_update",
    "solve",
    "write_update",
]

#: Called with the name of each step as it begins.
Step = Callable[[str], None]
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class UpdateRequest:
    """What `update` or `set` was asked for."""

    project: Path
    #: A version; None is the newest release.
    to: str | None = None
    #: Stay at the recorded version: only answers move.
    same_version: bool = False
    #: Where the template is now, if its URL changed.
    template: str | None = None
    #: New or changed answers by question name, as values or text.
    given: Mapping[str, Any] = field(default_factory=dict)
    #: Defaults that go before the template's own.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    use_defaults: bool = False
    trusted: bool = False
    #: Merge as git would, nothing beyond.
    lines_only: bool = False
    #: Where mirrors and renders are kept between runs.
    cache: Path | None = None


@dataclass(frozen=True, kw_only=True)
class PreparedUpdate:
    """Everything decided, nothing written into the project."""

    request: UpdateRequest
    recorded: Recorded
    old: Render
    new: Render
    resolved: Resolved
    lock: Lock
    workspace: Workspace
    #: What the project held when this was decided.
    state: State
    #: The template's commands that run at the end.
    tasks: tuple[str, ...]
    #: What the user should be told before.
    notes: tuple[str, ...]
    #: What changed in the template between the versions, as its authors say.
    changelog: str

    @property
    def plan(self) -> Plan:
        """The plan, contents decided."""
        return self.resolved.plan

    @property
    def title(self) -> str:
        """What is done, for a person."""
        before, after = self.recorded.version, self.new.checkout.version
        return f"update {before} -> {after}" if before != after else f"change of answers at {after}"

    @property
    def changed_answers(self) -> Mapping[str, tuple[Any, Any]]:
        """By question: recorded and new answer, where they differ; None where there is none. Secrets are left out."""
        before, after = self.recorded.answers, _answers_of(self.new)
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        return {name: (before.get(name), after.get(name)) for name in names}

    @property
    def moves_lock(self) -> bool:
        """Whether lock or answers change."""
        return self.recorded.lock != self.lock

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.plan.changes and not self.moves_lock

    def contents(self) -> Mapping[str, tuple[bytes, bytes]]:
        """By path of each change what the file holds before and after; empty where there is none.

        Files that depend on a secret answer are left out: a diff may end in the log of a pipeline.
        """
        sides = {
            each.path: (each.mine, None if each.action is Action.REMOVE else each.result)
            for each in self.plan.changes
            if not self.new.secret & {each.path, each.rendered_as[1]}
        }
        found = self.workspace.read({entry.blob for pair in sides.values() for entry in pair if entry})
        return {
            path: (found[before.blob] if before else b"", found[after.blob] if after else b"")
            for path, (before, after) in sides.items()
        }


@dataclass(frozen=True, kw_only=True)
class Updated:
    """What was done."""

    title: str
    #: Files that wait for a person, with markers or as unmerged entries.
    conflicts: tuple[str, ...]
    tasks: tuple[str, ...] = ()


@contextlib.contextmanager
def prepare_update(
    request: UpdateRequest, *, ask: Ask | None = None, step: Step = lambda _: None
) -> Iterator[PreparedUpdate]:
    """Find out what an update does; all that it needs lies in a temporary folder that is gone afterwards.

    Raises:
        MlscaffoldError: One of its kinds, each with what to do; the project is as it was.
    """
    project = request.project
    if (waiting := pending(project)) is not None:
        raise _waiting(waiting)
    recorded = read_recorded(project)
    _check_recorded(recorded)
    with contextlib.ExitStack() as cleanup:
        with disk_errors(project):
            scratch = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="mlscaffold-")))
            workspace = open_workspace(project, scratch / "git")
            state = workspace.state()
        _refuse_unready(workspace, state)
        step("Reading the template")
        with disk_errors(project):
            old_checkout, new_checkout, notes = _check_out_both(request, recorded, scratch)
        require_trust(old_checkout, trusted=request.trusted, rendering_only=True)
        require_trust(new_checkout, trusted=request.trusted, rendering_only=True)
        ownership = ownership_of(new_checkout)
        answers = resolve_answers(
            new_checkout,
            project.name,
            given=request.given,
            recorded=recorded.answers,
            suggested={**suggest_defaults(project), **request.defaults},
            ask=ask,
            use_defaults=request.use_defaults or ask is None,
        )
        step("Rendering")
        with disk_errors(project):
            old = _render_old(request, recorded, old_checkout, scratch)
            new = cached_render(
                new_checkout,
                answers,
                into=scratch / "new",
                folder_name=project.name,
                operation="update",
                cache=request.cache,
            )
        written_answers(new)
        step("Comparing")
        with disk_errors(project):
            prepared = solve(request, recorded, old, new, ownership, workspace, state)
        yield dataclasses.replace(prepared, notes=(*notes, *prepared.notes))


def _waiting(waiting: Pending) -> PendingError:
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


def _check_recorded(recorded: Recorded) -> None:
    if recorded.answers_moved:
        raise ProjectError(
            f"{recorded.answers_file} was changed without the lock: by hand, by plain `copier update`, or by a merge.",
            hint="Restore it (git checkout -- "
            f"{recorded.answers_file}), or accept it: mlscaffold lock --resolve. To change answers: mlscaffold set.",
        )
    if recorded.version.startswith("dev"):
        raise ProjectError(
            "This project was made from an unreleased state of the template, to which there is no way back.",
            hint="Release the template (a version tag), and make the project from that release.",
        )


def _refuse_unready(workspace: Workspace, state: State) -> None:
    if not workspace.git.succeeds("rev-parse", "-q", "--verify", "HEAD"):
        raise ProjectError(
            "The repository has no commit yet, and without one nothing could be taken back.",
            hint="Commit first: git add -A && git commit",
        )
    if state.dirty:
        raise ProjectError(
            f"There are uncommitted edits: {_listed(state.dirty)}.",
            hint="Commit or stash them first (git stash), so that nothing of yours can be mixed up with the update.",
        )


def _listed(paths: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more


def _check_out_both(
    request: UpdateRequest, recorded: Recorded, scratch: Path
) -> tuple[Checkout, Checkout, tuple[str, ...]]:
    """The recorded state of the template, and the one to go to."""
    for name in ("old", "new"):
        (scratch / name).mkdir()
    try:
        source = find_source(request.template or recorded.template)
        old = check_out(source, recorded.version, into=scratch / "old", cache=request.cache)
    except TemplateError as error:
        raise TemplateError(
            error.message, hint=f"{error.hint} If the template is elsewhere now: mlscaffold update --template SRC"
        ) from error
    check_recorded_tree(old, recorded.tree)
    if request.same_version:
        return old, old, old.notes
    new = check_out(source, request.to, into=scratch / "new", cache=request.cache)
    if new.version.startswith("dev"):
        raise TemplateError(
            f"The template {source.url} is an unreleased work tree: there is nothing to update to.",
            hint="Commit and tag it, or name a release with --to.",
        )
    _refuse_downgrade(source, old, new)
    return old, new, new.notes


def _refuse_downgrade(source: TemplateSource, old: Checkout, new: Checkout) -> None:
    from packaging.version import InvalidVersion, Version

    try:
        older = Version(new.version) < Version(old.version)
    except InvalidVersion:
        return
    if older:
        raise TemplateError(
            f"{new.version} of {source.url} is older than {old.version}, which this project has.",
            hint="To go back, take back the commit of the update: git revert.",
        )


def _render_old(request: UpdateRequest, recorded: Recorded, checkout: Checkout, scratch: Path) -> Render:
    """Render what the project was made from, as it was then."""
    answers = Answers(values=recorded.answers, questions=())
    return cached_render(
        checkout,
        answers,
        into=scratch / "old",
        folder_name=request.project.name,
        operation="update",
        cache=request.cache,
    )


def _answers_of(made: Render) -> Mapping[str, Any]:
    return {name: value for name, value in written_answers(made).items() if not str(name).startswith("_")}


def solve(
    request: UpdateRequest,
    recorded: Recorded,
    old: Render,
    new: Render,
    ownership: Ownership,
    workspace: Workspace,
    state: State,
) -> PreparedUpdate:
    """Plan and resolve: from two renders and the project to what shall become of every file."""
    ejected = read_project_settings(request.project).ejected
    after = workspace.expecting(old.root, new.root, _attribute_files(new, ownership, ejected))
    old_entries = workspace.entries(old.root, old.entries)
    new_entries = after.entries(new.root, new.entries)
    locked = recorded.lock.files if recorded.lock else None
    bookkeeping = {recorded.answers_file, new.answers_file, locks.FILE_NAME}
    old_side = _side(old, old_entries, without=bookkeeping, only=locked)
    new_side = _side(new, new_entries, without=bookkeeping)
    mine = {path: entry for path, entry in state.entries.items() if path not in bookkeeping}
    loose = _loose(workspace, state, {*old_side.entries, *new_side.entries} - mine.keys() - bookkeeping)
    everything = {**mine, **loose}
    gone = [path for path in old_side.entries if path not in everything]
    workspace.hash(old.root, [path for path in gone if old.entries[path].mode is not FileMode.SYMLINK], write=True)
    draft = plan(
        old=old_side,
        mine=everything,
        new=new_side,
        ownership=ownership,
        occupied=_occupied(workspace, state, new_side.entries.keys() - everything.keys()),
        loose=frozenset(loose),
        before={path: file.policy for path, file in (locked or {}).items()},
        moves=moved_sources(old.checkout, new.checkout, ownership.moved),
        renames=workspace.renamed(old_side.entries, mine, gone),
        ejected=ejected,
        secret=new.secret,
        lines_only=request.lines_only,
    )
    _refuse_collisions(draft)
    resolved = _resolve(request, draft, (old, workspace), (new, after))
    _refuse_overlooked(resolved.plan, state)
    return PreparedUpdate(
        request=request,
        recorded=recorded,
        old=old,
        new=new,
        resolved=resolved,
        lock=lock_of(new, ownership, new_entries),
        workspace=workspace,
        state=state,
        tasks=task_listing(new.checkout, since=old.checkout),
        notes=tuple(_notes(recorded, old_entries)),
        changelog=changes_between(old.checkout, new.checkout),
    )


def _side(
    made: Render, entries: Mapping[str, Entry], *, without: set[str], only: Mapping[str, Any] | None = None
) -> Side:
    kept = {path: entry for path, entry in entries.items() if path not in without and (only is None or path in only)}
    return Side(entries=kept, sources=made.sources)


def _notes(recorded: Recorded, old: Mapping[str, Entry]) -> Iterator[str]:
    if recorded.lock is None:
        yield (
            f"There is no {locks.FILE_NAME}: it is derived from {recorded.answers_file} "
            f"({recorded.template} {recorded.version}), and will be written."
        )
        return
    files = recorded.lock.files
    other = [path for path, file in files.items() if file.entry and path in old and old[path] != file.entry]
    if other:
        why = (
            "" if recorded.lock.renderer == renderer_id() else f" (then {recorded.lock.renderer}, now {renderer_id()})"
        )
        yield f"Rendered again, {recorded.version} is not what the lock records{why}: {_listed(sorted(other))}."


def _attribute_files(new: Render, ownership: Ownership, ejected: Collection[str]) -> Iterator[str]:
    """Attribute files that follow the template."""
    for path in new.entries:
        follows = ownership.rule_for(path).policy in {Policy.OWNED, Policy.MERGED}
        if PurePosixPath(path).name == ".gitattributes" and follows and path not in ejected:
            yield path


def _loose(workspace: Workspace, state: State, paths: set[str]) -> Mapping[str, Entry]:
    """Files at paths of the template that are there and not under version control (ignored ones, say)."""
    own = {path for path in paths if state.submodules.isdisjoint(map(str, PurePosixPath(path).parents))}
    here = {path: workspace.project / path for path in own}
    plain = {path: entry_of(file) for path, file in here.items() if _is_own_file(workspace.project, file)}
    return workspace.entries(workspace.project, plain)


def _is_own_file(project: Path, file: Path) -> bool:
    inside = not any(
        parent.is_symlink() for parent in file.parents if parent.is_relative_to(project) and parent != project
    )
    return inside and (file.is_symlink() or file.is_file())


def _occupied(workspace: Workspace, state: State, coming: set[str]) -> frozenset[str]:
    """What is neither file nor absent at places that the render may need."""
    found = set(state.submodules)
    for path in coming:
        place = workspace.project / path
        if place.is_dir() and not place.is_symlink():
            found |= _foreign(workspace.project, place, state.entries)
        for parent in PurePosixPath(path).parents:
            above = workspace.project / parent
            if (
                str(parent) != "."
                and (above.is_symlink() or above.is_file())
                and parent.as_posix() not in state.entries
            ):
                found.add(parent.as_posix())
    return frozenset(found)


def _foreign(project: Path, folder: Path, known: Collection[str]) -> set[str]:
    """What a folder holds besides files under version control: others, and folders that are empty."""
    found: set[str] = set()
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        here = Path(place).relative_to(project)
        found |= {path for name in (*files, *links) if (path := (here / name).as_posix()) not in known}
        if not folders and not files and Path(place) != folder:
            found.add(here.as_posix())
    return found


def _refuse_collisions(draft: Plan) -> None:
    if blocked := draft.having(Action.COLLIDE):
        listing = "".join(f"\n  {each.path}: {each.reason}" for each in blocked)
        raise ProjectError(
            f"The update cannot be applied:{listing}",
            hint="Move or commit what is in the way; or keep such a file for good: mlscaffold eject PATH --reason …",
        )


def _refuse_overlooked(plan_: Plan, state: State) -> None:
    """Refuse to write where git would not see it: the change would be missing in the commit of the update."""
    touched = {path for each in plan_.changes for path in (each.path, each.origin)}
    if overlooked := sorted(touched & state.overlooked):
        raise ProjectError(
            f"The update changes files that git was told to overlook: {_listed(overlooked)}.",
            hint="Let git see them: git update-index --no-assume-unchanged --no-skip-worktree PATH… (after a sparse "
            "checkout: git sparse-checkout disable), and commit or undo what you changed there.",
        )


def _resolve(
    request: UpdateRequest, draft: Plan, before: tuple[Render, Workspace], after: tuple[Render, Workspace]
) -> Resolved:
    """Read what both sides changed, and decide it; each render is read as its own attributes have it."""
    (old, workspace), (new, _) = before, after
    wanted = contents_needed(draft)
    sides = [(*before, [each for each in wanted if each.old]), (*after, [*wanted, *draft.changes])]
    for made, view, files in sides:
        paths = {(each.rendered_as[made is new] or each.path) for each in files}
        plain = [p for p in paths if p in made.entries and made.entries[p].mode is not FileMode.SYMLINK]
        view.hash(made.root, sorted(plain), write=True)
    blobs = [entry.blob for each in wanted for entry in (each.old, each.mine, each.new) if entry]
    contents = workspace.read(blobs)
    was, now = _sides_called(old, new)
    read = [each.path for each in wanted]
    found = resolve(
        draft,
        contents.__getitem__,
        Labels(base=f"template {was}", theirs=f"template {now}"),
        lines_only=request.lines_only,
        unverifiable=workspace.unverifiable(read),
        unmergeable=workspace.unmergeable(read),
    )
    ids = workspace.add(found.contents)
    actions = tuple(
        dataclasses.replace(each, result=dataclasses.replace(each.result, blob=ids[each.path]))
        if each.path in ids and each.result is not None
        else each
        for each in found.plan.actions
    )
    return Resolved(plan=Plan(actions=actions), contents=found.contents)


def _sides_called(old: Render, new: Render) -> tuple[str, str]:
    """What the template's two sides are called: by version, or by what moved."""
    before, after = old.checkout.version, new.checkout.version
    return (before, after) if before != after else (f"{before}, old answers", f"{after}, new answers")


def apply_update(prepared: PreparedUpdate, *, step: Step = lambda _: None) -> Updated:
    """Write a prepared update into the project; it is left uncommitted, for review.

    Raises:
        MlscaffoldError: The project is as it was, unless the error says that work is pending.
    """
    request = prepared.request
    if prepared.tasks and not request.trusted:
        raise UntrustedTemplateError(
            prepared.new.checkout.source.url, [f"task, run after rendering: {task}" for task in prepared.tasks]
        )
    return write_update(prepared, step=step)


def write_update(prepared: PreparedUpdate, *, step: Step = lambda _: None) -> Updated:
    """Write a prepared update, whose preconditions the caller has checked; all or nothing.

    Raises:
        PendingError: Another run holds the project or is not finished, or a task failed.
        MlscaffoldError: The project is as it was.
    """
    request = prepared.request
    with exclusive(request.project, "update") as folder:
        if (journal := Journal.load(request.project, folder)) is not None:
            raise _waiting(journal.pending)
        if dataclasses.replace(prepared.workspace.state(), dirty=prepared.state.dirty) != prepared.state:
            raise ProjectError("The project changed while the update was prepared.", hint="Run the command again.")
        step("Writing the files")
        journal = _begin(prepared, folder)
        try:
            journal = journal.apply()
        except BaseException:
            journal.abort()
            raise
        new, old = prepared.new, prepared.old
        run = functools.partial(run_tasks, new.checkout, new.answers, request.project, since=old.checkout)
        return _finish(journal, run, step=step)


def _begin(prepared: PreparedUpdate, folder: Path) -> Journal:
    project, workspace = prepared.request.project, prepared.workspace
    changes = prepared.plan.changes
    conflicts = {each.path: _stages(each) for each in prepared.plan.conflicts}
    written = {each.path: each.result for each in changes if each.result is not None and each.result != _here(each)}
    bookkeeping = _bookkeeping(prepared)
    ids = workspace.add(bookkeeping)
    entries = {path: Entry(mode=FileMode.FILE, blob=blob) for path, blob in ids.items()}
    files = workspace.export({**written, **entries}, prepared.workspace.scratch / "export")
    workspace.keep(entry.blob for stages in conflicts.values() for entry in stages.values())
    outcomes = [Outcome(path=path, file=files[path]) for path in written]
    gone = {each.origin for each in changes if each.origin} | {
        each.path for each in prepared.plan.having(Action.REMOVE)
    }
    outcomes += [Outcome(path=path, file=None) for path in sorted(gone - written.keys())]
    final = {path: files[path] for path in bookkeeping}
    final_gone = sorted({prepared.recorded.answers_file} - final.keys())
    if not conflicts:
        outcomes += [Outcome(path=path, file=file) for path, file in final.items()]
        outcomes += [Outcome(path=path, file=None) for path in final_gone]
    note = {
        "final": {path: file.read_bytes().decode("utf-8", "surrogateescape") for path, file in final.items()},
        "gone": final_gone,
        "template": prepared.new.checkout.source.url,
        "from": prepared.recorded.version,
        "to": prepared.new.checkout.version,
    }
    return begin(
        project,
        folder,
        title=prepared.title,
        outcomes=outcomes,
        conflicts=conflicts,
        tasks=prepared.tasks,
        note=note,
    )


def _here(action: FileAction) -> Entry | None:
    """What lies at the path of an action now."""
    return None if action.origin else action.mine


def _stages(action: FileAction) -> Mapping[str, Entry]:
    sides = {"1": action.old, "2": action.mine, "3": action.new}
    return {number: entry for number, entry in sides.items() if entry is not None}


def _bookkeeping(prepared: PreparedUpdate) -> Mapping[str, bytes]:
    """Lock and answers, as they are once no conflict is left."""
    answers_file = prepared.new.answers_file
    return {
        answers_file: (prepared.new.root / answers_file).read_bytes(),
        locks.FILE_NAME: locks.dump_lock(prepared.lock).encode(),
    }


def _finish(journal: Journal, run: Callable[[], None], *, step: Step) -> Updated:
    """From applied files to a closed journal, as far as it goes."""
    waiting = journal.pending
    if waiting.phase is Phase.CONFLICTS:
        return Updated(title=waiting.title, conflicts=waiting.conflicts)
    if waiting.tasks:
        step("Running the template's tasks")
        try:
            run()
        except RenderError as error:
            raise PendingError(
                f"All files are updated, and a task of the template failed. {error.message}",
                hint="Run it again: mlscaffold update --continue --trust. Undo the update: mlscaffold update --abort.",
            ) from error
    journal.close()
    return Updated(title=waiting.title, conflicts=(), tasks=waiting.tasks)


def continue_update(
    project: Path, *, trusted: bool = False, cache: Path | None = None, step: Step = lambda _: None
) -> Updated:
    """Finish what waits: effects that were interrupted, conflicts that are resolved, tasks that failed.

    Raises:
        PendingError: Conflicts are left, each named.
        ProjectError: Nothing waits.
    """
    with exclusive(project, "update --continue") as folder:
        journal = _loaded(project, folder)
        if journal.pending.tasks and not trusted:
            tasks = [f"task, run after rendering: {task}" for task in journal.pending.tasks]
            raise UntrustedTemplateError(str(journal.pending.note["template"]), tasks)
        if journal.pending.phase is Phase.APPLYING:
            journal = journal.apply()
        if journal.pending.phase is Phase.CONFLICTS:
            _refuse_unresolved(project, journal.pending)
            with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
                journal = journal.finish(_final_outcomes(journal.pending, Path(scratch)))
        run = functools.partial(_run_tasks_later, project, journal.pending.note, cache)
        return _finish(journal, run, step=step)


def _run_tasks_later(project: Path, note: Mapping[str, Any], cache: Path | None) -> None:
    """The tasks of an update that is applied already."""
    recorded = read_recorded(project)
    source = find_source(recorded.template)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        sides = {name: Path(scratch, name) for name in ("from", "to")}
        for side in sides.values():
            side.mkdir()
        old, new = (check_out(source, str(note[name]), into=side, cache=cache) for name, side in sides.items())
        run_tasks(new, Answers(values=recorded.answers, questions=()), project, since=old)


def _final_outcomes(waiting: Pending, scratch: Path) -> list[Outcome]:
    outcomes = [Outcome(path=path, file=None) for path in waiting.note["gone"]]
    for number, (path, text) in enumerate(waiting.note["final"].items()):
        file = scratch / str(number)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        outcomes.append(Outcome(path=path, file=file))
    return outcomes


def _loaded(project: Path, folder: Path) -> Journal:
    journal = Journal.load(project, folder)
    if journal is None:
        raise ProjectError("No update waits to be finished or undone.")
    return journal


def _refuse_unresolved(project: Path, waiting: Pending) -> None:
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as scratch:
        unmerged = open_workspace(project, Path(scratch)).state().unmerged
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

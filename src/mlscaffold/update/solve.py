"""From two renders and a project to what shall become of every file: what an update was asked for, and its solution.

Nothing is written into the project here, so a dry run is the real plan.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import ProjectError
from ..files.entry import Entry, FileMode, entry_of, is_own_file, linked_folder
from ..files.place import State as _Lying
from ..files.place import state_of
from ..git.workspace import State, Workspace
from ..merge import Labels
from ..plan.contents import Resolved, contents_needed, resolve
from ..plan.decide import Action, FileAction, Plan, plan
from ..plan.pairing import Side
from ..plan.succession import withheld
from ..preferences.trust import Trusted
from ..project import lock as locks
from ..project.lock import Lock
from ..project.make_lock import lock_of, written_answers
from ..project.record import Recorded
from ..project.settings import SETTINGS_FILE, read_project_settings
from ..template.ownership import Ownership, Policy
from ..template.render import Render, renderer_id
from ..template.source import changes_between, moved_sources
from ..template.tasks import task_listing

__all__ = ["PreparedUpdate", "UpdateRequest", "listed", "lying", "solve"]

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
    #: What may run code and look at the machine: True is whatever template is met.
    trusted: Trusted = False
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
    #: And what lay then at the paths that git does not watch.
    seen: Mapping[str, _Lying | None]
    #: The template's commands that run at the end.
    tasks: tuple[str, ...]
    #: What the user should be told before.
    notes: tuple[str, ...]
    #: What changed in the template between the versions, as its authors say.
    changelog: str
    #: Files that every project must have, and that its owners have to write themselves, with the reason.
    left: Mapping[str, str] = field(default_factory=dict)

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
        hidden = self.old.secret_questions | self.new.secret_questions
        names = [name for name in {**before, **after} if before.get(name) != after.get(name) and name not in hidden]
        return {name: (before.get(name), after.get(name)) for name in names}

    @property
    def moves_lock(self) -> bool:
        """Whether lock or answers change."""
        return self.recorded.lock != self.lock

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.plan.changes and not self.moves_lock

    def is_secret(self, action: FileAction) -> bool:
        """Whether what a file holds depends on a secret answer, or did."""
        before, after = (name or action.path for name in action.rendered_as)
        return after in self.new.secret or before in self.old.secret

    def contents(self) -> Mapping[str, tuple[bytes, bytes]]:
        """By path of each change what the file holds before and after; empty where there is none.

        Files that depend on a secret answer are left out: a diff may end in the log of a pipeline.
        """
        sides = {
            each.path: (each.mine, None if each.action is Action.REMOVE else each.result)
            for each in self.plan.changes
            if not self.is_secret(each)
        }
        found = self.workspace.read({entry.blob for pair in sides.values() for entry in pair if entry})
        return {
            path: (found[before.blob] if before else b"", found[after.blob] if after else b"")
            for path, (before, after) in sides.items()
        }


def _answers_of(made: Render) -> Mapping[str, Any]:
    return {name: value for name, value in written_answers(made).items() if not str(name).startswith("_")}


def _answers_moved(recorded: Recorded, made: Render) -> bool:
    """Whether somebody gave another answer than the project had, or than a new question has by itself."""
    defaults = {question.name: question.default for question in made.answers.questions}
    expected = {**defaults, **recorded.answers}
    plain = made.answers.values.keys() - made.secret_questions
    return any(made.answers.values[name] != expected.get(name) for name in plain)


def solve(
    request: UpdateRequest,
    recorded: Recorded,
    old: Render,
    new: Render,
    ownership: Ownership,
    workspace: Workspace,
    state: State,
    seen: Mapping[str, _Lying | None],
) -> PreparedUpdate:
    """Plan and resolve: from two renders and the project to what shall become of every file.

    Args:
        request: What was asked for.
        recorded: What the project says of itself.
        old: The render that it comes from.
        new: The render that it goes to.
        ownership: The table of the new version.
        workspace: The project in its repository.
        state: What that holds.
        seen: What lies at the paths of lock and answers.

    Raises:
        ProjectError: Something is in the way.
    """
    ejected = read_project_settings(request.project).ejected
    after = workspace.expecting(old.root, new.root, _attribute_files(new, ownership, ejected))
    old_entries = workspace.entries(old.root, old.entries)
    new_entries = after.entries(new.root, new.entries)
    locked = recorded.lock.files if recorded.lock else None
    bookkeeping = {recorded.answers_file, new.answers_file, locks.LOCK_FILE, SETTINGS_FILE}
    old_side = _side(old, old_entries, without=bookkeeping, only=locked)
    new_side = _side(new, new_entries, without=bookkeeping)
    mine = {path: entry for path, entry in state.entries.items() if path not in bookkeeping}
    unknown = {*old_side.entries, *new_side.entries} - mine.keys() - bookkeeping
    # Before any of them is read: what somebody saves after that is noticed.
    seen = {**lying(request.project, {*unknown, *state.unmerged, *state.unstaged}), **seen}
    loose = _loose(workspace, state, unknown)
    everything = {**mine, **loose}
    gone = [path for path in old_side.entries if path not in everything]
    workspace.hash(old.root, [path for path in gone if old.entries[path].mode is not FileMode.SYMLINK], write=True)

    def read_both(path: str) -> tuple[bytes, bytes]:
        blob = everything[path].blob
        return (old.root / path).read_bytes(), workspace.read([blob])[blob]

    refused = withheld(old_side, everything, new_side, ownership, read_both)
    draft = plan(
        old=old_side,
        mine=everything,
        new=new_side,
        ownership=ownership,
        occupied=_occupied(workspace, state, new_side.entries.keys() - everything.keys()),
        loose=frozenset(loose),
        before={path: file.policy for path, file in (locked or {}).items()},
        moves=moved_sources(old.checkout, new.checkout, ownership.moved, set(new.sources.values())),
        renames=workspace.renamed(old_side.entries, mine, gone),
        ejected=ejected,
        secret=new.secret | (old.secret - new.entries.keys()),
        withheld=refused,
        answers_moved=_answers_moved(recorded, new),
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
        seen=seen,
        tasks=task_listing(new.checkout, since=old.checkout),
        notes=(*_notes(recorded, old_entries), *_secret_notes(resolved.plan, new)),
        changelog=changes_between(old.checkout, new.checkout),
        left={each.path: each.reason for each in resolved.plan.actions if _is_left(each, refused)},
    )


def _is_left(action: FileAction, refused: Collection[str]) -> bool:
    """Whether a file that there must be is not written, and was not there."""
    return action.path in refused and action.mine is None and action.rule.required


def lying(project: Path, paths: Collection[str]) -> dict[str, _Lying | None]:
    """What lies at paths, behind no link."""
    return {path: None if linked_folder(project, path) else state_of(project / path) for path in paths}


def _side(
    made: Render, entries: Mapping[str, Entry], *, without: set[str], only: Mapping[str, Any] | None = None
) -> Side:
    kept = {path: entry for path, entry in entries.items() if path not in without and (only is None or path in only)}
    return Side(entries=kept, sources=made.sources)


def _notes(recorded: Recorded, old: Mapping[str, Entry]) -> Iterator[str]:
    if recorded.lock is None:
        yield (
            f"There is no {locks.LOCK_FILE}: it is derived from {recorded.answers_file} "
            f"({recorded.template} {recorded.version}), and will be written."
        )
        return
    files = recorded.lock.files
    other = [path for path, file in files.items() if file.entry and path in old and old[path] != file.entry]
    if other:
        why = (
            "" if recorded.lock.renderer == renderer_id() else f" (then {recorded.lock.renderer}, now {renderer_id()})"
        )
        yield f"Rendered again, {recorded.version} is not what the lock records{why}: {listed(sorted(other))}."


def _secret_notes(plan_: Plan, new: Render) -> Iterator[str]:
    for each in plan_.changes:
        if (each.rendered_as[1] or each.path) in new.secret:
            yield f"{each.path} depends on a secret answer: keep it out of git (name it in .gitignore)."


def _attribute_files(new: Render, ownership: Ownership, ejected: Collection[str]) -> Iterator[str]:
    """Attribute files that follow the template."""
    for path in new.entries:
        follows = ownership.rule_for(path).policy in {Policy.OWNED, Policy.MERGED}
        if PurePosixPath(path).name == ".gitattributes" and follows and path not in ejected:
            yield path


def _loose(workspace: Workspace, state: State, paths: set[str]) -> Mapping[str, Entry]:
    """Files at paths of the template that are there and not under version control (ignored ones, say)."""
    own = {path for path in paths if state.submodules.isdisjoint(map(str, PurePosixPath(path).parents))}
    project = workspace.project
    plain = {path: entry_of(project / path) for path in own if is_own_file(project, path)}
    return workspace.entries(project, plain)


def _occupied(workspace: Workspace, state: State, coming: set[str]) -> frozenset[str]:
    """What is neither file nor absent at places that the render may need."""
    found = set(state.submodules)
    for path in coming:
        place = workspace.project / path
        if place.is_dir() and not place.is_symlink():
            found |= _foreign(workspace.project, place, state.entries)
        elif os.path.lexists(place) and not (place.is_file() or place.is_symlink()):
            # A pipe, a device: neither to be read nor to be replaced.
            found.add(path)
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
            f"The update changes files that git was told to overlook: {listed(overlooked)}.",
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


def listed(paths: Sequence[str]) -> str:
    """Some paths for a message, the first ones in full."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more

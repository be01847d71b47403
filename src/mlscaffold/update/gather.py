"""Everything that an update reads from the world before anything is decided: the project, and the template's two ends.

`look` reads the project, `ends` the template, and `gather` compares them. Nothing is written into the project.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..apply.journal import pending
from ..errors import MlscaffoldError, ProjectError
from ..files.entry import Entry, FileMode, entry_of, is_own_file, linked_folder
from ..files.put import State as Lying
from ..files.put import state_of
from ..git.index import SEE_AGAIN, Index, read_index, recorded_modes, with_edits
from ..git.location import newest_commit
from ..git.store import Store, open_store
from ..plan.pairing import Side
from ..plan.situation import Situation
from ..plan.succession import withheld
from ..project.lane import Lane
from ..project.lock import LOCK_FILE, Lock
from ..project.make_lock import lock_of
from ..project.record import Recorded, read_recorded, read_watched
from ..project.settings import SETTINGS_FILE, ProjectSettings, read_project_settings
from ..template.channel import Channel
from ..template.checkout import Checkout
from ..template.history import changes_between
from ..template.ownership import Ownership
from ..template.policy import Policy
from ..template.render import Render, renderer_id
from ..template.versions import DEV
from .apply import waiting_error
from .ends import Ends, Migrate
from .migrate import Migrated, migrated
from .request import UpdateRequest

__all__ = ["Gathered", "Ground", "gather", "listed", "look", "lying", "migrate_of"]

_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A project as it lies."""

    recorded: Recorded
    workspace: Store
    #: What git knows of it.
    state: Index
    #: What lay where git does not watch, when it was read.
    seen: Mapping[str, Lying | None]
    #: Why nothing may be written into it.
    refusal: MlscaffoldError | None = None


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Everything read, nothing decided, nothing written into the project."""

    request: UpdateRequest
    recorded: Recorded
    old: Render
    new: Render
    situation: Situation
    #: What the project decided for itself.
    settings: ProjectSettings
    #: What is recorded once no conflict is left.
    lock: Lock
    #: The project under its own attributes, and under those that come with the update.
    workspace: Store
    coming: Store
    #: What the project held when this was read.
    state: Index
    #: And what lay then at the paths that git does not watch.
    seen: Mapping[str, Lying | None]
    #: The versions of the template that are left and gone to.
    checkouts: tuple[Checkout, Checkout]
    #: The files that move, where that is not all of them.
    lane: Lane | None
    #: The files that the template's migrations changed before; None where one is gone.
    migrated: Mapping[str, Entry | None]
    #: The template's commands that run at the end.
    tasks: tuple[str, ...]
    #: What the user should be told before.
    notes: tuple[str, ...]
    #: What changed in the template between the versions, as its authors say.
    changelog: str
    #: Why it cannot be applied to the project as it is.
    refusal: MlscaffoldError | None


def look(request: UpdateRequest, scratch: Path) -> Ground:
    """Read a project.

    Raises:
        PendingError: An update of it is not finished.
        ProjectError: It is not in git, or its lock and its answers do not fit each other.
        ProjectError: Not all is committed, and the request is for more than a look.
    """
    project = request.project
    if (waiting := pending(project)) is not None:
        raise waiting_error(waiting)
    recorded, seen = read_watched(project, read_recorded)
    _check_recorded(recorded)
    workspace = open_store(project, scratch)
    state = with_edits(read_index(project), workspace.location)
    refusal = _unready(workspace, state)
    if refusal is not None and not request.dry_run:
        raise refusal
    ground = Ground(recorded=recorded, workspace=workspace, state=state, seen=seen, refusal=refusal)
    return ground if refusal is None else dataclasses.replace(ground, state=_as_it_lies(workspace, state))


def migrate_of(ground: Ground) -> Migrate:
    """What runs migrations on a copy of a project."""

    def migrate(old: Checkout, new: Checkout, into: Path) -> Migrated:
        return migrated(ground.recorded, ground.workspace, ground.state, old=old, new=new, into=into)

    return migrate


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


def _unready(workspace: Store, state: Index) -> ProjectError | None:
    """Why an update cannot be applied, whatever it holds."""
    if not newest_commit(workspace.git):
        return ProjectError(
            "The repository has no commit yet, and without one nothing could be taken back.",
            hint="Commit first: git add -A && git commit",
        )
    if state.dirty:
        unseen = state.overlooked & set(state.dirty)
        hint = "Commit or stash them first (git stash), so that nothing of yours can be mixed up with the update."
        if unseen:
            hint += f"\nGit was told to overlook some. Let it see them: {SEE_AGAIN} {shlex.join(sorted(unseen))}"
        return ProjectError(f"There are uncommitted edits: {listed(state.dirty)}.", hint=hint)
    return None


def _as_it_lies(workspace: Store, state: Index) -> Index:
    """The files that git knows, as they lie in the work tree."""
    project, changed = workspace.project, {*state.unstaged, *state.unmerged}
    here = {path: entry_of(project / path) for path in sorted(changed) if is_own_file(project, path)}
    workspace.hash(project, [path for path, entry in here.items() if entry.mode is not FileMode.SYMLINK], write=True)
    kept = {path: entry for path, entry in state.entries.items() if path not in changed}
    seen = recorded_modes(workspace.entries(project, here), state, workspace.location)
    return dataclasses.replace(state, entries={**kept, **seen})


def gather(request: UpdateRequest, ground: Ground, ends: Ends) -> Gathered:
    """Compare a project with the template's two ends: every file of the three with the id that git gives it there.

    Raises:
        MlscaffoldError: The project's settings are not valid, or a file cannot be read or recorded.
    """
    project, recorded, workspace, state = request.project, ground.recorded, ground.workspace, ground.state
    old, new, ownership = ends.old, ends.new, ends.ownership
    settings = read_project_settings(project)
    ejected = settings.ejected
    coming = workspace.expecting(old.root, new.root, _attribute_files(new, ownership, ejected))
    old_entries = workspace.entries(old.root, old.entries)
    new_entries = coming.entries(new.root, new.entries)
    locked = recorded.lock.files if recorded.lock else None
    bookkeeping = {recorded.answers_file, new.answers_file, LOCK_FILE, SETTINGS_FILE}
    before = _side(old, old_entries, without=bookkeeping, only=locked)
    after = _side(new, new_entries, without=bookkeeping)
    if ends.lane is not None:
        before, after = _within(before, ends.lane.paths | ends.lane.dropped), _within(after, ends.lane.paths)
    changed = ends.migrated.changed if ends.migrated else {}
    tree = {**state.entries, **changed}
    mine = {path: entry for path, entry in tree.items() if entry is not None and path not in bookkeeping}
    unknown = {*before.entries, *after.entries} - mine.keys() - bookkeeping - changed.keys()
    # Before any of them is read: what somebody saves after that is noticed.
    seen = {**lying(project, {*unknown, *state.unmerged, *state.unstaged}), **ground.seen}
    loose = _loose(workspace, state, unknown)
    here = {**mine, **loose}
    gone = [path for path in before.entries if path not in here]
    workspace.hash(old.root, [path for path in gone if old.entries[path].mode is not FileMode.SYMLINK], write=True)

    def read_both(path: str) -> tuple[bytes, bytes]:
        blob = here[path].blob
        return (old.root / path).read_bytes(), workspace.read([blob])[blob]

    situation = Situation(
        old=before,
        mine=here,
        new=after,
        ownership=ownership,
        occupied=_occupied(workspace, state, after.entries.keys() - here.keys()),
        loose=frozenset(loose),
        before={path: file.policy for path, file in (locked or {}).items()},
        moves=ends.moves,
        renames=workspace.renamed(before.entries, mine, gone),
        ejected=ejected,
        secret=new.secret | (old.secret - new.entries.keys()),
        withheld=withheld(before, here, after, ownership, read_both),
        answers_moved=ends.lane is None and _answers_moved(recorded, new),
        lines_only=request.lines_only,
    )
    return Gathered(
        request=request,
        recorded=recorded,
        old=old,
        new=new,
        situation=situation,
        settings=settings,
        lock=_lock_after(ends, recorded, new_entries, request.channel or recorded.channel),
        workspace=workspace,
        coming=coming,
        state=state,
        seen=seen,
        checkouts=ends.checkouts,
        lane=ends.lane,
        migrated=changed,
        tasks=ends.tasks,
        notes=(*ends.notes, *_notes(recorded, old_entries)),
        changelog=changes_between(*ends.checkouts),
        refusal=ground.refusal,
    )


def _lock_after(ends: Ends, recorded: Recorded, entries: Mapping[str, Entry], channel: Channel) -> Lock:
    """What is recorded once no conflict is left."""
    fresh = dataclasses.replace(lock_of(ends.new, ends.ownership, entries, channel=channel), owned=ends.owned)
    if ends.lane is None or recorded.lock is None:
        return fresh
    moved = ends.lane.paths | ends.lane.dropped
    files = {path: file for path, file in recorded.lock.files.items() if path not in moved}
    files |= {path: fresh.files[path] for path in ends.lane.paths}
    return dataclasses.replace(
        recorded.lock, files=files, owned=ends.owned, renderer=fresh.renderer, channel=fresh.channel
    )


def _answers_moved(recorded: Recorded, made: Render) -> bool:
    """Whether somebody gave another answer than the project had, or than a new question has by itself."""
    defaults = {question.name: question.default for question in made.answers.questions}
    expected = {**defaults, **recorded.answers}
    plain = made.answers.values.keys() - made.secret_questions
    return any(made.answers.values[name] != expected.get(name) for name in plain)


def lying(project: Path, paths: Collection[str]) -> dict[str, Lying | None]:
    """What lies at paths, behind no link."""
    return {path: None if linked_folder(project, path) else state_of(project / path) for path in paths}


def _within(side: Side, paths: Collection[str]) -> Side:
    return dataclasses.replace(side, entries={path: side.entries[path] for path in side.entries.keys() & paths})


def _side(
    made: Render, entries: Mapping[str, Entry], *, without: set[str], only: Collection[str] | None = None
) -> Side:
    kept = {path: entry for path, entry in entries.items() if path not in without and (only is None or path in only)}
    return Side(entries=kept, sources=made.sources)


def _notes(recorded: Recorded, old: Mapping[str, Entry]) -> Iterator[str]:
    if recorded.lock is None:
        yield (
            f"There is no {LOCK_FILE}: it is derived from {recorded.answers_file} "
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


def _attribute_files(new: Render, ownership: Ownership, ejected: Collection[str]) -> Iterator[str]:
    """Attribute files that follow the template."""
    for path in new.entries:
        follows = ownership.rule_for(path).policy in {Policy.OWNED, Policy.MERGED}
        if PurePosixPath(path).name == ".gitattributes" and follows and path not in ejected:
            yield path


def _loose(workspace: Store, state: Index, paths: set[str]) -> Mapping[str, Entry]:
    """Files at paths of the template that are there and not under version control (ignored ones, say)."""
    own = {path for path in paths if state.submodules.keys().isdisjoint(map(str, PurePosixPath(path).parents))}
    project = workspace.project
    plain = {path: entry_of(project / path) for path in own if is_own_file(project, path)}
    return workspace.entries(project, plain)


def _occupied(workspace: Store, state: Index, coming: set[str]) -> frozenset[str]:
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


def listed(paths: Sequence[str]) -> str:
    """Some paths for a message, the first ones in full."""
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more

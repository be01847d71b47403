"""What an update is decided from: all files of two renders and of the project, with the ids that git gives them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..files.entry import Entry, entry_of, is_own_file, parents_of
from ..files.put import State
from ..git.index import Index
from ..git.store import Store
from ..plan.pairing import TemplateSide
from ..plan.situation import Situation
from ..plan.succession import withheld
from ..project.lock import LOCK_FILE, Lock
from ..project.make_lock import lock_of
from ..project.merge_settings import MergeSettings
from ..project.record import Recorded
from ..project.settings import SETTINGS_FILE, read_project_settings
from ..template.channel import Channel
from ..template.ownership import Ownership
from ..template.policy import Policy
from ..template.render import Render, renderer_id
from .ends import Ends
from .project_state import ProjectState, listed, states_at
from .request import UpdateRequest

__all__ = ["Gathered", "gather"]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Everything read, nothing decided."""

    situation: Situation
    #: The project under the attributes that come with the update.
    coming: Store
    merge: MergeSettings
    #: What is recorded once no conflict is left.
    lock: Lock
    #: As `ProjectState.unwatched`, with the paths of the template that git does not watch.
    unwatched: Mapping[str, State | None]
    #: What the user should be told before.
    notes: tuple[str, ...]


def gather(request: UpdateRequest, project: ProjectState, ends: Ends) -> Gathered:
    """Compare a project with the template's two ends.

    Raises:
        MlscaffoldError: The project's settings are not valid, or a file cannot be read or recorded.
    """
    recorded, store, index, folder = project.recorded, project.store, project.index, request.project
    old, new = ends.old, ends.new
    settings = read_project_settings(folder)
    ejected = settings.ejected
    coming = store.expecting(old.root, new.root, _attribute_files(new, ends.ownership, ejected))
    old_entries, new_entries = _as_git_has_them(old, new, store, coming, index)
    bookkeeping = {recorded.answers_file, new.answers_file, LOCK_FILE, SETTINGS_FILE}
    locked = recorded.lock.files if recorded.lock else {}
    before = {path for path in old_entries if recorded.lock is None or path in locked} - bookkeeping
    after = new_entries.keys() - bookkeeping
    if ends.ahead is not None:
        before, after = before & (ends.ahead.paths | ends.ahead.dropped), after & ends.ahead.paths
    migrated = ends.migrated.changed if ends.migrated else {}
    tree = {**index.entries, **migrated}
    tracked = {path: entry for path, entry in tree.items() if entry is not None and path not in bookkeeping}
    unknown = {*before, *after} - tracked.keys() - migrated.keys()
    # Before any of them is read: what somebody saves after that is noticed.
    unwatched = {**states_at(folder, {*unknown, *index.unmerged, *index.unstaged}), **project.unwatched}
    untracked = _untracked(store, index, unknown)
    mine = {**tracked, **untracked}
    left, right = _side(old, old_entries, before), _side(new, new_entries, after)
    situation = Situation(
        old=left,
        mine=mine,
        new=right,
        ownership=ends.ownership,
        occupied=_occupied(store, index, after - mine.keys()),
        untracked=frozenset(untracked),
        before={path: file.policy for path, file in locked.items()},
        moves=ends.moves,
        renames=store.renamed(left.entries, tracked, before - mine.keys()),
        ejected=ejected,
        secret=new.secret | (old.secret - new.entries.keys()),
        answers_moved=ends.ahead is None and _answers_moved(recorded, new),
        lines_only=request.lines_only,
    )
    return Gathered(
        situation=replace(situation, withheld=_withheld(situation, old, store)),
        coming=coming,
        merge=settings.merge,
        lock=_lock_after(ends, recorded, new_entries, request.channel or recorded.channel),
        unwatched=unwatched,
        notes=tuple(_notes(recorded, old_entries)),
    )


def _withheld(situation: Situation, old: Render, store: Store) -> Mapping[str, str]:
    def read_both(path: str) -> tuple[bytes, bytes]:
        blob = situation.mine[path].blob
        return (old.root / path).read_bytes(), store.read([blob])[blob]

    return withheld(situation.old, situation.mine, situation.new, situation.ownership, read_both)


def _as_git_has_them(
    old: Render, new: Render, store: Store, coming: Store, index: Index
) -> tuple[Mapping[str, Entry], Mapping[str, Entry]]:
    """The entries of both renders, with the ids that git gives them in the project; what it lacks of them is kept.

    What is the same in both, and in the index to the byte, has the id that it has there; of most files that is so.
    """
    same = {
        path
        for path, entry in (old.entries.items() if coming is store else ())
        if path in new.entries
        and path in index.entries
        and entry.blob == new.entries[path].blob == index.entries[path].blob
    }
    sides = []
    for render, view in ((old, store), (new, coming)):
        others = {path: entry for path, entry in render.entries.items() if path not in same}
        sides.append({**render.entries, **view.entries(render.root, others, write=True)})
    return sides[0], sides[1]


def _side(render: Render, entries: Mapping[str, Entry], paths: Collection[str]) -> TemplateSide:
    return TemplateSide(entries={path: entries[path] for path in entries if path in paths}, sources=render.sources)


def _lock_after(ends: Ends, recorded: Recorded, entries: Mapping[str, Entry], channel: Channel) -> Lock:
    """What is recorded once no conflict is left."""
    fresh = replace(lock_of(ends.new, ends.ownership, entries, channel=channel), owned=ends.owned)
    if ends.ahead is None or recorded.lock is None:
        return fresh
    moved = ends.ahead.paths | ends.ahead.dropped
    files = {path: file for path, file in recorded.lock.files.items() if path not in moved}
    files |= {path: fresh.files[path] for path in ends.ahead.paths}
    return replace(recorded.lock, files=files, owned=ends.owned, renderer=fresh.renderer, channel=fresh.channel)


def _answers_moved(recorded: Recorded, render: Render) -> bool:
    """Whether somebody gave another answer than the project had, or than a new question has by itself."""
    defaults = {question.name: question.default for question in render.answers.questions}
    expected = {**defaults, **recorded.answers}
    plain = render.answers.values.keys() - render.secret_questions
    return any(render.answers.values[name] != expected.get(name) for name in plain)


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


def _untracked(store: Store, index: Index, paths: set[str]) -> Mapping[str, Entry]:
    """Files at paths of the template that are there and not under version control (ignored ones, say)."""
    own = {path for path in paths if index.submodules.keys().isdisjoint(parents_of(path))}
    plain = {path: entry_of(store.project / path) for path in own if is_own_file(store.project, path)}
    return store.entries(store.project, plain)


def _occupied(store: Store, index: Index, coming: set[str]) -> frozenset[str]:
    """What is neither file nor absent at paths that the render may need."""
    project = store.project
    occupied = set(index.submodules)
    for path in coming:
        target = project / path
        if target.is_dir() and not target.is_symlink():
            occupied |= _foreign(project, target, index.entries)
        elif os.path.lexists(target) and not (target.is_file() or target.is_symlink()):
            # A pipe, a device: neither to be read nor to be replaced.
            occupied.add(path)
        for parent in parents_of(path):
            above = project / parent
            if (above.is_symlink() or above.is_file()) and parent not in index.entries:
                occupied.add(parent)
    return frozenset(occupied)


def _foreign(project: Path, folder: Path, known: Collection[str]) -> set[str]:
    """What a folder holds besides files under version control: others, and folders that are empty."""
    foreign: set[str] = set()
    for name, folders, files in os.walk(folder):
        here = Path(name).relative_to(project)
        links = [link for link in folders if Path(name, link).is_symlink()]
        foreign |= {path for file in (*files, *links) if (path := (here / file).as_posix()) not in known}
        if not folders and not files and Path(name) != folder:
            foreign.add(here.as_posix())
    return foreign

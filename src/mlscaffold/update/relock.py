"""`lock --resolve`: a lock that fits the project again.

Three things part a project from its lock: it never had one (plain Copier made it), its answers moved without it (plain
`copier update`, or by hand), or two branches moved the template or the answers apart and met in a merge. The first two
need a lock of what the answers file says. The third is an update in itself: both sides are rendered, merged as the
branches' files were merged by git, and the result is brought to what the merged answers render.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import LockError, ProjectError
from ..files.entry import Entry, FileMode
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.index import Index, read_index, with_edits
from ..git.location import located
from ..git.store import Store, open_store
from ..plan.actions import Action, Plan
from ..plan.contents import Contents, contents_needed
from ..plan.decide import plan
from ..plan.pairing import TemplateSide
from ..plan.situation import Situation
from ..project import lock as locks
from ..project.lock import Lock
from ..project.make_lock import written_answers
from ..project.pin import Pin, pin
from ..project.record import Recorded, read_recorded_answers, read_watched
from ..template.channel import RELEASES
from ..template.history import moved_sources
from ..template.ownership import Ownership
from ..template.policy import Policy
from ..template.reach import Reach
from ..template.render import Render
from ..template.source import TemplateSource, find_source
from ..template.tasks import task_listing
from ..template.trust import is_trusted
from .branches import both_changed, branches_of, merged_answers, merged_value, newer_of
from .ends import Ends
from .prepare import PreparedUpdate, bookkeeping_of, solve
from .project_state import ProjectState, states_at
from .request import UpdateRequest

__all__ = ["Relocking", "prepare_lock"]


@dataclass(frozen=True, kw_only=True)
class Relocking:
    """A lock that is ready to be written, and what comes with it."""

    #: Why the lock has to be made anew, for a person; empty where it fits.
    reason: str
    #: What brings two branches together that met; else it writes lock and answers alone.
    update: PreparedUpdate
    is_merge: bool


@contextlib.contextmanager
def prepare_lock(request: UpdateRequest) -> Iterator[Relocking]:
    """Find the lock that fits, and what has to change in the project for it; nothing is written.

    Args:
        request: Its `given` decides answers that two branches changed apart.

    Raises:
        AnswersError: Two branches gave different answers, and nobody decided.
        ProjectError: Other conflicts of the merge are not resolved, or files are not staged.
        TemplateError: The template cannot be read or rendered.
    """
    project = request.project
    with scratch_folder() as scratch:
        with disk_errors(project):
            location = located(project)
            store, index = open_store(location, scratch / "git"), with_edits(read_index(project), location)
        making = _Relocking(request=request, store=store, index=index, scratch=scratch)
        yield making.merged() if locks.LOCK_FILE in index.unmerged else making.recorded_again()


@dataclass(frozen=True, kw_only=True)
class _Relocking:
    request: UpdateRequest
    store: Store
    index: Index
    scratch: Path

    def recorded_again(self) -> Relocking:
        """Nothing is to be merged: the lock of what the answers file says."""
        project = self.request.project
        recorded, unwatched = read_watched(project, read_recorded_answers)
        try:
            lock = locks.read_lock(project) if (project / locks.LOCK_FILE).exists() else None
            reason = "the answers moved without the lock" if lock else "the project had no lock"
        except LockError as error:
            lock, reason = None, error.message
        # Two versions stay two, where plain Copier did not move all to one.
        of_two = lock if lock and lock.owned and lock.version == recorded.version else None
        answers = {**recorded.answers, **self.request.given}
        target = self._pin(dataclasses.replace(recorded, answers=answers, lock=of_two), "target")
        render = target.render
        fresh = dataclasses.replace(target.lock_of(render), channel=lock.channel if lock else RELEASES)
        if lock == fresh:
            reason = ""
        elif lock and lock.answers == fresh.answers:
            reason = "it recorded what its version does not render here"
        files = bookkeeping_of(render, fresh)
        update = PreparedUpdate(
            request=self.request,
            project=ProjectState(recorded=recorded, store=self.store, index=self.index, unwatched=unwatched),
            ends=Ends(
                old=render,
                new=render,
                ownership=target.ownership,
                moves={},
                checkouts=(render.checkout, render.checkout),
            ),
            plan=Plan(actions=()),
            lock=fresh,
            bookkeeping={path: Entry(mode=FileMode.FILE, blob=blob) for path, blob in self.store.add(files).items()},
            title=f"lock of {recorded.version}",
        )
        return Relocking(update=update, reason=reason, is_merge=False)

    def merged(self) -> Relocking:
        """Two branches met."""
        branches = branches_of(self.request.project)
        base, ours, theirs = branches
        of_us = {locks.LOCK_FILE, ours.lock.answers_file}
        unwatched = states_at(self.request.project, {*of_us, theirs.lock.answers_file})
        if unstaged := sorted(self.index.unstaged - of_us):
            raise ProjectError(
                f"There are edits that are not staged: {', '.join(unstaged)}.", hint="`git add` or restore them first."
            )
        answers = merged_answers(base, ours, theirs, self.request.given)
        channel = merged_value(base.lock.channel, ours.lock.channel, theirs.lock.channel)
        source = find_source(merged_value(base.lock.template, ours.lock.template, theirs.lock.template))
        renders = [
            self._pin(Recorded.of(side.lock, side.answers), name, wrote=side.wrote, source=source).render
            for side, name in zip(branches, ("base", "ours", "theirs"), strict=True)
        ]
        newest = newer_of(source, ours.lock, theirs.lock, self.request.cache)
        recorded = Recorded.of(dataclasses.replace(newest, channel=channel), answers)
        target = self._pin(recorded, "new", source=source)
        rendered = set().union(target.render.entries, *(render.entries for render in renders))
        self._refuse_unresolved(target.ownership, ours.lock, rendered)
        both = dataclasses.replace(ours.lock, files={**theirs.lock.files, **ours.lock.files}, channel=channel)
        project = ProjectState(
            recorded=dataclasses.replace(recorded, lock=both),
            store=self.store,
            # What the render replaces is in history.
            index=dataclasses.replace(self.index, entries={**self.index.entries, **self.index.ours}),
            unwatched=unwatched,
        )
        old = self._merge_renders(*renders, into=self.scratch / "virtual", like=target.render)
        update = solve(self.request, project, self._ends(old, target))
        update = dataclasses.replace(
            update,
            notes=(),
            project=dataclasses.replace(update.project, index=self.index),
            settles=self.index.unmerged,
        )
        reason = f"two branches met: {ours.lock.version} and {theirs.lock.version}"
        return Relocking(update=update, reason="; ".join([reason, *both_changed(*branches)]), is_merge=True)

    def _ends(self, old: Render, target: Pin) -> Ends:
        new, checkout, folder = target.render, target.checkout, self.request.project
        reach = Reach(trusted=is_trusted(checkout, self.request.trusted), project=folder)
        return Ends(
            old=old,
            new=new,
            ownership=target.ownership,
            moves=moved_sources(checkout, checkout, target.ownership.moved, set(new.sources.values())),
            checkouts=(checkout, checkout),
            tasks=task_listing(checkout, new.answers, folder, since=checkout, reach=reach),
            owned=target.recorded.owned,
        )

    def _refuse_unresolved(self, ownership: Ownership, lock: Lock, rendered: Collection[str]) -> None:
        """What the template owns is resolved by its render; all else is for a person."""
        others = sorted(
            path
            for path in self.index.unmerged - {locks.LOCK_FILE, lock.answers_file}
            if path not in rendered or ownership.rule_for(path).policy is not Policy.OWNED
        )
        if others:
            raise ProjectError(
                f"Other files of the merge are not resolved: {', '.join(others)}.",
                hint="Resolve and `git add` them first; lock and answers come last.",
            )

    def _pin(self, recorded: Recorded, name: str, *, wrote: str = "", source: TemplateSource | None = None) -> Pin:
        folder = self.scratch / name
        folder.mkdir()
        request = self.request
        laid_out = pin(
            request.project,
            recorded,
            into=folder,
            wrote=wrote,
            source=source,
            trusted=request.trusted,
            cache=request.cache,
        )
        written_answers(laid_out.render)
        return laid_out

    def _merge_renders(self, base: Render, ours: Render, theirs: Render, *, into: Path, like: Render) -> Render:
        """What git made of the two branches, had nobody edited anything."""
        old, mine, new = (
            self.store.entries(render.root, render.entries, write=True) for render in (base, ours, theirs)
        )
        draft = plan(
            Situation(
                old=TemplateSide(entries=old, sources=base.sources),
                mine=mine,
                new=TemplateSide(entries=new, sources=theirs.sources),
                ownership=Ownership(),
            )
        )
        blobs = [e.blob for each in contents_needed(draft) for e in (each.old, each.mine, each.new) if e]
        resolved = Contents(read=self.store.read(blobs).__getitem__, scratch=self.store.scratch).resolve(draft)
        entries = dict(mine)
        for each in resolved.filled(self.store.add(resolved.contents)).changes:
            if each.action is Action.CONFLICT:
                continue
            entries.pop(each.origin or each.path, None)
            if each.result is not None:
                entries[each.path] = each.result
        # Git leaves there what our side removed and the other changed.
        entries |= {path: new[path] for path in self.index.unmerged & new.keys() - entries.keys()}
        files = self.store.export(entries, into / "laid-out")
        root = into / like.root.name
        for path, file in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(os.fspath(file), root / path)
        sources = {**base.sources, **ours.sources, **theirs.sources}
        return dataclasses.replace(like, root=root, entries=entries, sources=sources)

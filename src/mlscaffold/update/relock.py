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
import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import AnswersError, LockError, MlscaffoldError, ProjectError
from ..files.entry import Entry, FileMode
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.index import Index, read_index, with_edits
from ..git.process import Git, GitError
from ..git.store import Store, open_store
from ..merge import Labels
from ..plan.contents import contents_needed, resolve
from ..plan.decide import Action, Plan, plan
from ..plan.pairing import Side
from ..plan.situation import Situation
from ..project import lock as locks
from ..project.lock import Lock, parse_lock
from ..project.make_lock import written_answers
from ..project.pin import Pin, pin
from ..project.record import Recorded, answers_in, read_recorded_answers, read_watched
from ..template.channel import RELEASES
from ..template.history import moved_sources
from ..template.ownership import Ownership
from ..template.policy import Policy
from ..template.reach import Reach, commit_of
from ..template.render import Render
from ..template.source import TemplateSource, find_source
from ..template.standing import Relation, standing
from ..template.tasks import task_listing
from ..template.trust import is_trusted
from ..template.versions import shown
from .apply import Updated, Writing, apply_update, record_of, write
from .ends import Ends
from .gather import Ground, gather, lying
from .request import UpdateRequest
from .solve import PreparedUpdate, solve

__all__ = ["Relocking", "prepare_lock"]

_Value = TypeVar("_Value")


@dataclass(frozen=True, kw_only=True)
class Relocking:
    """A lock that is ready to be written, and what comes with it."""

    #: Why the lock has to be made anew, for a person; empty where it fits.
    reason: str
    #: Two branches that met are brought together by an update; else lock and answers alone are written.
    decided: PreparedUpdate | Writing

    @property
    def is_contested(self) -> bool:
        """Whether a person has to decide something."""
        return bool(self.decided.plan.conflicts)

    def write(self) -> Updated:
        """Write it into the project; it is left uncommitted, for review.

        Raises:
            MlscaffoldError: The project is as it was, unless the error says that work is pending.
        """
        return apply_update(self.decided) if isinstance(self.decided, PreparedUpdate) else write(self.decided)


@dataclass(frozen=True, kw_only=True)
class _Branch:
    """One side of a merge: where its project came from."""

    lock: Lock
    answers: Mapping[str, Any]
    #: The commit that wrote them.
    wrote: str


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
            workspace = open_store(project, scratch / "git")
            state = with_edits(read_index(project), workspace.location)
        making = _Relocking(request=request, workspace=workspace, state=state, scratch=scratch)
        yield making.merged() if locks.LOCK_FILE in state.unmerged else making.recorded_again()


@dataclass(frozen=True, kw_only=True)
class _Relocking:
    request: UpdateRequest
    workspace: Store
    state: Index
    scratch: Path

    def recorded_again(self) -> Relocking:
        """Nothing is to be merged: the lock of what the answers file says."""
        project = self.request.project
        recorded, seen = read_watched(project, read_recorded_answers)
        try:
            lock = locks.read_lock(project) if (project / locks.LOCK_FILE).exists() else None
            reason = "the answers moved without the lock" if lock else "the project had no lock"
        except LockError as error:
            lock, reason = None, error.message
        # Two versions stay two, where plain Copier did not move all to one.
        of_two = lock if lock and lock.owned and lock.version == recorded.version else None
        answers = {**recorded.answers, **self.request.given}
        now = self._pin(dataclasses.replace(recorded, answers=answers, lock=of_two), "now")
        made = now.render
        fresh = dataclasses.replace(now.lock_of(made), channel=lock.channel if lock else RELEASES)
        if lock == fresh:
            reason = ""
        elif lock and lock.answers == fresh.answers:
            reason = "it recorded what its version does not render here"
        writing = Writing(
            project=project,
            title=f"lock of {recorded.version}",
            workspace=self.workspace,
            state=self.state,
            seen=seen,
            plan=Plan(actions=()),
            record=record_of(made, fresh),
            gone=tuple({recorded.answers_file} - {made.answers_file}),
            versions=(recorded.version, recorded.version),
            template=made.checkout.source.url,
        )
        return Relocking(decided=writing, reason=reason)

    def merged(self) -> Relocking:
        """Two branches met."""
        base, ours, theirs = self._branches()
        seen = lying(self.request.project, {locks.LOCK_FILE, ours.lock.answers_file, theirs.lock.answers_file})
        loose = sorted(self.state.unstaged - {locks.LOCK_FILE, ours.lock.answers_file})
        if loose:
            raise ProjectError(
                f"There are edits that are not staged: {', '.join(loose)}.", hint="`git add` or restore them first."
            )
        answers = self._merge_answers(base.answers, ours.answers, theirs.answers)
        template = _moved(base.lock.template, ours.lock.template, theirs.lock.template)
        channel = _moved(base.lock.channel, ours.lock.channel, theirs.lock.channel)
        source = find_source(template)
        renders = [
            self._pin(Recorded.of(side.lock, side.answers), name, wrote=side.wrote, source=source).render
            for side, name in ((base, "base"), (ours, "ours"), (theirs, "theirs"))
        ]
        newest = _newest(source, ours.lock, theirs.lock, self.request.cache)
        recorded = Recorded.of(dataclasses.replace(newest, channel=channel), answers)
        there = self._pin(recorded, "new", source=source)
        new, ownership = there.render, there.ownership
        rendered = set().union(new.entries, *(render.entries for render in renders))
        self._refuse_unresolved(ownership, ours.lock, rendered)
        old = self._merge_renders(*renders, into=self.scratch / "virtual", like=new)
        both = dataclasses.replace(ours.lock, files={**theirs.lock.files, **ours.lock.files}, channel=channel)
        recorded = dataclasses.replace(recorded, lock=both)
        # What the render replaces is in history.
        state = dataclasses.replace(self.state, entries={**self.state.entries, **self.state.ours})
        ground = Ground(recorded=recorded, workspace=self.workspace, state=state, seen=seen)
        ends = Ends(
            old=old,
            new=new,
            ownership=ownership,
            moves=moved_sources(new.checkout, new.checkout, ownership.moved, set(new.sources.values())),
            checkouts=(new.checkout, new.checkout),
            tasks=task_listing(
                new.checkout,
                new.answers,
                self.request.project,
                since=new.checkout,
                reach=Reach(trusted=is_trusted(new.checkout, self.request.trusted), project=self.request.project),
            ),
            owned=there.recorded.owned,
        )
        update = solve(gather(self.request, ground, ends))
        reason = f"two branches met: {ours.lock.version} and {theirs.lock.version}"
        return Relocking(decided=dataclasses.replace(update, notes=(), state=self.state), reason=reason)

    def _refuse_unresolved(self, ownership: Ownership, lock: Lock, rendered: Collection[str]) -> None:
        """What the template owns is resolved by its render; all else is for a person."""
        others = sorted(
            path
            for path in self.state.unmerged - {locks.LOCK_FILE, lock.answers_file}
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
        made = pin(
            request.project,
            recorded,
            into=folder,
            wrote=wrote,
            source=source,
            trusted=request.trusted,
            cache=request.cache,
        )
        written_answers(made.render)
        return made

    def _branches(self) -> tuple[_Branch, _Branch, _Branch]:
        git = Git(self.request.project)
        theirs = next((head for head in _HEADS if git.confirms("rev-parse", "-q", "--verify", head)), None)
        if theirs is None:
            raise LockError(
                f"{locks.LOCK_FILE} is in conflict, and no merge is under way.",
                hint=f"Take one side (git checkout --ours -- {locks.LOCK_FILE}), then run: mlscaffold lock --resolve",
            )
        picked = f"{theirs}^" if theirs != "MERGE_HEAD" else git.text("merge-base", "HEAD", theirs)
        try:
            base, ours, other = (self._branch(git, commit) for commit in (picked, "HEAD", theirs))
        except GitError as error:
            # Whatever else git says is no answer.
            if not re.search("does not exist in|exists on disk, but not in|invalid object name", error.stderr):
                raise
            raise LockError(
                "One of the branches has no lock of its own, so there is nothing to merge.",
                hint=f"Take the side that has one (git checkout --theirs -- {locks.LOCK_FILE}) and `git add` it.",
            ) from error
        return base, ours, other

    def _branch(self, git: Git, commit: str) -> _Branch:
        lock = parse_lock(git.run("show", f"{commit}:./{locks.LOCK_FILE}").decode())
        text = git.run("show", f"{commit}:./{lock.answers_file}").decode()
        answers = answers_in(text, origin=f"{lock.answers_file} of {commit}")
        wrote = commit_of(self.request.project, locks.LOCK_FILE, rev=commit)
        return _Branch(lock=lock, answers=answers, wrote=wrote)

    def _merge_answers(
        self, base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        merged: dict[str, Any] = {}
        apart = []
        for name in {**ours, **theirs}:
            mine, other, before = ours.get(name), theirs.get(name), base.get(name)
            if mine != other and before not in (mine, other) and name not in self.request.given:
                apart.append(f"{name} ({mine} or {other})")
            value = other if mine == before else mine
            if value is not None:
                merged[name] = value
        if apart:
            raise AnswersError(
                f"The two branches answered differently: {', '.join(apart)}.",
                hint="Decide with --set NAME=VALUE, and run the command again.",
            )
        return {**merged, **self.request.given}

    def _merge_renders(self, base: Render, ours: Render, theirs: Render, *, into: Path, like: Render) -> Render:
        """What git made of the two branches, had nobody edited anything."""
        sides = {name: self.workspace.entries(side.root, side.entries) for name, side in _named(base, ours, theirs)}
        for _, side in _named(base, ours, theirs):
            plain = [path for path, entry in side.entries.items() if entry.mode is not FileMode.SYMLINK]
            self.workspace.hash(side.root, plain, write=True)
        draft = plan(
            Situation(
                old=Side(entries=sides["base"], sources=base.sources),
                mine=sides["ours"],
                new=Side(entries=sides["theirs"], sources=theirs.sources),
                ownership=Ownership(),
            )
        )
        blobs = [e.blob for each in contents_needed(draft) for e in (each.old, each.mine, each.new) if e]
        found = resolve(draft, self.workspace.read(blobs).__getitem__, Labels())
        ids = self.workspace.add(found.contents)
        entries: dict[str, Entry] = dict(sides["ours"])
        for each in found.plan.changes:
            if each.action is Action.CONFLICT:
                continue
            entries.pop(each.origin or each.path, None)
            if each.result is not None:
                entries[each.path] = dataclasses.replace(each.result, blob=ids.get(each.path, each.result.blob))
        # Git leaves there what our side removed and the other changed.
        entries |= {
            path: sides["theirs"][path] for path in self.state.unmerged & sides["theirs"].keys() - entries.keys()
        }
        files = self.workspace.export(entries, into / "laid-out")
        root = into / like.root.name
        for path, file in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(os.fspath(file), root / path)
        sources = {**base.sources, **ours.sources, **theirs.sources}
        return dataclasses.replace(like, root=root, entries=entries, sources=sources)


#: Where git keeps the other side of what it merges.
_HEADS = ("MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


def _named(base: Render, ours: Render, theirs: Render) -> tuple[tuple[str, Render], ...]:
    return (("base", base), ("ours", ours), ("theirs", theirs))


def _moved(base: _Value, ours: _Value, theirs: _Value) -> _Value:
    """What became of a value in two branches; where both changed it, ours counts."""
    return theirs if ours == base else ours


def _newest(source: TemplateSource, ours: Lock, theirs: Lock, cache: Path | None) -> Lock:
    """The lock of the newer version, with the newer version of owned files where that is ahead.

    Raises:
        MlscaffoldError: Neither comes after the other.
    """

    def is_newer(version: str, other: str) -> bool:
        if version == other:
            return False
        there = standing(source, other, to=version, cache=cache)
        if there.relation is Relation.UNRELATED:
            raise MlscaffoldError(
                f"Which is newer, {shown(other)} or {shown(version)}, cannot be told: {there.why}",
                hint=f"Take one side: git checkout --ours -- {locks.LOCK_FILE} {ours.answers_file}",
            )
        return there.relation is Relation.NEWER

    newer = theirs if is_newer(theirs.version, ours.version) else ours
    ahead = [side.owned for side in (ours, theirs) if side.owned]
    owned = ahead[0] if ahead else None
    if owned is not None and is_newer(ahead[-1].version, owned.version):
        owned = ahead[-1]
    if owned is not None and not is_newer(owned.version, newer.version):
        owned = None
    return dataclasses.replace(newer, owned=owned)

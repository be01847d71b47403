"""Apply in one step: a journal under `.git/`, so that whatever happens one command finishes the work or undoes it.

Before the first effect the journal holds, beside each file's state before, its state after; so from any instant the
work can go on (`resume`) or back (`abort`) without asking anything else. The phases, each written by one rename:

    (no journal)  the project is as it was; what lies in the folder is rubbish
    applying      effects are under way; `resume` finishes them, `abort` undoes them
    conflicts     all is applied, and a person resolves; the lock moves when `finish` finds no conflict left
    tasks         the template's own commands are to run; then `close`
    (no journal)  the project is as the plan said

A person may save at any instant. The first time (`carry_out`) a file is replaced only if it is what the decision was
made from, else all goes back and the save stays. Afterwards, when a way on or back was asked for, such a file is kept
beside the journal, and its path is named.

Only this module, by way of `effects`, changes files of a project that exists; `project/exempt` adds to its
settings, and what a template's tasks do there is theirs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import MachineError, MlscaffoldError, PendingError, ProjectError
from ..files.entry import Entry
from ..files.put import ChangedError, State, copy, duplicate, move, remove
from ..files.write import disk_errors
from ..git.index import read_index
from ..git.location import Location
from ..git.process import Git, listing
from .effects import Effects, Outcome, record_effects
from .journal_file import clear_out, exclusive, load, pending, pending_at, store
from .journal_record import Effect, Ending, JournalRecord, Moment, Pending, Phase
from .where import JOURNAL, folder_at

__all__ = [
    "Changed",
    "Ending",
    "Journal",
    "Outcome",
    "Pending",
    "Phase",
    "begin",
    "exclusive",
    "pending",
    "pending_at",
]

#: Tells, of the states that lie at the paths of the outcomes, which are not what the decision was made from.
Changed: TypeAlias = Callable[[Mapping[str, State | None]], Collection[str]]


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The work on one project, held exclusively."""

    location: Location
    record: JournalRecord

    @classmethod
    def load(cls, location: Location) -> Journal | None:
        """The journal that waits in a project."""
        record = load(folder_at(location))
        return None if record is None else cls(location=location, record=record)

    @property
    def pending(self) -> Pending:
        """What waits."""
        return self.record.pending

    @property
    def saved(self) -> tuple[str, ...]:
        """Where edits made meanwhile are kept, in this run or in one that was killed: path and copy."""
        return self._effects.saved

    def carry_out(self) -> Journal:
        """For the first time: bring every path to its state after, then the index; all of it, or nothing.

        Raises:
            ProjectError: Somebody saved into a file before its turn came: the save is there, all else is as it was.
            MlscaffoldError: The project is as it was; or it says how to go on.
        """
        begun: list[Effect] = []
        try:
            with disk_errors(self.location.folder):
                self._effects.bring_first(self.record.effects, begun)
                return self._applied()
        except BaseException as error:
            self._refuse_commits()
            kept = [f"Your edits since are kept: {kept}" for kept in self._bring_back(begun)]
            if isinstance(error, ChangedError):
                raise ProjectError(
                    f"{self._path(error)} was changed while the {self.record.title} was written. "
                    "It is as you left it, and so is all else.",
                    hint="\n".join(["Run the command again.", *kept]),
                ) from None
            if kept and isinstance(error, MlscaffoldError):
                error.hint = "\n".join([error.hint, *kept])
            raise

    def resume(self) -> Journal:
        """After a kill: bring every path to its state after, then the index; what is done already is left."""
        with self._unfinished():
            if self.record.final is not None:
                self._effects.bring_all(self.record.final, Moment.AFTER)
                return self._write(phase=Phase.TASKS)
            self._effects.bring_all(self.record.effects, Moment.AFTER)
            return self._applied()

    def _applied(self) -> Journal:
        self._stage_conflicts()
        return self._write(phase=Phase.CONFLICTS if self.record.conflicts else Phase.TASKS)

    def finish(self, outcomes: Sequence[Outcome], changed: Changed) -> Journal:
        """After the conflicts: move the lock and the answers, by the same means.

        Raises:
            PendingError: Somebody changed one of them since; nothing is done, and the update still waits.
        """
        project, folder = self.location.folder, folder_at(self.location)
        with self._unfinished():
            final = record_effects(project, folder, outcomes, first=len(self.record.effects))
            if others := changed({effect.path: effect.before for effect in final}):
                raise self._waits_for(others)
            self._write(final=final, phase=Phase.APPLYING)
            begun: list[Effect] = []
            try:
                self._effects.bring_first(final, begun)
            except ChangedError as error:
                self._effects.bring_all(begun, Moment.BEFORE)
                self._write(final=None, phase=Phase.CONFLICTS)
                raise self._waits_for([self._path(error)]) from None
            return self._write(final=final, phase=Phase.TASKS)

    def _waits_for(self, paths: Collection[str]) -> PendingError:
        listing = ", ".join(sorted(paths))
        return PendingError(
            f"{listing}: changed since the {self.record.title} was begun, whose last step replaces it.",
            hint=f"Put your version elsewhere and restore it (git checkout -- {listing}), then: "
            "mlscaffold update --continue. To undo the update: mlscaffold update --abort.",
        )

    def close(self) -> None:
        """All is done: stage what is to be staged, and forget the rest."""
        if self.record.stage:
            self._git.run("add", "-A", *_FROM_INPUT, stdin=_literal(self.record.stage))
        self._forget()

    def abort(self) -> tuple[str, ...]:
        """Bring everything back to its state before. Return where edits made meanwhile were kept.

        Raises:
            ProjectError: HEAD moved meanwhile: going back would lose commits' meaning.
        """
        self._refuse_commits()
        with self._unfinished():
            # First lock and answers, so that a kill in the midst leaves the effects alone to be done again or undone.
            if self.pending.phase is not Phase.APPLYING:
                self._write(phase=Phase.APPLYING)
            if self.record.final is not None:
                self._effects.bring_all(self.record.final, Moment.BEFORE)
                self._write(phase=Phase.APPLYING, final=None)
        return self._bring_back(self.record.effects)

    def _bring_back(self, effects: Sequence[Effect]) -> tuple[str, ...]:
        """Undo effects. What somebody saved at a path whose turn had not come stays there."""
        with self._unfinished():
            self._effects.bring_all(effects, Moment.BEFORE)
            self._restore_index()
        saved = self.saved
        self._forget()
        return saved

    def _forget(self) -> None:
        folder = folder_at(self.location)
        (folder / JOURNAL).unlink()
        clear_out(folder)

    def _refuse_commits(self) -> None:
        if self._git.text("rev-parse", "HEAD") != self.record.head:
            raise ProjectError(
                "You have committed since: there is nothing left to undo file by file.",
                hint="Take it back with git (git revert, git reset), or finish with --continue.",
            )

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[None]:
        """Say of a disk that refuses halfway that both ways are still open."""
        try:
            yield
        except OSError as error:
            file = error.filename or self.location.folder
            raise MachineError(
                f"Writing failed at {file}: {error.strerror or error}. The {self.record.title} is not finished.",
                hint="Make room or get the right to write there, then: mlscaffold update --continue, or --abort.",
            ) from error

    def _path(self, error: ChangedError) -> str:
        return error.path.relative_to(self.location.folder).as_posix()

    @property
    def _git(self) -> Git:
        return Git(self.location.folder)

    @property
    def _effects(self) -> Effects:
        return Effects(project=self.location.folder, folder=folder_at(self.location), record=self.record)

    def _stage_conflicts(self) -> None:
        lines = []
        for path, stages in self.record.conflicts.items():
            full = self.location.prefix + path
            lines.append(f"0 {'0' * len(self.record.head)}\t{full}")
            lines += [f"{entry.mode} {entry.blob} {number}\t{full}" for number, entry in stages.items()]
        if lines:
            Git(self.location.top).run("update-index", "-z", "--index-info", stdin=listing(lines))

    def _restore_index(self) -> None:
        ours = sorted({*self.record.conflicts, *self.record.stage})
        if not ours:
            return
        folder, top = folder_at(self.location), self.location.top
        saved = folder / Moment.BEFORE / "index"
        full = {self.location.prefix + path for path in ours}
        if saved.is_file() and _staged(top, without=full) == _staged(top, without=full, index=saved):
            passing = folder / "passing"
            duplicate(saved, passing)
            move(passing, self.location.git_folder / "index")
        else:
            # Somebody staged other files meanwhile: those stay staged.
            self._git.run("reset", "-q", *_FROM_INPUT, stdin=_literal(ours))

    def _write(self, **changes: Any) -> Journal:
        record = dataclasses.replace(self.record, **changes)
        store(folder_at(self.location), record)
        return dataclasses.replace(self, record=record)


def begin(
    location: Location,
    *,
    title: str,
    outcomes: Sequence[Outcome],
    conflicts: Mapping[str, Mapping[str, Entry]],
    tasks: Sequence[str] = (),
    stage: Sequence[str] = (),
    ending: Ending | None = None,
    changed: Changed = lambda _: (),
) -> Journal:
    """Write the journal: after this the work is bound to be finished or undone.

    Args:
        location: Of the project, which the caller holds (`exclusive`).
        title: What is being done, for a person.
        outcomes: What shall become of each path.
        conflicts: For each path with a conflict the entries of its stages ("1" base, "2" yours, "3" the template's).
        tasks: Commands of the template that run at the end.
        stage: Paths that are staged at the end; each is a file then, or tracked now.
        ending: How it ends, where conflicts have to be resolved or tasks to run first.
        changed: Asked when the states before are copied; what changes after that, the journal sees itself.

    Raises:
        PendingError: Something waits already; nothing has been changed.
        ProjectError: Somebody changed the project since it was looked at; nothing has been changed.
        MachineError: No room, or no right to write; nothing has been changed.
    """
    project, folder = location.folder, folder_at(location)
    if (waiting := load(folder)) is not None:
        raise waiting.pending.refusal
    try:
        with disk_errors(project):
            effects = _copy_states(location, outcomes)
            _refuse_changed(title, changed({effect.path: effect.before for effect in effects}))
            record = JournalRecord(
                id=hashlib.sha256(os.urandom(16)).hexdigest()[:8],
                phase=Phase.APPLYING,
                title=title,
                head=Git(project).text("rev-parse", "HEAD"),
                effects=effects,
                conflicts=conflicts,
                tasks=tuple(tasks),
                stage=tuple(stage),
                ending=ending,
            )
            store(folder, record)
    except BaseException as error:
        # Nothing is applied yet; and on a full disk what is left here would keep it full.
        remove(folder / JOURNAL)
        clear_out(folder)
        if isinstance(error, ChangedError):
            _refuse_changed(title, [error.path.relative_to(project).as_posix()])
        raise
    return Journal(location=location, record=record)


def _refuse_changed(title: str, paths: Collection[str]) -> None:
    if paths:
        raise ProjectError(
            f"The project changed while the {title} was prepared: {', '.join(sorted(paths))}. Nothing was written.",
            hint="Run the command again.",
        )


def _copy_states(location: Location, outcomes: Sequence[Outcome]) -> tuple[Effect, ...]:
    """Copy the states before and after beside the journal; what it will say of them."""
    folder = folder_at(location)
    clear_out(folder)
    for moment in Moment:
        (folder / moment).mkdir()
    effects = record_effects(location.folder, folder, outcomes)
    index = location.git_folder / "index"
    if index.is_file():
        saved = folder / Moment.BEFORE / "index"
        copy(index, saved)
        if any(index.parent.glob("sharedindex.*")):
            # It may be split, and the half that it names be gone when it is needed.
            git = Git(location.folder, environment={"GIT_INDEX_FILE": str(saved)})
            git.run("update-index", "--no-split-index", "--force-write-index")
    return effects


#: There are more paths than a command line holds.
_FROM_INPUT = ("--pathspec-from-file=-", "--pathspec-file-nul")


def _literal(paths: Iterable[str]) -> bytes:
    return listing(f":(literal){path}" for path in paths)


def _staged(top: Path, *, without: Collection[str], index: Path | None = None) -> Mapping[str, object]:
    """What the index holds, or another one, but for some paths."""
    staged = read_index(top, environment={"GIT_INDEX_FILE": str(index)} if index else {})
    whole = {**staged.entries, **staged.submodules, **staged.stages}
    return {path: entry for path, entry in whole.items() if path not in without}

"""Apply in one step: a journal under `.git/`, so that whatever happens one command finishes the work or undoes it.

Before the first effect the journal holds, beside each file's state before, its state after; so from any instant the
work can go on (`apply`) or back (`abort`) without asking anything else. The phases, each written by one rename:

    (no journal)  the project is as it was; what lies in the folder is rubbish
    applying      effects are under way; `apply` finishes them, `abort` undoes them
    conflicts     all is applied, and a person resolves; the lock moves when `finish` finds no conflict left
    tasks         the template's own commands are to run
    (no journal)  the project is as the plan said

A person may save at any instant. The first time (`carry_out`) a file is replaced only if it is what the decision was
made from, else all goes back and the save stays. Afterwards, when a way on or back was asked for, such a file is kept
beside the journal, and its place is named.

Only this module, by way of `effects`, writes into a project that exists.
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
from ..files.put import (
    ChangedError,
    Kind,
    State,
    copy,
    duplicate,
    move,
    remove,
)
from ..files.write import disk_errors
from ..git.index import read_index
from ..git.location import located
from ..git.process import Git, listing
from .effects import Effects, Outcome, record
from .journal_file import clear_out, exclusive, journal_folder, load, pending, pending_at, store
from .record import Effect, Ending, Pending, Phase, Record, Side
from .where import JOURNAL

__all__ = [
    "Changed",
    "Ending",
    "Journal",
    "Outcome",
    "Pending",
    "Phase",
    "begin",
    "exclusive",
    "journal_folder",
    "pending",
    "pending_at",
]

#: Tells, of the states that lie at the paths of the outcomes, which are not what the decision was made from.
Changed: TypeAlias = Callable[[Mapping[str, State | None]], Collection[str]]


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The work on one project, held exclusively."""

    project: Path
    folder: Path
    record: Record

    @classmethod
    def load(cls, project: Path, folder: Path) -> Journal | None:
        """The journal that waits in a folder."""
        found = load(folder)
        return None if found is None else cls(project=project, folder=folder, record=found)

    @property
    def pending(self) -> Pending:
        """What waits."""
        return self.record.pending

    def carry_out(self) -> Journal:
        """For the first time: bring every path to its state after, then the index; all of it, or nothing.

        Raises:
            ProjectError: Somebody saved into a file before its turn came: the save is there, all else is as it was.
            MlscaffoldError: The project is as it was; or it says how to go on.
        """
        begun: list[Effect] = []
        try:
            with disk_errors(self.project):
                self._effects.bring_first(self.record.effects, begun)
                self._stage_conflicts()
                return self._write(phase=Phase.CONFLICTS if self.record.conflicts else Phase.TASKS)
        except ChangedError as error:
            raise self._rolled_back(error, begun) from None
        except BaseException as error:
            saved = self._roll_back(begun)
            if saved and isinstance(error, MlscaffoldError):
                error.hint = "\n".join([error.hint, *(f"Your edits since are kept: {kept}" for kept in saved)])
            raise

    def _rolled_back(self, error: ChangedError, begun: Sequence[Effect]) -> ProjectError:
        saved = self._roll_back(begun)
        path = error.place.relative_to(self.project).as_posix()
        kept = "".join(f"\nYour edits since are kept: {place}" for place in saved)
        return ProjectError(
            f"{path} was changed while the {self.record.title} was written. It is as you left it, and so is all else.",
            hint=f"Run the command again.{kept}",
        )

    def complete(self) -> None:
        """All of it in one go, what is staged at the end included; or nothing.

        Raises:
            ProjectError: As for `carry_out`.
            MlscaffoldError: The project is as it was; or it says how to go on.
        """
        done = self.carry_out()
        try:
            done.close()
        except BaseException:
            # Without its file it is done, and only rubbish is left.
            if os.path.lexists(self.folder / JOURNAL):
                done.abort()
            raise

    def apply(self) -> Journal:
        """After a kill: bring every path to its state after, then the index; what is done already is left."""
        with self._unfinished():
            if self.record.final is not None:
                self._effects.bring_all(self.record.final, Side.AFTER)
                return self._write(phase=Phase.TASKS)
            self._effects.bring_all(self.record.effects, Side.AFTER)
            self._stage_conflicts()
            return self._write(phase=Phase.CONFLICTS if self.record.conflicts else Phase.TASKS)

    def finish(self, outcomes: Sequence[Outcome], changed: Changed = lambda _: ()) -> Journal:
        """After the conflicts: move the lock and the answers, by the same means.

        Raises:
            PendingError: Somebody changed one of them since; nothing is done, and the update still waits.
        """
        first = len(self.record.effects)
        with self._unfinished():
            final = tuple(
                record(self.project, self.folder, outcome, number) for number, outcome in enumerate(outcomes, first)
            )
            if others := changed({effect.path: effect.before for effect in final}):
                raise self._waits_for(others)
            return self._write(final=final, phase=Phase.APPLYING).conclude()

    def conclude(self) -> Journal:
        """Bring what `finish` wrote down; where somebody saved into it, go back to waiting.

        Raises:
            PendingError: Somebody did.
        """
        begun: list[Effect] = []
        try:
            self._effects.bring_first(self.record.final or (), begun)
        except ChangedError as error:
            self._effects.bring_all(begun, Side.BEFORE)
            self._write(final=None, phase=Phase.CONFLICTS)
            raise self._waits_for([error.place.relative_to(self.project).as_posix()]) from None
        return self._write(phase=Phase.TASKS)

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
            Git(self.project).run("add", "-A", *_FROM_INPUT, stdin=_literal(self.record.stage))
        self._forget()

    def _forget(self) -> None:
        (self.folder / JOURNAL).unlink()
        clear_out(self.folder)

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
                self._effects.bring_all(self.record.final, Side.BEFORE)
                self._write(phase=Phase.APPLYING, final=None)
            self._effects.bring_all(self.record.effects, Side.BEFORE)
            self._restore_index()
        saved = self.saved
        self._forget()
        return saved

    def _roll_back(self, begun: Sequence[Effect]) -> tuple[str, ...]:
        """Undo what this run did. What somebody saved at a path whose turn had not come stays where it is."""
        self._refuse_commits()
        with self._unfinished():
            self._effects.bring_all(begun, Side.BEFORE)
            self._restore_index()
        saved = self.saved
        self._forget()
        return saved

    def _refuse_commits(self) -> None:
        if Git(self.project).text("rev-parse", "HEAD") != self.record.head:
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
            place = error.filename or self.project
            raise MachineError(
                f"Writing failed at {place}: {error.strerror or error}. The {self.record.title} is not finished.",
                hint="Make room or get the right to write there, then: mlscaffold update --continue, or --abort.",
            ) from error

    @property
    def saved(self) -> tuple[str, ...]:
        """Where edits made meanwhile are kept, in this run or in one that was killed: path and place."""
        return self._effects.saved([*self.record.effects, *(self.record.final or ())])

    @property
    def _effects(self) -> Effects:
        states = [(each.path, state) for each in self.record.effects for state in (each.before, each.after)]
        links = frozenset(path for path, state in states if state is not None and state.kind is Kind.LINK)
        return Effects(project=self.project, folder=self.folder, id=self.record.id, links=links)

    def _stage_conflicts(self) -> None:
        lines = []
        top, prefix = _place(self.project)
        for path, stages in self.record.conflicts.items():
            full = prefix + path
            lines.append(f"0 {'0' * len(self.record.head)}\t{full}")
            lines += [f"{entry.mode} {entry.blob} {number}\t{full}" for number, entry in stages.items()]
        if lines:
            Git(top).run("update-index", "-z", "--index-info", stdin=listing(lines))

    def _restore_index(self) -> None:
        ours = sorted({*self.record.conflicts, *self.record.stage})
        if not ours:
            return
        git = Git(self.project)
        saved = self.folder / Side.BEFORE / "index"
        top, prefix = _place(self.project)
        full = {prefix + path for path in ours}
        if saved.is_file() and _staged(top, without=full) == _staged(top, without=full, index=saved):
            passing = self.folder / "passing"
            duplicate(saved, passing)
            move(passing, _index_file(git, self.project))
        else:
            # Somebody staged other files meanwhile: those stay staged.
            git.run("reset", "-q", *_FROM_INPUT, stdin=_literal(ours))

    def _write(self, **changes: Any) -> Journal:
        written = dataclasses.replace(self.record, **changes)
        store(self.folder, written)
        return dataclasses.replace(self, record=written)


def begin(
    project: Path,
    folder: Path,
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
        project: Its root.
        folder: From `exclusive`.
        title: What is being done, for a person.
        outcomes: What shall become of each path.
        conflicts: For each path with a conflict the entries of its stages ("1" base, "2" yours, "3" the template's).
        tasks: Commands of the template that run at the end.
        stage: Paths that are staged at the end; each is a file then, or tracked now.
        ending: How it ends, where conflicts have to be resolved or tasks to run first.
        changed: Asked when the states before are copied; what changes after that, the journal sees itself.

    Raises:
        ProjectError: Somebody changed the project since it was looked at; nothing has been changed.
        MachineError: No room, or no right to write; nothing has been changed.
    """
    try:
        with disk_errors(project):
            effects = _copy_states(project, folder, outcomes)
            _refuse_changed(title, changed({effect.path: effect.before for effect in effects}))
            written = Record(
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
            store(folder, written)
    except BaseException as error:
        # Nothing is applied yet; and on a full disk what is left here would keep it full.
        remove(folder / JOURNAL)
        clear_out(folder)
        if isinstance(error, ChangedError):
            _refuse_changed(title, [error.place.relative_to(project).as_posix()])
        raise
    return Journal(project=project, folder=folder, record=written)


def _refuse_changed(title: str, paths: Collection[str]) -> None:
    if paths:
        raise ProjectError(
            f"The project changed while the {title} was prepared: {', '.join(sorted(paths))}. Nothing was written.",
            hint="Run the command again.",
        )


def _copy_states(project: Path, folder: Path, outcomes: Sequence[Outcome]) -> tuple[Effect, ...]:
    """Copy the states before and after beside the journal; what it will say of them."""
    clear_out(folder)
    for name in Side:
        (folder / name).mkdir()
    paths = frozenset(outcome.path for outcome in outcomes)
    effects = tuple(record(project, folder, each, number, replaced=paths) for number, each in enumerate(outcomes))
    index = _index_file(Git(project), project)
    if index.is_file():
        saved = folder / Side.BEFORE / "index"
        copy(index, saved)
        if any(index.parent.glob("sharedindex.*")):
            # It may be split, and the half that it names be gone when it is needed.
            git = Git(project, environment={"GIT_INDEX_FILE": str(saved)})
            git.run("update-index", "--no-split-index", "--force-write-index")
    return effects


#: There are more paths than a command line holds.
_FROM_INPUT = ("--pathspec-from-file=-", "--pathspec-file-nul")


def _literal(paths: Iterable[str]) -> bytes:
    return listing(f":(literal){path}" for path in paths)


def _index_file(git: Git, project: Path) -> Path:
    return project / git.text("rev-parse", "--git-path", "index")


def _place(project: Path) -> tuple[Path, str]:
    """The top of the work tree, and the project's folder in it with a slash at its end."""
    location = located(project)
    return location.top, location.prefix


def _staged(top: Path, *, without: Collection[str], index: Path | None = None) -> Mapping[str, object]:
    """What the index holds, or another one, but for some paths."""
    staged = read_index(top, environment={"GIT_INDEX_FILE": str(index)} if index else {})
    whole = {**staged.entries, **staged.submodules, **staged.stages}
    return {path: entry for path, entry in whole.items() if path not in without}

"""The effects of a journal, path by path: recorded with the states before and after, and brought to either.

A person may save at any instant. `bring_first` replaces only what was recorded; `bring_all`, after a kill or on the
way back, keeps what was saved meanwhile beside the journal.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from ..errors import MachineError, ProjectError
from ..files.entry import check_contained, inside, linked_folder
from ..files.put import (
    ChangedError,
    Kind,
    State,
    copy_unsynced,
    duplicate,
    folders_of,
    make_folder,
    make_parents,
    mode_like,
    move,
    prune,
    put,
    recover,
    remove,
    state_of,
    sync,
)
from ..files.write import aside_of, near
from .journal_record import Effect, JournalRecord, Moment

__all__ = ["Effects", "Outcome", "record_effects"]

#: How often somebody may save into a file while it is put in its place, before that is given up.
_PATIENCE = 100
#: So much of a file's name is told by the name of what is kept of it.
_NAME = 40


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What shall become of one path: a file laid out on disk already, or nothing."""

    path: str
    #: None: the path is removed.
    file: Path | None


def record_effects(project: Path, folder: Path, outcomes: Sequence[Outcome], *, first: int = 0) -> tuple[Effect, ...]:
    """Copy both states of each path beside the journal.

    Args:
        project: Its root.
        folder: The journal's.
        outcomes: What shall become of the paths.
        first: The number under which the copies of the first one are kept.

    Raises:
        ChangedError: Somebody saves into a file just now, or it is none any more.
    """
    replaced = frozenset(outcome.path for outcome in outcomes)
    effects = tuple(_record(project, folder, each, number, replaced) for number, each in enumerate(outcomes, first))
    for effect in effects:
        for moment in Moment:
            if (state := effect.state(moment)) is not None and state.kind is Kind.FILE:
                sync(folder / moment / str(effect.number))
    return effects


def _record(project: Path, folder: Path, outcome: Outcome, number: int, replaced: Collection[str]) -> Effect:
    """Copy both states; below a path with an outcome of its own that is a link now, nothing of the project lies yet."""
    path, after = outcome.path, folder / Moment.AFTER / str(number)
    check_contained(path, error=MachineError, origin="The plan")
    behind = linked_folder(project, path) in replaced
    before = None if behind else _copy_before(project, path, folder / Moment.BEFORE / str(number))
    if outcome.file is not None:
        remove(after)
        copy_unsynced(outcome.file, after)
        if before is not None and before.kind is Kind.FILE and not after.is_symlink():
            after.chmod(mode_like(before.mode, outcome.file))
    return Effect(
        path=path,
        number=number,
        before=before,
        after=None if outcome.file is None else state_of(after),
        folders={} if behind else folders_of(project, path),
    )


def _copy_before(project: Path, path: str, kept: Path) -> State | None:
    file = inside(project, path, error=MachineError, origin="The plan")
    if taken := next((passing for passing in (near(file), aside_of(file)) if os.path.lexists(passing)), None):
        raise ProjectError(
            f"{taken} is in the way: {path} would pass there.", hint="Move it away, then run the command again."
        )
    if (before := state_of(file)) is None:
        return None
    if before.kind is not Kind.OTHER:
        remove(kept)
        copy_unsynced(file, kept)
        if state_of(kept) == before:
            return before
    raise ChangedError(file)


def _ordered(effects: Sequence[Effect], moment: Moment) -> Sequence[Effect]:
    """Removals first, deepest first, so that a file can become a folder and a folder a file."""
    gone = [effect for effect in effects if effect.state(moment) is None]
    come = [effect for effect in effects if effect.state(moment) is not None]
    return [*sorted(gone, key=lambda effect: effect.path, reverse=True), *come]


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What brings paths of a project from one state to another."""

    project: Path
    #: The journal's.
    folder: Path
    record: JournalRecord

    @cached_property
    def _links(self) -> frozenset[str]:
        """Paths that are links before or after: what comes or came in the place of one lies behind it meanwhile."""
        states = [(each.path, state) for each in self.record.effects for state in (each.before, each.after)]
        return frozenset(path for path, state in states if state is not None and state.kind is Kind.LINK)

    def bring_first(self, effects: Sequence[Effect], begun: list[Effect]) -> None:
        """From the states before to the states after; nothing else is replaced.

        Raises:
            ChangedError: Something else lies at a path.
        """
        for effect in _ordered(effects, Moment.AFTER):
            begun.append(effect)
            try:
                self._bring(effect, Moment.AFTER, effect.before)
            except ProjectError:
                # Something is in the way, and is left there.
                begun.pop()
                target = self._target(effect)
                prune(self.project, target.parent, effect.folders)
                raise ChangedError(target) from None

    def bring_all(self, effects: Sequence[Effect], moment: Moment) -> None:
        """From whatever lies there to the states of a moment."""
        for effect in _ordered(effects, moment):
            if effect.state(moment) is not None or linked_folder(self.project, effect.path) not in self._links:
                self._bring_again(effect, moment)

    def _bring_again(self, effect: Effect, moment: Moment) -> None:
        """From whatever lies there to the state of a moment; what a person saved there since is kept."""
        known = [state for state in (effect.before, effect.after) if state is not None]
        for _ in range(_PATIENCE):
            target = self._target(effect)
            if (older := recover(target, known)) is not None:
                self._save(effect, older)
                remove(older)
            current = state_of(target)
            with contextlib.suppress(ChangedError):
                if current is not None and current not in known:
                    self._save(effect, target)
                self._bring(effect, moment, current)
                return
        raise ProjectError(f"{effect.path} changes all the time: stop what writes it, then run the command again.")

    def _target(self, effect: Effect) -> Path:
        return inside(self.project, effect.path, error=MachineError, origin="The journal")

    def _bring(self, effect: Effect, moment: Moment, current: State | None) -> None:
        """From the state that was seen at a path to the one of a moment.

        Raises:
            ChangedError: Another one lies there by now.
            ProjectError: A folder stands in its place, with files in it.
        """
        target, wanted = self._target(effect), effect.state(moment)
        if wanted is None:
            self._clear(effect, moment, current)
            return
        if current == wanted and state_of(target) == wanted:
            return
        passing = self.folder / "passing"
        duplicate(self.folder / moment / str(effect.number), passing)
        if state_of(passing) != wanted:
            raise MachineError(f"The journal's copy of {effect.path} is damaged: {self.folder / moment}.")
        make_parents(self.project, target, effect.folders)
        if target.is_dir() and not target.is_symlink():
            # Only empty folders are left of what was removed.
            try:
                target.rmdir()
            except OSError as error:
                raise ProjectError(
                    f"{target} is a folder with files in it, and a file is to be there.",
                    hint="Move it away, then run the command again.",
                ) from error
        put(passing, target, current)

    def _clear(self, effect: Effect, moment: Moment, current: State | None) -> None:
        """Leave nothing at a path, nor folders that are there for its sake alone."""
        target = self._target(effect)
        if current is not None or state_of(target) is not None:
            put(None, target, current)
        kept = effect.folders if moment is Moment.BEFORE else {}
        prune(self.project, target.parent, kept)
        mode = effect.folders.get(effect.path)
        if moment is Moment.BEFORE and mode is not None and not target.exists():
            make_folder(target, mode)

    def _save(self, effect: Effect, file: Path) -> None:
        """Keep what a person wrote into a file of ours since, beside what was kept of it before.

        Raises:
            ChangedError: It was changed again meanwhile.
            ProjectError: It is no file.
        """
        edited = state_of(file)
        if edited is None or edited.kind is Kind.OTHER:
            raise ProjectError(f"{file} is no file.", hint="Move it away, then run the command again.")
        (self.folder / "saved").mkdir(exist_ok=True)
        for kept in self._kept(effect):
            if state_of(kept) == edited:
                return
            if not os.path.lexists(kept):
                passing = self.folder / "passing"
                duplicate(file, passing)
                if state_of(passing) != edited:
                    raise ChangedError(file)
                move(passing, kept)
                return

    def _kept(self, effect: Effect) -> Iterator[Path]:
        """The names under which versions of a file are kept: there is always another."""
        name = PurePosixPath(effect.path).name[-_NAME:]
        for number in itertools.count():
            again = f".{number}" if number else ""
            yield self.folder / "saved" / f"{self.record.id}-{effect.number}{again}-{name}"

    @property
    def saved(self) -> tuple[str, ...]:
        """Where edits made meanwhile are kept, in this run or in one that was killed: path and copy."""
        return tuple(
            f"{effect.path}: {kept}"
            for effect in (*self.record.effects, *(self.record.final or ()))
            for kept in itertools.takewhile(os.path.lexists, self._kept(effect))
        )

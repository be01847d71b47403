"""The plan: a pure decision from (old render, project, new render, ownership) to one action a file. No I/O.

A *file* is a line of descent: its path in the old render, in the project and in the new render, any of which may be
missing or differ. `pairing` finds the two template ends; what the user renamed is told by the caller. Then one table a
policy decides. Entries are compared by mode and blob id, so no
content is read here: a file that both sides changed gets the action `merge`, and the content is somebody else's work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TypeVar

from ..files.entry import Entry, FileMode
from ..template.ownership import Ownership, PathRule, Policy
from .pairing import EMPTY, Side, pair, unblocked

__all__ = ["Action", "FileAction", "Plan", "plan"]


class Action(StrEnum):
    """What happens to one file."""

    #: The template's file is new here.
    CREATE = "create"
    #: It was deleted, and the template owns it.
    RESTORE = "restore"
    #: Untouched by the user (or changed only where the template did not): it takes the template's change.
    UPDATE = "update"
    #: Edited, and owned by the template: the render replaces it.
    REPLACE = "replace"
    #: Both sides changed it.
    MERGE = "merge"
    #: The keys that the template owns are set, all else is the user's.
    KEYS = "keys"
    #: Only its path changes.
    MOVE = "move"
    #: Untouched, and no longer the template's.
    REMOVE = "remove"
    #: The template changed, and the project stays as it is; the reason says why.
    KEEP = "keep"
    #: A person has to decide.
    CONFLICT = "conflict"
    #: Something that is nobody's to replace is in the way: nothing can be applied.
    COLLIDE = "collide"


_T = TypeVar("_T")

#: Actions after which the work tree is as before.
_IDLE = frozenset({Action.KEEP, Action.COLLIDE})


@dataclass(frozen=True, kw_only=True)
class FileAction:
    """One file, what happens to it, and by whose rule."""

    #: Where it is afterwards.
    path: str
    action: Action
    rule: PathRule
    old: Entry | None = None
    mine: Entry | None = None
    new: Entry | None = None
    #: Where the project has it now, if elsewhere.
    origin: str = ""
    #: Its path in the old and in the new render, if elsewhere.
    rendered_as: tuple[str, str] = ("", "")
    #: What it becomes; None is no file (or, for `merge` and `keys`, not known before contents are read).
    result: Entry | None = None
    #: Why, where that is not plain from the action.
    reason: str = ""
    #: Decisions beyond git's line merge, a sentence each.
    resolutions: tuple[str, ...] = ()
    #: Lines of the user's that a replacement drops (they stay in history).
    edited_lines: int = 0
    #: Conflict hunks in the file; 0 for a conflict that is not one of lines.
    hunks: int = 0

    @property
    def policy(self) -> Policy:
        """The ownership policy that rules the path."""
        return self.rule.policy

    @property
    def changes(self) -> bool:
        """Whether the work tree changes here."""
        return self.action not in _IDLE


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The actions that lead from the project as it is to the project as it shall be, sorted by path."""

    actions: tuple[FileAction, ...]

    def having(self, *actions: Action) -> tuple[FileAction, ...]:
        """The files with one of these actions."""
        return tuple(each for each in self.actions if each.action in actions)

    @property
    def collisions(self) -> tuple[str, ...]:
        """Paths that the plan cannot write."""
        return tuple(each.path for each in self.having(Action.COLLIDE))

    @property
    def conflicts(self) -> tuple[FileAction, ...]:
        """Files that a person has to decide on."""
        return self.having(Action.CONFLICT)

    @property
    def changes(self) -> tuple[FileAction, ...]:
        """Files that change in the work tree."""
        return tuple(each for each in self.actions if each.changes)


def plan(
    *,
    new: Side,
    ownership: Ownership,
    old: Side = EMPTY,
    mine: Mapping[str, Entry] | None = None,
    occupied: Collection[str] = (),
    loose: Collection[str] = (),
    before: Mapping[str, Policy] | None = None,
    moves: Mapping[str, str] | None = None,
    renames: Mapping[str, str] | None = None,
    ejected: Collection[str] = (),
    secret: Collection[str] = (),
    withheld: Mapping[str, str] | None = None,
    answers_moved: bool = False,
    lines_only: bool = False,
) -> Plan:
    """Decide what to do with each file.

    Args:
        new: The render of the new version or answers.
        ownership: The table of the new version, which rules.
        old: The render of the recorded version and answers; empty for a new project.
        mine: The files that the project holds.
        occupied: Paths that hold something else: submodules, folders, links to folders.
        loose: Paths of `mine` that no commit holds: what was written there must not be lost.
        before: The policy of each path under the old version.
        moves: Template source path before -> now, where it changed between the versions.
        renames: Path in the old render -> where the user moved it.
        ejected: Paths that the project took out of the template's hands.
        secret: Paths whose content depends on a secret answer: written once.
        withheld: New paths that must not be written, with the reason; see `succession`.
        answers_moved: Whether other answers were given, which seeded files follow where nobody edited them.
        lines_only: Decide no more than git would (`--merge git`).
    """
    everything = mine or {}
    said = list(_ejected(old, everything, new, ownership, ejected))
    # Rendered, and retired at once: it must be absent.
    retired = {path for path in new.entries if ownership.rule_for(path).policy is Policy.RETIRED}
    old = Side(entries=_without(old.entries, ejected), sources=old.sources)
    new = Side(entries=_without(new.entries, {*ejected, *retired}), sources=new.sources)
    mine = _without(everything, ejected)
    # A place that the template claims for another file is no rename: both added a file there.
    renames = {path: here for path, here in (renames or {}).items() if here in mine.keys() - new.entries.keys()}
    deciding = _Deciding(
        ownership=ownership,
        before=before or {},
        secret=secret,
        withheld=withheld or {},
        answers_moved=answers_moved,
        lines_only=lines_only,
    )
    taken: set[str] = set()
    actions: list[FileAction] = []
    for old_path, new_path in unblocked(pair(old, new, moves or {}), old, mine):
        here = deciding.place(old_path, new_path, renames)
        if here not in mine and new_path in mine and new_path not in taken and new_path not in old.entries:
            # The user moved it where the template moves it, too; or both added the path.
            here = new_path
        taken.add(here)
        found = deciding.decide(
            old_path,
            here,
            new_path,
            old=old.entries.get(old_path),
            mine=mine.get(here),
            new=new.entries.get(new_path),
        )
        if found is not None:
            actions.append(found)
    actions += [*said, *deciding.retire(mine, {place for each in actions for place in (each.path, each.origin)})]
    return Plan(actions=tuple(sorted(_collide(actions, everything, occupied, loose), key=lambda action: action.path)))


@dataclass(frozen=True, kw_only=True)
class _Deciding:
    """The decision tables: one method a policy."""

    ownership: Ownership
    before: Mapping[str, Policy]
    secret: Collection[str]
    withheld: Mapping[str, str]
    answers_moved: bool
    lines_only: bool

    def place(self, old_path: str, new_path: str, renames: Mapping[str, str]) -> str:
        """Where the project has a file; what the template owns is where the template says."""
        owned = self._rule(old_path, new_path).policy in {Policy.OWNED, Policy.KEYED}
        return old_path if owned else renames.get(old_path, old_path)

    def decide(
        self, old_path: str, here: str, new_path: str, *, old: Entry | None, mine: Entry | None, new: Entry | None
    ) -> FileAction | None:
        """The action for one file; None where nothing is to be done or said."""
        rule = self._rule(old_path, new_path)
        renamed = here not in {old_path, new_path} and mine is not None
        path = here if renamed or not new_path else new_path
        draft = FileAction(
            path=path,
            action=Action.KEEP,
            rule=rule,
            old=old,
            mine=mine,
            new=new,
            origin=here if mine is not None and here != path else "",
            rendered_as=(old_path if old_path != path else "", new_path if new_path != path else ""),
            result=mine,
        )
        match rule.policy:
            case Policy.OWNED if new is not None:
                return self._owned(draft)
            case Policy.KEYED if new is not None:
                return self._keyed(draft)
            case Policy.DERIVED:
                return self._written_once(draft)
            case Policy.SEEDED if (new_path or old_path) in self.secret:
                return self._written_once(draft)
            case Policy.SEEDED:
                return self._seeded(draft)
            case _:
                return self._merged(draft)

    def _rule(self, old_path: str, new_path: str) -> PathRule:
        if (new_path or old_path) in self.secret:
            return PathRule(glob=new_path or old_path, policy=Policy.SEEDED)
        return self.ownership.rule_for(new_path or old_path)

    def _owned(self, draft: FileAction) -> FileAction | None:
        old, mine, new = draft.old, draft.mine, draft.new
        if mine is None:
            return _become(draft, Action.CREATE if old is None else Action.RESTORE, new)
        if mine == new:
            return _become(draft, Action.MOVE, new) if draft.origin else None
        if mine == old:
            return _become(draft, Action.UPDATE, new)
        if self.before.get(draft.rendered_as[0] or draft.path) is not Policy.OWNED:
            reason = "the template now owns this file, and you edited it" if old else "it is yours and the template's"
            return dataclasses.replace(draft, action=Action.CONFLICT, reason=reason)
        return _become(draft, Action.REPLACE, new)

    def _keyed(self, draft: FileAction) -> FileAction | None:
        if draft.mine is None:
            return _become(draft, Action.CREATE if draft.old is None else Action.RESTORE, draft.new)
        if draft.mine == draft.new:
            return _become(draft, Action.MOVE, draft.new) if draft.origin else None
        if draft.mine == draft.old:
            return _become(draft, Action.UPDATE, draft.new)
        if FileMode.SYMLINK in {draft.mine.mode, draft.new.mode if draft.new else None}:
            return dataclasses.replace(
                draft, action=Action.CONFLICT, reason="it is a link on one side, a file on the other"
            )
        return dataclasses.replace(draft, action=Action.KEYS, result=None)

    def _seeded(self, draft: FileAction) -> FileAction | None:
        if draft.old is None and draft.mine is None and draft.path in self.withheld:
            return _keep(draft, self.withheld[draft.path])
        restored = draft.mine is None and draft.rule.recreate
        if self._is_handed_over(draft) and not restored:
            return self._merged(draft)
        return self._following(draft) if self.answers_moved else self._written_once(draft)

    def _is_handed_over(self, draft: FileAction) -> bool:
        """Whether it moves to a place that is seeded from one that was not: what is written there is for that place."""
        was, now = (rendered or draft.path for rendered in draft.rendered_as)
        followed = self.before.get(was) not in {None, Policy.SEEDED, Policy.DERIVED}
        return was != now and followed and None not in {draft.old, draft.new}

    def _following(self, draft: FileAction) -> FileAction | None:
        """A seeded file under other answers: the template's while nobody edited it, its owner's ever after."""
        old, mine, new = draft.old, draft.mine, draft.new
        if mine is None:
            return self._written_once(draft)
        if new is None:
            return self._dropped(draft)
        if mine == old and new != old:
            return _become(draft, Action.UPDATE, new)
        reason = _STAYS if new not in {old, mine} else ""
        if draft.origin:
            return dataclasses.replace(draft, action=Action.MOVE, result=mine, reason=reason)
        return _keep(draft, reason) if reason else None

    def _written_once(self, draft: FileAction) -> FileAction | None:
        if draft.mine is not None or draft.new is None:
            return _become(draft, Action.MOVE, draft.mine) if draft.origin and draft.new else None
        if draft.old is None:
            return _become(draft, Action.CREATE, draft.new)
        return _become(draft, Action.RESTORE, draft.new) if draft.rule.recreate else None

    def _merged(self, draft: FileAction) -> FileAction | None:
        old, mine, new = draft.old, draft.mine, draft.new
        if mine is None and old is None:
            return _become(draft, Action.CREATE, new)
        if mine is None:
            return _keep(draft, "you deleted it") if new not in {old, None} else None
        if new is None:
            return self._dropped(draft)
        if new in {mine, old}:
            return _become(draft, Action.MOVE, mine) if draft.origin else None
        if old is None:
            return dataclasses.replace(draft, action=Action.CONFLICT, reason="you and the template both added it")
        return _three_way(draft, old, mine, new)

    def _dropped(self, draft: FileAction) -> FileAction | None:
        """The template has it no longer."""
        if draft.old is None:
            return None
        if draft.mine == draft.old and not draft.rendered_as[0]:
            return _become(draft, Action.REMOVE, None)
        if self.lines_only and draft.policy is Policy.MERGED:
            return dataclasses.replace(draft, action=Action.CONFLICT, reason="the template removed it, you edited it")
        return _keep(draft, _DROPPED)

    def retire(self, mine: Mapping[str, Entry], known: Collection[str]) -> Iterable[FileAction]:
        """Retired paths that the old render had not either, and that are still here."""
        for path in self.ownership.retired_paths():
            if path in mine and path not in known and self.ownership.rule_for(path).policy is Policy.RETIRED:
                draft = FileAction(
                    path=path,
                    action=Action.KEEP,
                    rule=self.ownership.rule_for(path),
                    mine=mine[path],
                    result=mine[path],
                    reason="retired by the template: remove it when you no longer need it",
                )
                yield draft


_STAYS = "the template has another for these answers, and this one is yours: it stays"
_DROPPED = "the template has it no longer, and you changed it: remove it when you no longer need it"


def _without(entries: Mapping[str, Entry], paths: Collection[str]) -> dict[str, Entry]:
    return {path: entry for path, entry in entries.items() if path not in paths}


def _ejected(
    old: Side, mine: Mapping[str, Entry], new: Side, ownership: Ownership, ejected: Collection[str]
) -> Iterable[FileAction]:
    """What the template changes at paths that are the user's alone: said, and left."""
    for path in ejected:
        before, here, after = (entries.get(path) for entries in (old.entries, mine, new.entries))
        if here is not None and before != after:
            draft = FileAction(
                path=path, action=Action.KEEP, rule=ownership.rule_for(path), old=before, mine=here, new=after
            )
            yield _keep(draft, "ejected from the template")


def _become(draft: FileAction, action: Action, result: Entry | None) -> FileAction:
    return dataclasses.replace(draft, action=action, result=result)


def _keep(draft: FileAction, reason: str) -> FileAction:
    # It stays where the project has it.
    return dataclasses.replace(
        draft, action=Action.KEEP, path=draft.origin or draft.path, origin="", result=draft.mine, reason=reason
    )


def _three_way(draft: FileAction, old: Entry, mine: Entry, new: Entry) -> FileAction | None:
    if mine == old:
        return _become(draft, Action.UPDATE, new)
    if (mine.mode is FileMode.SYMLINK) != (new.mode is FileMode.SYMLINK):
        return dataclasses.replace(
            draft, action=Action.CONFLICT, reason="it is a link on one side, a file on the other"
        )
    mode, blob = _pick(old.mode, mine.mode, new.mode) or new.mode, _pick(old.blob, mine.blob, new.blob)
    if blob is None and mode is FileMode.SYMLINK:
        return dataclasses.replace(draft, action=Action.CONFLICT, reason="it is a link, and both changed where to")
    if blob is None:
        return dataclasses.replace(draft, action=Action.MERGE, result=None)
    result = Entry(mode=mode, blob=blob)
    if result != mine:
        return _become(draft, Action.UPDATE, result)
    return _become(draft, Action.MOVE, mine) if draft.origin else None


def _pick(old: _T, mine: _T, new: _T) -> _T | None:
    """The side that changed; None if both did, apart."""
    if mine in {new, old}:
        return new
    return mine if new == old else None


def _collide(
    actions: list[FileAction], mine: Mapping[str, Entry], occupied: Collection[str], loose: Collection[str]
) -> Iterable[FileAction]:
    """Turn writes to places that hold something else into collisions."""
    leaving = {each.origin or each.path for each in actions if each.action is Action.REMOVE or each.origin}
    held = (set(mine) - leaving) | set(occupied)
    folders = {parent.as_posix() for path in held for parent in PurePosixPath(path).parents}
    for each in actions:
        if each.changes and (each.origin or each.path) in loose and each.mine != each.old:
            reason = "your version of it is not under version control, and would be lost"
            yield dataclasses.replace(each, action=Action.COLLIDE, reason=reason)
            continue
        arrives = each.changes and each.action is not Action.REMOVE and (each.mine is None or each.origin)
        if not arrives:
            yield each
            continue
        parents = [parent.as_posix() for parent in PurePosixPath(each.path).parents]
        blocker = next((path for path in (each.path, *parents) if path in held), "")
        if each.path in folders:
            blocker = f"{each.path}/"
        if blocker:
            yield dataclasses.replace(each, action=Action.COLLIDE, reason=f"{blocker} is in the way")
        else:
            yield each

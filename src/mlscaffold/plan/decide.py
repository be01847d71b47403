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
from ..template.ownership import PathRule
from ..template.policy import Policy
from .pairing import pair, unblocked
from .situation import Situation

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
    def left(self) -> Mapping[str, str]:
        """Files that every project must have and that its owners have to write themselves, with the reason."""
        withheld = [each for each in self.having(Action.KEEP) if each.mine is None and each.old is None]
        return {each.path: each.reason for each in withheld if each.rule.required}

    @property
    def changes(self) -> tuple[FileAction, ...]:
        """Files that change in the work tree."""
        return tuple(each for each in self.actions if each.changes)


def plan(situation: Situation) -> Plan:
    """Decide what to do with each file."""
    met = _template_files(situation)
    deciding = _Deciding(situation=met)
    taken: set[str] = set()
    actions: list[FileAction] = []
    for old_path, new_path in unblocked(pair(met.old, met.new, met.moves), met.old, met.mine):
        here = deciding.place(old_path, new_path)
        if here not in met.mine and new_path in met.mine and new_path not in {*taken, *met.old.entries}:
            # The user moved it where the template moves it, too; or both added the path.
            here = new_path
        taken.add(here)
        if (action := deciding.decide(old_path, here, new_path)) is not None:
            actions.append(action)
    said = {path for each in actions for path in (each.path, each.origin)}
    actions += [*_ejected(situation), *deciding.retire(said)]
    return Plan(actions=tuple(sorted(_collide(actions, situation), key=lambda action: action.path)))


def _template_files(situation: Situation) -> Situation:
    """The situation without what is the user's alone, and without what is retired as it comes."""
    ejected, new = situation.ejected, situation.new
    retired = {path for path in new.entries if situation.ownership.rule_for(path).policy is Policy.RETIRED}
    new = dataclasses.replace(new, entries=_without(new.entries, {*ejected, *retired}))
    mine = _without(situation.mine, ejected)
    # A place that the template claims for another file is no rename: both added a file there.
    free = mine.keys() - new.entries.keys()
    return dataclasses.replace(
        situation,
        old=dataclasses.replace(situation.old, entries=_without(situation.old.entries, ejected)),
        new=new,
        mine=mine,
        renames={path: here for path, here in situation.renames.items() if here in free},
    )


@dataclass(frozen=True, kw_only=True)
class _Deciding:
    """The decision tables: one method a policy."""

    situation: Situation

    def place(self, old_path: str, new_path: str) -> str:
        """Where the project has a file; what the template owns is where the template says."""
        owned = self._rule(old_path, new_path).policy in {Policy.OWNED, Policy.KEYED}
        return old_path if owned else self.situation.renames.get(old_path, old_path)

    def decide(self, old_path: str, here: str, new_path: str) -> FileAction | None:
        """The action for one file; None where nothing is to be done or said."""
        rule, met = self._rule(old_path, new_path), self.situation
        old, mine, new = met.old.entries.get(old_path), met.mine.get(here), met.new.entries.get(new_path)
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
            case Policy.SEEDED if (new_path or old_path) in self.situation.secret:
                return self._written_once(draft)
            case Policy.SEEDED:
                return self._seeded(draft)
            case _:
                return self._merged(draft)

    def _rule(self, old_path: str, new_path: str) -> PathRule:
        if (new_path or old_path) in self.situation.secret:
            return PathRule(glob=new_path or old_path, policy=Policy.SEEDED)
        return self.situation.ownership.rule_for(new_path or old_path)

    def _owned(self, draft: FileAction) -> FileAction | None:
        old, mine, new = draft.old, draft.mine, draft.new
        if mine is None:
            return _become(draft, Action.CREATE if old is None else Action.RESTORE, new)
        if mine == new:
            return _become(draft, Action.MOVE, new) if draft.origin else None
        if mine == old:
            return _become(draft, Action.UPDATE, new)
        if self.situation.before.get(draft.rendered_as[0] or draft.path) is not Policy.OWNED:
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
        if draft.old is None and draft.mine is None and draft.path in self.situation.withheld:
            return _keep(draft, self.situation.withheld[draft.path])
        restored = draft.mine is None and draft.rule.recreate
        if self._is_handed_over(draft) and not restored:
            return self._merged(draft)
        return self._following(draft) if self.situation.answers_moved else self._written_once(draft)

    def _is_handed_over(self, draft: FileAction) -> bool:
        """Whether it moves to a place that is seeded from one that was not: what is written there is for that place."""
        was, now = (rendered or draft.path for rendered in draft.rendered_as)
        followed = self.situation.before.get(was) not in {None, Policy.SEEDED, Policy.DERIVED}
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
        if self.situation.lines_only and draft.policy is Policy.MERGED:
            return dataclasses.replace(draft, action=Action.CONFLICT, reason="the template removed it, you edited it")
        return _keep(draft, _DROPPED)

    def retire(self, known: Collection[str]) -> Iterable[FileAction]:
        """Retired paths that the old render had not either, and that are still here."""
        mine, ownership = self.situation.mine, self.situation.ownership
        for path in ownership.retired_paths():
            if path in mine and path not in known and ownership.rule_for(path).policy is Policy.RETIRED:
                draft = FileAction(
                    path=path,
                    action=Action.KEEP,
                    rule=ownership.rule_for(path),
                    mine=mine[path],
                    result=mine[path],
                    reason="retired by the template: remove it when you no longer need it",
                )
                yield draft


_STAYS = "the template has another for these answers, and this one is yours: it stays"
_DROPPED = "the template has it no longer, and you changed it: remove it when you no longer need it"


def _without(entries: Mapping[str, Entry], paths: Collection[str]) -> dict[str, Entry]:
    return {path: entry for path, entry in entries.items() if path not in paths}


def _ejected(situation: Situation) -> Iterable[FileAction]:
    """What the template changes at paths that are the user's alone: said, and left."""
    sides = (situation.old.entries, situation.mine, situation.new.entries)
    for path in situation.ejected:
        before, here, after = (entries.get(path) for entries in sides)
        if here is not None and before != after:
            rule = situation.ownership.rule_for(path)
            draft = FileAction(path=path, action=Action.KEEP, rule=rule, old=before, mine=here, new=after)
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


def _collide(actions: list[FileAction], situation: Situation) -> Iterable[FileAction]:
    """Turn writes to places that hold something else into collisions."""
    leaving = {each.origin or each.path for each in actions if each.action is Action.REMOVE or each.origin}
    held = (set(situation.mine) - leaving) | set(situation.occupied)
    folders = {parent.as_posix() for path in held for parent in PurePosixPath(path).parents}
    for each in actions:
        if each.changes and (each.origin or each.path) in situation.loose and each.mine != each.old:
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

"""The plan: a pure decision from (old render, project, new render, ownership) to one action a file. No I/O.

A *file* is a line of descent: its path in the old render, in the project and in the new render, any of which may be
missing or differ. `pairing` finds the two template ends; what the user renamed is told by the caller. Then one table a
policy decides. Entries are compared by mode and blob id, so no content is read here: a file that both sides changed
gets the action `merge`, and its content is decided by `contents`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ..files.entry import Entry, FileMode, parents_of
from ..template.ownership import PathRule
from ..template.policy import Policy
from .actions import Action, FileAction, Plan
from .pairing import pair, unblocked
from .situation import Situation

__all__ = ["plan"]

_T = TypeVar("_T")


def plan(situation: Situation) -> Plan:
    """Decide what to do with each file."""
    files = _template_files(situation)
    deciding = _Deciding(situation=files)
    taken: set[str] = set()
    actions: list[FileAction] = []
    for old_path, new_path in unblocked(pair(files.old, files.new, files.moves), files.old, files.mine):
        here = deciding.path_here(old_path, new_path)
        if here not in files.mine and new_path in files.mine and new_path not in {*taken, *files.old.entries}:
            # The user moved it where the template moves it, too; or both added the path.
            here = new_path
        taken.add(here)
        if (action := deciding.decide(old_path, here, new_path)) is not None:
            actions.append(action)
    named = {path for each in actions for path in (each.path, each.origin)}
    actions += [*_ejected(situation), *deciding.retire(named)]
    return Plan(actions=tuple(sorted(_collide(actions, situation), key=lambda action: action.path)))


def _template_files(situation: Situation) -> Situation:
    """The situation without what is the user's alone, and without what is retired as it comes."""
    ejected, new = situation.ejected, situation.new
    retired = {path for path in new.entries if situation.ownership.rule_for(path).policy is Policy.RETIRED}
    new = replace(new, entries=_without(new.entries, {*ejected, *retired}))
    mine = _without(situation.mine, ejected)
    # A place that the template claims for another file is no rename: both added a file there.
    free = mine.keys() - new.entries.keys()
    return replace(
        situation,
        old=replace(situation.old, entries=_without(situation.old.entries, ejected)),
        new=new,
        mine=mine,
        renames={path: here for path, here in situation.renames.items() if here in free},
    )


@dataclass(frozen=True, kw_only=True)
class _Deciding:
    """The decision tables: one method a policy."""

    situation: Situation

    def path_here(self, old_path: str, new_path: str) -> str:
        """Where the project has a file; what the template owns is where the template says."""
        owned = self._rule(old_path, new_path).policy in {Policy.OWNED, Policy.KEYED}
        return old_path if owned else self.situation.renames.get(old_path, old_path)

    def decide(self, old_path: str, here: str, new_path: str) -> FileAction | None:
        """The action for one file; None where nothing is to be done or said."""
        rule, files = self._rule(old_path, new_path), self.situation
        old, mine, new = files.old.entries.get(old_path), files.mine.get(here), files.new.entries.get(new_path)
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
                return self._owned(draft, new)
            case Policy.KEYED if new is not None:
                return self._keyed(draft, new)
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

    def _owned(self, draft: FileAction, new: Entry) -> FileAction | None:
        if draft.mine in {None, new, draft.old}:
            return self._followed(draft, new)
        if self.situation.before.get(draft.rendered_paths[0]) is not Policy.OWNED:
            return draft.conflicts(
                "the template now owns this file, and you edited it" if draft.old else "it is yours and the template's"
            )
        return draft.becomes(Action.REPLACE, new)

    def _keyed(self, draft: FileAction, new: Entry) -> FileAction | None:
        if draft.mine is None or draft.mine in {new, draft.old}:
            return self._followed(draft, new)
        if FileMode.SYMLINK in {draft.mine.mode, new.mode}:
            return draft.conflicts(_LINK_OR_FILE)
        return draft.becomes(Action.KEYS, None)

    def _followed(self, draft: FileAction, new: Entry) -> FileAction | None:
        """A file of the template's that nobody edited."""
        if draft.mine is None:
            return draft.becomes(Action.CREATE if draft.old is None else Action.RESTORE, new)
        if draft.mine == new:
            return draft.becomes(Action.MOVE, new) if draft.origin else None
        return draft.becomes(Action.UPDATE, new)

    def _seeded(self, draft: FileAction) -> FileAction | None:
        if draft.old is None and draft.mine is None and draft.path in self.situation.withheld:
            return draft.stays(self.situation.withheld[draft.path])
        restored = draft.mine is None and draft.rule.recreate
        if self._is_handed_over(draft) and not restored:
            return self._merged(draft)
        return self._following(draft) if self.situation.answers_moved else self._written_once(draft)

    def _is_handed_over(self, draft: FileAction) -> bool:
        """Whether it moves to a place that is seeded from one that was not: what is written there is for that place."""
        was, now = draft.rendered_paths
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
            return draft.becomes(Action.UPDATE, new)
        reason = _STAYS if new not in {old, mine} else ""
        if draft.origin:
            return replace(draft, action=Action.MOVE, result=mine, reason=reason)
        return draft.stays(reason) if reason else None

    def _written_once(self, draft: FileAction) -> FileAction | None:
        if draft.mine is not None or draft.new is None:
            return draft.becomes(Action.MOVE, draft.mine) if draft.origin and draft.new else None
        if draft.old is None:
            return draft.becomes(Action.CREATE, draft.new)
        return draft.becomes(Action.RESTORE, draft.new) if draft.rule.recreate else None

    def _merged(self, draft: FileAction) -> FileAction | None:
        old, mine, new = draft.old, draft.mine, draft.new
        if mine is None and old is None:
            return draft.becomes(Action.CREATE, new)
        if mine is None:
            return draft.stays("you deleted it") if new not in {old, None} else None
        if new is None:
            return self._dropped(draft)
        if new in {mine, old}:
            return draft.becomes(Action.MOVE, mine) if draft.origin else None
        if old is None:
            return draft.conflicts("you and the template both added it")
        return _three_way(draft, old, mine, new)

    def _dropped(self, draft: FileAction) -> FileAction | None:
        """The template has it no longer."""
        if draft.old is None:
            return None
        if draft.mine == draft.old and not draft.rendered_as[0]:
            return draft.becomes(Action.REMOVE, None)
        if self.situation.lines_only and draft.policy is Policy.MERGED:
            return draft.conflicts("the template removed it, you edited it")
        return draft.stays(_DROPPED)

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


_LINK_OR_FILE = "it is a link on one side, a file on the other"
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
            yield draft.stays("ejected from the template")


def _three_way(draft: FileAction, old: Entry, mine: Entry, new: Entry) -> FileAction | None:
    if mine == old:
        return draft.becomes(Action.UPDATE, new)
    if (mine.mode is FileMode.SYMLINK) != (new.mode is FileMode.SYMLINK):
        return draft.conflicts(_LINK_OR_FILE)
    mode, blob = _pick(old.mode, mine.mode, new.mode) or new.mode, _pick(old.blob, mine.blob, new.blob)
    if blob is None and mode is FileMode.SYMLINK:
        return draft.conflicts("it is a link, and both changed where to")
    if blob is None:
        return replace(draft, action=Action.MERGE, result=None)
    result = Entry(mode=mode, blob=blob)
    if result != mine:
        return draft.becomes(Action.UPDATE, result)
    return draft.becomes(Action.MOVE, mine) if draft.origin else None


def _pick(old: _T, mine: _T, new: _T) -> _T | None:
    """The side that changed; None if both did, apart."""
    if mine in {new, old}:
        return new
    return mine if new == old else None


def _collide(actions: list[FileAction], situation: Situation) -> Iterable[FileAction]:
    """What comes to a path that holds something else: a conflict if that is committed, else nothing can be applied."""
    leaving = {each.origin or each.path for each in actions if each.action is Action.REMOVE or each.origin}
    staying = situation.mine.keys() - leaving
    links = {path for path in staying if situation.mine[path].mode is FileMode.SYMLINK}
    others = links | {*situation.occupied} | (staying & {*situation.untracked})
    held, folders, foreign = staying | others, _folders(staying), _folders(others)
    for each in actions:
        if each.changes and (each.origin or each.path) in situation.untracked and each.mine != each.old:
            yield replace(
                each,
                action=Action.COLLIDE,
                reason="your version of it is not under version control, and would be lost",
            )
            continue
        arrives = each.changes and each.action is not Action.REMOVE and (each.mine is None or each.origin)
        blocker = next((path for path in (each.path, *parents_of(each.path)) if path in held), "")
        if each.path in folders | foreign:
            blocker = f"{each.path}/"
        if not arrives or not blocker:
            yield each
        elif each.origin or blocker == each.path or blocker in others or each.path in foreign:
            yield replace(each, action=Action.COLLIDE, reason=f"{blocker} is in the way")
        else:
            yield replace(each, action=Action.CONFLICT, result=None, reason=f"{blocker} is in the way")


def _folders(paths: Collection[str]) -> set[str]:
    return {folder for path in paths for folder in parents_of(path)}

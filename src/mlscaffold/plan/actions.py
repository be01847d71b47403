"""What happens to one file, and to all of them: the outcome of a plan, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ..files.entry import Entry
from ..template.ownership import PathRule
from ..template.policy import Policy

__all__ = ["Action", "FileAction", "Plan"]


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
    def rendered_paths(self) -> tuple[str, str]:
        """Its paths in the old and in the new render."""
        before, after = self.rendered_as
        return before or self.path, after or self.path

    def becomes(self, action: Action, result: Entry | None) -> FileAction:
        """It ends as that."""
        return replace(self, action=action, result=result)

    def conflicts(self, reason: str) -> FileAction:
        """A person has to decide."""
        return replace(self, action=Action.CONFLICT, reason=reason)

    def stays(self, reason: str) -> FileAction:
        """It stays as it is, where the project has it."""
        path = self.origin or self.path
        return replace(self, action=Action.KEEP, path=path, origin="", result=self.mine, reason=reason)

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

"""The plan: a pure decision from what is there and what the template renders to a list of file actions. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .entries import Entry
from .ownership import Ownership, Policy, Rule

__all__ = ["Action", "FileAction", "Plan", "plan"]


class Action(StrEnum):
    """What happens to one path."""

    CREATE = "create"
    #: A file is in the way, and nothing says that it may be replaced.
    COLLIDE = "collide"


@dataclass(frozen=True, kw_only=True)
class FileAction:
    """One path, what happens to it, and by whose rule."""

    path: str
    action: Action
    rule: Rule
    new: Entry

    @property
    def policy(self) -> Policy:
        """The ownership policy that rules the path."""
        return self.rule.policy


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The actions that lead from the project as it is to the project as it shall be, sorted by path."""

    actions: tuple[FileAction, ...]

    @property
    def collisions(self) -> tuple[str, ...]:
        """Paths that the plan cannot write."""
        return tuple(action.path for action in self.actions if action.action is Action.COLLIDE)


def plan(*, mine: Collection[str], new: Mapping[str, Entry], ownership: Ownership) -> Plan:
    """Decide what to do with each rendered path.

    Args:
        mine: The paths that the destination holds already.
        new: The render.
        ownership: The table of the new version.
    """
    occupied = set(mine)
    return Plan(
        actions=tuple(
            FileAction(
                path=path,
                action=Action.COLLIDE if path in occupied else Action.CREATE,
                rule=ownership.rule_for(path),
                new=new[path],
            )
            for path in sorted(new)
            if ownership.rule_for(path).policy is not Policy.RETIRED
        )
    )

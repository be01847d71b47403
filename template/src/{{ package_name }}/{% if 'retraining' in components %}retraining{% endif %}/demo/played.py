"""What a year came to, and whether that is what had to happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..running import Told
from .scenarios import Scenario


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that the loop did.

    Args:
        week: in which.
        told: what, and why.
    """

    week: int
    told: Told


@dataclass(frozen=True, kw_only=True)
class Played:
    """A year.

    Args:
        scenario: what was played.
        is_planted: whether it was planted, or is the twin.
        is_own: whether the rows were a project's own.
        right: by week, the share of rows whose label was right; of numbers the mean distance.
        versions: by week, the version of the registry that served.
        drifted: weeks in whose window an alarm of drift stood.
        asked: weeks in which something asked for a new model.
        events: what the loop did.
        lines: all that was said.
        rows: how many were served.
    """

    scenario: Scenario
    is_planted: bool
    is_own: bool = False
    right: Sequence[float]
    versions: Sequence[int]
    drifted: Sequence[int]
    asked: Sequence[int]
    events: Sequence[Event]
    lines: Sequence[str]
    rows: int

    @property
    def actions(self) -> list[str]:
        """What the loop did, without waiting; the same twice in a row is one."""
        found: list[str] = []
        for event in self.events:
            if found[-1:] != [event.told.action]:
                found.append(event.told.action)
        return found

    @property
    def first(self) -> int | None:
        """The week of the first alarm of drift, or in which first something asked for a new model or was done."""
        weeks = [*self.drifted[:1], *self.asked[:1], *(event.week for event in self.events[:1])]
        return min(weeks, default=None)

    def problems(self) -> list[str]:
        """What is not as it should be, in words; nothing if all is."""
        found, scenario = [], self.scenario
        if not self.is_planted:
            if self.first is not None:
                found.append(f"the twin had an alarm in week {self.first}, and did {self.actions}")
            return found
        earliest, latest = scenario.alarm
        if self.first is None or not earliest <= self.first <= latest:
            found.append(f"the first alarm came in week {self.first}, not in {earliest} to {latest}")
        allowed = [list(scenario.actions), *([list(scenario.or_else)] if self.is_own and scenario.or_else else [])]
        if self.actions not in allowed:
            found.append(f"the loop did {self.actions}, not {list(scenario.actions)}")
        return found

"""What is served is no longer what was learnt: an alarm of `monitor drift`."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Annotated, Literal

from pydantic import Field

from ..situation import Situation
from .base import Rule, Wish

_SHOWN = 3


class Drift(Rule):
    """An alarm stands in the newest window, and has stood in the ones before."""

    kind: Literal["drift"]
    windows: Annotated[int, Field(ge=1, le=100, description="So many newest windows in a row have an alarm.")] = 1

    def wish(self, situation: Situation, now: datetime) -> Wish | None:  # noqa: ARG002 - the clock is not asked
        """For as long as the alarm stands."""
        standing = list(takewhile(lambda window: window.alarms, reversed(situation.windows)))
        if len(standing) < self.windows:
            return None
        last, first = standing[0], standing[-1]
        more = len(last.alarms) - _SHOWN
        said = "; ".join(last.alarms[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return Wish(f"drift in window {last.index}: {said}", 0.6, situation.begin_of(first.since) or first.begin)

"""A new model every so often, whatever happens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ...contract.durations import span_of
from ...contract.types import Duration
from ..situation import Situation
from .base import Rule, Wish


class Schedule(Rule):
    """The champion, or the last try, is so old."""

    kind: Literal["schedule"]
    every: Annotated[Duration, Field(description="Hours, days or weeks: 90d, 12w.")] = "90d"

    def wish(self, situation: Situation, now: datetime) -> Wish | None:
        """When the time has come."""
        moments = [run.at for run in situation.runs[-1:]] + [situation.since] * (situation.since is not None)
        last = max((moment for moment in moments if moment is not None), default=None)
        if last is None or now - last < span_of(self.every):
            return None
        return Wish(f"the last model is of {last:%Y-%m-%d}, and one is due every {self.every}", 0.2)

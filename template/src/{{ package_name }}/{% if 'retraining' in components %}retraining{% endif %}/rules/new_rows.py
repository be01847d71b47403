"""So many rows with outcomes that no model has learnt from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ..situation import Situation
from .base import Rule, Wish


class NewRows(Rule):
    """Outcomes of so many rows have come that were served after those that the last run had."""

    kind: Literal["new_rows"]
    rows: Annotated[int, Field(ge=50, description="How many.")] = 5000

    def wish(self, situation: Situation, now: datetime) -> Wish | None:  # noqa: ARG002 - the clock is not asked
        """Once they are there."""
        last = situation.runs[-1].until if situation.runs else None
        count = situation.labelled_since(last)
        return Wish(f"{count} rows with outcomes are new", 0.3) if count >= self.rows else None

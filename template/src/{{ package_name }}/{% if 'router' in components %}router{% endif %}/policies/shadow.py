"""Shadow: models see the traffic, and nobody sees what they say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..evidence import CHAMPION, State
from ..splitting import place_of
from .base import CHALLENGER, Asked, Choice, Others, Policy


class Shadow(Policy):
    """The champion answers; the shadows are asked the same, beside it."""

    kind: Literal["shadow"]
    shadows: Others = (CHALLENGER,)
    share: Annotated[float, Field(gt=0, le=1, description="Of the requests that they see.")] = 1.0

    @property
    def others(self) -> tuple[str, ...]:
        """The shadows."""
        return self.shadows

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - it never changes
        """The champion, and the shadows beside it."""
        seen = self.share == 1 or place_of("shadow", asked.request) < self.share
        return Choice(model=CHAMPION, shadows=self.shadows if seen else ())

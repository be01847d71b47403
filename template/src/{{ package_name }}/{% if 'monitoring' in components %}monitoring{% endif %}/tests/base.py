"""What a test of drift is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Where they are.
FOLDER = "monitoring/tests"
#: Of fewer rows nothing is said.
FEWEST_ROWS = 30


class Statistic(NamedTuple):
    """What a test found.

    Args:
        value: the statistic.
        p: how probable one so large is, if both come from the same; None if the test cannot say.
        effect: how large the difference is, whatever the number of rows; at least 0.
    """

    value: float
    p: float | None
    effect: float


@dataclass(frozen=True, kw_only=True)
class DriftTest:
    """What a file of this folder offers.

    Args:
        name: what it is called in configs/monitoring.yaml.
        kinds: of the summaries that it compares.
        says: what its effect is, for a page.
        least: an effect below this is of no interest, however sure it is.
        run: a reference and a window of one of the kinds to what it found; None where there is too little to say.
    """

    name: str
    kinds: tuple[str, ...]
    says: str
    least: float
    run: Callable[[Any, Any], Statistic | None]

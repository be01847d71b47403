"""What is known of single predictions, and travels with the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..discovery import discover
from ..predictor.about import Limits
from ..steps import Project


@dataclass(frozen=True)
class Limiter:
    """What a file of this folder offers that knows how sure predictions are.

    Args:
        name: what it is called.
        limits: of the model that is about to be exported; None if nothing is known.
    """

    name: str
    limits: Callable[[Project], Limits | None]


def limits_of(project: Project) -> Limits | None:
    """What the first that knows something says, by name."""
    found = (limiter.limits(project) for _, limiter in sorted(discover("export", Limiter).items()))
    return next(filter(None, found), None)

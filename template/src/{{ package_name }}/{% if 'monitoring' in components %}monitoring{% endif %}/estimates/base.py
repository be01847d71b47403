"""What an estimator is, and what all that are there say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...contract.types import TaskName
from ...discovery import discover
from ..intervals import Measured
from ..scores import Said

#: Where they are.
FOLDER = "monitoring/estimates"


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """What a file of this folder offers.

    Args:
        name: of the estimator.
        tasks: that it is made for.
        assumes: what must be true for its bounds to hold, for people.
        run: the scores that outcomes are likely to give, with bounds for what they will give.
    """

    name: str
    tasks: tuple[TaskName, ...]
    assumes: str
    run: Callable[[Said], dict[str, Measured]]


def estimators() -> dict[str, Estimator]:
    """Those that are there, by name."""
    return discover(FOLDER, Estimator)


def estimates_of(said: Said, task: TaskName) -> dict[str, dict[str, Measured]]:
    """By estimator that is made for a task, what it says."""
    return {name: each.run(said) for name, each in sorted(estimators().items()) if task in each.tasks}

"""`features`: join, derive, drop flights without outcome, and cut by time."""

from __future__ import annotations

from dataclasses import dataclass

from ..features.build import DEPARTURE, build_examples
from ..features.leakage import forbid_copies_of_target
from ..features.split import split_by_time
from ..settings import Settings
from ..workspace import Workspace
from .files import read_table


@dataclass(frozen=True)
class Featured:
    """How many examples there are, and where time was cut."""

    train: int
    holdout: int
    without_outcome: int
    holdout_starts: str

    def __str__(self) -> str:
        return (
            f"{self.train} flights to learn from, {self.holdout} from {self.holdout_starts} on held out, "
            f"{self.without_outcome} without outcome left out"
        )


def run(workspace: Workspace, settings: Settings) -> Featured:
    """Typed tables to the features and target of training data and hold-out.

    Raises:
        LeakageError: a feature is named after, or tells as much as, what is known only later.
    """
    flights = read_table(workspace.flights, "ingest")
    weather = read_table(workspace.weather, "ingest")
    examples = build_examples(flights, weather, settings.data, settings.task)
    split = split_by_time(examples.table, settings.split.holdout_share)
    forbid_copies_of_target(split.train, settings.task, settings.acceptance.too_good_single_feature)
    workspace.train.parent.mkdir(parents=True, exist_ok=True)
    split.train.write_parquet(workspace.train)
    split.holdout.write_parquet(workspace.holdout)
    starts = split.holdout[DEPARTURE].dt.date()[0].isoformat()
    return Featured(len(split.train), len(split.holdout), examples.without_outcome, starts)

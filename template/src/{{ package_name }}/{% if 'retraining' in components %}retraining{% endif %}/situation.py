"""What is known when it is decided whether a new model is made: values that were read before, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

#: How a run ended, or where it is.
State = Literal["under way", "kept", "refused", "promoted", "watched", "taken back"]


@dataclass(frozen=True, kw_only=True)
class Window:
    """A finished window of the prediction log, as monitoring judged it.

    Args:
        index: of the window.
        begin: the moment of its first row.
        rows: how many it has.
        alarms: what raised an alarm with it as the newest one, in words.
        since: the first window in which what alarms had drifted; None without alarm.
        broken: what cannot be right in its columns, in words.
    """

    index: int
    begin: datetime
    end: datetime
    rows: int
    alarms: tuple[str, ...] = ()
    since: int | None = None
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A window whose outcomes are known, at least most of them.

    Args:
        rows: with an outcome.
        value: of the task's metric, with its bounds.
        expected: what the hold-out said, with its bounds.
        is_worse: the bounds lie apart, on the wrong side.
    """

    index: int
    begin: datetime
    rows: int
    metric: str
    value: tuple[float, float, float]
    expected: tuple[float, float, float]
    is_worse: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """A retraining, as the ledger tells of it.

    Args:
        name: its number.
        at: when it was decided.
        by: who did.
        until: the moment of the newest row that it was made of or compared by.
        state: where it is, or how it ended.
        version: that came of it, a number of the registry.
        taken_back_at: when its model was.
    """

    name: str
    at: datetime
    by: str
    until: datetime
    state: State
    version: int | None = None
    taken_back_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All that a decision follows from.

    Args:
        champion: the version that holds the alias; None if none does.
        since: when that came to hold it.
        windows: judged with the champion's own reference, the newest last.
        scored: the newest windows whose outcomes are known, the newest last.
        labelled: moments of served rows whose outcome is known and whose window is not broken, in order: seconds, [N].
        late: rows of the newest windows whose outcome is not known yet.
        runs: of the ledger, the newest last.
        refused: what the last refusal of the ledger was about, if nothing was made since.
        unfit: why served rows cannot be learnt from; nothing if they can.
    """

    champion: int | None
    since: datetime | None = None
    windows: Sequence[Window] = ()
    scored: Sequence[Scored] = ()
    labelled: np.ndarray = field(default_factory=lambda: np.empty(0))
    late: int = 0
    runs: Sequence[Run] = ()
    refused: str = ""
    unfit: str = ""

    @property
    def newest(self) -> Window | None:
        """The newest window."""
        return self.windows[-1] if self.windows else None

    @property
    def under_way(self) -> Run | None:
        """The run that is not over, a watch included."""
        last = self.runs[-1] if self.runs else None
        return last if last is not None and last.state in {"under way", "promoted"} else None

    @property
    def taken_back(self) -> int:
        """How many runs in a row, up to the last, ended with their model taken back."""
        count = 0
        for run in reversed(self.runs):
            if run.state != "taken back":
                break
            count += 1
        return count

    def labelled_since(self, moment: datetime | None) -> int:
        """Rows with an outcome that were served after a moment."""
        if moment is None:
            return len(self.labelled)
        return len(self.labelled) - int(np.searchsorted(self.labelled, moment.timestamp(), side="right"))

    def labelled_from(self, moment: datetime) -> int:
        """Rows with an outcome that were served at a moment or later: those of one request have one moment."""
        return len(self.labelled) - int(np.searchsorted(self.labelled, moment.timestamp(), side="left"))

    def begin_of(self, index: int | None) -> datetime | None:
        """When a window began, if it is there still."""
        return next((window.begin for window in self.windows if window.index == index), None)

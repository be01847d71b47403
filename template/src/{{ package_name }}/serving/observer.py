"""Who watches what is answered: a file in `observing/` with an `Observer` takes part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ..predictor.predictor import Predictions, Predictor
from .parsing import Columns

if TYPE_CHECKING:
    from .service import Service

#: Where the observers are.
FOLDER = "serving/observing"


class Asked(NamedTuple):
    """A request in a run: its id, where its rows begin, how many there are, and how long it waited for its answer."""

    request_id: str
    first: int
    rows: int
    seconds: float


class Answered(NamedTuple):
    """What one run of the graph answered: one request or several, whose rows stand one after the other.

    Args:
        model: the model that answered, with name, version and contract.
        moment: when, in seconds since 1970 (UTC).
        requests: in the order of their rows.
        columns: of all rows, by name, as parsed: None where missing, moments as datetimes in the place's own time.
        predictions: of all rows.
    """

    model: Predictor
    moment: float
    requests: tuple[Asked, ...]
    columns: Columns
    predictions: Predictions


class Outcome(NamedTuple):
    """What came of a prediction: a label of the contract, or a number.

    Args:
        request_id: of the request; None where its row is named otherwise, which only the prediction log can tell.
        row: its place in the request; None for a request of one row.
        value: what it turned out to be.
    """

    request_id: str | None
    row: int | None
    value: str | float


def _nothing() -> None:
    """Do nothing."""


def _learn_nothing(_: Sequence[Outcome]) -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One observer at work in one service.

    Args:
        observe: told of each run, in the event loop: it must not wait, and what it raises is logged and counted as nothing.
        open: called when the service starts.
        close: called when it has answered its last request.
        learn: told of outcomes, in the event loop, each as often as somebody sends it.
    """

    observe: Callable[[Answered], None]
    open: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
    learn: Callable[[Sequence[Outcome]], None] = _learn_nothing


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Something that watches answers: `start` makes it ready for one service, whose `registry` takes its metrics."""

    name: str
    start: Callable[[Service], Watch]

"""Batches without waiting: what arrived while the last run was under way is the next run.

A lone request is answered in the next round of the event loop; there is no timer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..predictor.predictor import Predictions
from .answering import Answering
from .observer import Answered, Asked
from .parsing import Columns
from .problems import RefusedError
from .reading import Row

if TYPE_CHECKING:
    from .models import Models

#: Rows of one run, but for a single request that has more.
MOST_ROWS = 64
#: Bodies read in one round of the event loop: whoever asks for the service's health waits for no more.
_MOST_BYTES = 16 * 1024
#: Requests that wait; more would wait for longer than most callers do.
MOST_WAITING = 512
_RETRY_SECONDS = 1

logger = logging.getLogger(__name__)


class Run:
    """One run of the graph for the rows of several requests."""

    def __init__(self, answering: Answering, rows: Sequence[Row]) -> None:
        self.answering = answering
        self.columns: Columns = answering.columns(rows)
        self.predictions: Predictions = answering.model.predict(self.columns)
        self._items: list[str] | None = None

    @property
    def items(self) -> list[str]:
        """What an answer to `POST /predict` says of each row."""
        if self._items is None:
            self._items = self.answering.items(self.predictions)
        return self._items


class Form(Protocol):
    """How a shell writes requests and answers."""

    def bound(self, models: Models) -> Answering | None:
        """The one model that has to answer; None for whichever is chosen. Raises `RefusedError` for one that is not there."""

    def read(self, answering: Answering, body: bytes) -> list[Row]:
        """The rows of a request; raises `RefusedError`."""

    def write(self, run: Run, first: int, last: int, request_id: str) -> bytes:
        """The answer to the request whose rows are those from `first` to before `last`."""


class Reply(Protocol):
    """Where an answer goes; a future is one."""

    def done(self) -> bool:
        """Whether nobody waits for it any more."""

    def set_result(self, answer: bytes, /) -> None:
        """Take the answer."""

    def set_exception(self, error: Exception, /) -> None:
        """Take what was raised instead."""


class Waiting(NamedTuple):
    """A request that waits for its run."""

    form: Form
    body: bytes
    request_id: str
    since: float
    reply: Reply
    #: Whether no other model may answer it.
    is_bound: bool = False


class _Read(NamedTuple):
    """A request whose rows have been read."""

    waiting: Waiting
    rows: list[Row]


class Batches:
    """The requests to one model that wait for its next run."""

    def __init__(
        self,
        answering: Answering,
        observe: Callable[[Answered], None],
        fail: Callable[[Answering, Waiting, Exception], None],
        most_waiting: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._answering = answering
        self._observe = observe
        self._fail = fail
        self._most_waiting = most_waiting
        self._clock = clock
        self._waiting: deque[Waiting] = deque()
        self._is_scheduled = False

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def is_busy(self) -> bool:
        """Whether anybody waits."""
        return self._is_scheduled

    def submit(self, form: Form, body: bytes, request_id: str, reply: Reply, *, is_bound: bool = False) -> None:
        """Answer with the next run; raises `RefusedError` where too many wait already."""
        if len(self._waiting) >= self._most_waiting:
            detail = "Too many requests wait for their answer. Try again."
            raise RefusedError(503, "Busy", detail, headers={"Retry-After": str(_RETRY_SECONDS)})
        self.take(Waiting(form, body, request_id, time.perf_counter(), reply, is_bound))

    def take(self, waiting: Waiting) -> None:
        """Answer a request that another model could not answer, too."""
        self._waiting.append(waiting)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._run_next)

    def _run_next(self) -> None:
        batch = self._read()
        if batch:
            self._answer(batch)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._run_next)
        else:
            self._is_scheduled = False

    def _read(self) -> list[_Read]:
        """The requests of the next run; those that are refused are answered."""
        batch: list[_Read] = []
        rows = size = 0
        while self._waiting and rows < MOST_ROWS and size < _MOST_BYTES:
            waiting = self._waiting.popleft()
            if waiting.reply.done():
                continue
            size += len(waiting.body)
            try:
                read = _Read(waiting, waiting.form.read(self._answering, waiting.body))
            except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
                self._fail(self._answering, waiting, error)
                continue
            rows += len(read.rows)
            batch.append(read)
        return batch

    def _answer(self, batch: Sequence[_Read]) -> None:
        try:
            run = Run(self._answering, [row for read in batch for row in read.rows])
        except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
            if len(batch) == 1:
                self._fail(self._answering, batch[0].waiting, error)
                return
            # What one row makes fail must fail for nobody else.
            for read in batch:
                self._answer([read])
            return
        self._tell(run, batch)

    def _tell(self, run: Run, batch: Sequence[_Read]) -> None:
        now = time.perf_counter()
        asked = []
        first = 0
        for waiting, rows in batch:
            last = first + len(rows)
            asked.append(Asked(waiting.request_id, first, len(rows), now - waiting.since))
            if not waiting.reply.done():
                try:
                    waiting.reply.set_result(waiting.form.write(run, first, last, waiting.request_id))
                except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
                    waiting.reply.set_exception(error)
            first = last
        self._observe(Answered(run.answering.model, self._clock(), tuple(asked), run.columns, run.predictions))

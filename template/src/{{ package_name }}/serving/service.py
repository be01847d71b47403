"""What all that answers in one process shares: the models, their runs, the observers and the metrics."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from starlette.types import Scope

from ..discovery import discover
from .batching import MOST_WAITING, Batches, Form, Reply, Waiting
from .metrics import ServingMetrics
from .models import Arrived, Models
from .observer import FOLDER, Answered, Observer, Outcome

if TYPE_CHECKING:
    from .answering import Answering
    from .models import Headers

# Printable, with nothing at its ends that somebody on the way might cut off.
_REQUEST_ID = re.compile(rb"[!-~](?:[ -~]{0,126}[!-~])?")

logger = logging.getLogger(__name__)


class Service:
    """Answers requests with the models, and tells the observers."""

    def __init__(
        self, models: Models, most_waiting: int = MOST_WAITING, clock: Callable[[], float] = time.time
    ) -> None:
        self.models = models
        self.metrics = ServingMetrics()
        #: Where the metrics of observers and shells belong.
        self.registry = self.metrics.registry
        self.ready = self.leaving = False
        #: Asked with each request; whoever offers HTTP adds those that it finds.
        self.guards: list[Callable[[Scope], None]] = []
        #: What goes on beside the answers, from the start of the service to its end.
        self.background: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._most_waiting = most_waiting
        self._clock = clock
        self._batches: dict[Answering, Batches] = {}
        models.on_publish(self._forget)
        self.metrics.state("serving_waiting_requests", "Of the model for which most wait.", self._longest)
        said = "So many may wait for one model; more are refused."
        self.metrics.state("serving_waiting_requests_limit", said, lambda: most_waiting)
        # Unlike those of other processes, and cheap to make.
        self._ids: Callable[[], int] = itertools.count().__next__
        self._prefix = os.urandom(8).hex()
        self._watches = [each.start(self) for each in discover(FOLDER, Observer).values()]
        #: Told of each run.
        self.observers = [watch.observe for watch in self._watches]
        self._answered: list[Answered] = []

    @classmethod
    def of(cls, answering: Answering) -> Self:
        """The service whose first model this is."""
        return cls(Models(answering))

    def open(self) -> None:
        """Begin, in the event loop: the observers first."""
        for watch in self._watches:
            watch.open()
        self._tasks = [asyncio.create_task(work()) for work in self.background]
        self.ready = True

    def close(self) -> None:
        """End, when the last request has been answered."""
        self.ready = False
        for task in self._tasks:
            task.cancel()
        self._tell()
        for watch in self._watches:
            watch.close()

    def admit(self, scope: Scope) -> None:
        """Ask the guards; raises `RefusedError`."""
        for guard in self.guards:
            guard(scope)

    def id_of(self, headers: Headers) -> str:
        """The request's own id, if it has a plain one, else a new one."""
        for name, value in headers:
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                return value.decode("ascii")
        return f"{self._prefix}-{self._ids():x}"

    async def ask(self, form: Form, body: bytes, request_id: str, headers: Headers) -> bytes:
        """The answer of the model that is to answer; raises `RefusedError`."""
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.submit(form, body, request_id, headers, reply)
        return await reply

    def submit(self, form: Form, body: bytes, request_id: str, headers: Headers, reply: Reply) -> None:
        """Let the model that is to answer do so; raises `RefusedError` where too many wait, or there is no such version."""
        models = self.models
        # Whoever names one of several models, or a version, gets no other, whatever the policy.
        bound = form.bound(models)
        answering = bound or models.current
        if bound is None and models.choice is not None:
            answering = models.choice(Arrived(request_id, headers, partial(form.read, answering, body)))
        self.batches_of(answering).submit(form, body, request_id, reply, is_bound=bound is not None)

    def batches_of(self, answering: Answering) -> Batches:
        """The requests that wait for a model."""
        batches = self._batches.get(answering)
        if batches is None:
            # Of models that were opened anew nobody else says that they are gone.
            self._forget(self.models.current)
            batches = Batches(answering, self._observe, self._fail, self._most_waiting, self._clock)
            self._batches[answering] = batches
        return batches

    def _longest(self) -> float:
        return max((batches.waiting for batches in self._batches.values()), default=0)

    def _forget(self, current: Answering) -> None:
        """Let go of the models that nobody waits for."""
        self._batches = {key: batches for key, batches in self._batches.items() if key is current or batches.is_busy}

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the observers what came of predictions."""
        for watch in self._watches:
            try:
                watch.learn(outcomes)
            except Exception:
                logger.exception("An observer failed")

    def _fail(self, answering: Answering, waiting: Waiting, error: Exception) -> None:
        """Ask another model, if there is one that may answer instead."""
        rescue = self.models.rescue
        may = rescue and not waiting.is_bound and not waiting.reply.done()
        other = rescue(answering, waiting.request_id) if may and rescue else None
        if other is not None and other is not answering:
            self.batches_of(other).take(waiting)
        elif not waiting.reply.done():
            waiting.reply.set_exception(error)

    def _observe(self, answered: Answered) -> None:
        """Tell the observers in the next round of the event loop: what is answered in this one is sent before."""
        if not self._answered:
            asyncio.get_running_loop().call_soon(self._tell)
        self._answered.append(answered)

    def _tell(self) -> None:
        told, self._answered = self._answered, []
        for answered in told:
            for observe in self.observers:
                try:
                    observe(answered)
                except Exception:
                    # Whoever watches may not keep anybody from an answer.
                    logger.exception("An observer failed")

"""The worker: a request is acknowledged after its answer is out, so that one that dies leaves nothing undone."""

from __future__ import annotations

import asyncio
import logging

from ..serving.media import within_bounds
from ..serving.problems import Problem, RefusedError
from ..serving.rest.predict import PredictForm
from ..serving.service import Service
from .messages import ID, Delivery, Letter, Queues, TooLargeError, UnavailableError, answered, is_plain_id, refused

#: Seconds between two tries to send what a queue does not take.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_FORM = PredictForm()
_NO_ID = f"A request has a header `{ID}`: up to 100 letters, digits, and any of . _ : -"
_FAILED = Problem(title="Internal server error", status=500, detail="The model fails on it; the worker's log says why.")
_TOO_LARGE = Problem(
    title="Answer too large",
    status=413,
    detail="The queue takes no such long answer. Send the rows in smaller batches.",
)

logger = logging.getLogger(__name__)


class Worker:
    """Answers what is delivered. What arrives while the graph runs is its next run, as in the service.

    Args:
        service: answers.
        queues: where answers and dead letters go.
        attempts: deliveries of a request after which it is given up.
    """

    def __init__(self, service: Service, queues: Queues, attempts: int) -> None:
        self._service, self._queues, self._attempts = service, queues, attempts

    async def take(self, delivery: Delivery) -> None:
        """Answer one request; never raises but when it is cancelled."""
        request_id = delivery.headers.get(ID, "")
        if not is_plain_id(request_id):
            letters = refused("", delivery.body, Problem(title="Bad request", status=400, detail=_NO_ID))
        elif delivery.deliveries > self._attempts:
            # Whoever had it before has died of it, or of something else that may not stop all others.
            letters = refused(request_id, delivery.body, _FAILED)
        else:
            try:
                body = within_bounds(delivery.body)
                letters = answered(request_id, await self._service.ask(_FORM, body, request_id, ()))
            except RefusedError as error:
                letters = refused(request_id, delivery.body, error.problem)
            except Exception:
                logger.exception("Request %s failed", request_id)
                await delivery.again()
                return
        await self._finish(delivery, request_id, letters)

    async def _finish(self, delivery: Delivery, request_id: str, letters: list[Letter]) -> None:
        try:
            for letter in letters:
                await self._send(delivery, letter)
        except TooLargeError:
            await self._finish(delivery, request_id, refused(request_id, delivery.body, _TOO_LARGE))
            return
        try:
            await delivery.done()
        except (
            Exception
        ):  # the broker was away: it delivers the request once more, and the client drops the second answer
            logger.exception("Request %s could not be acknowledged", request_id)

    async def _send(self, delivery: Delivery, letter: Letter) -> None:
        """Send until it is taken: meanwhile nothing new is begun in this place, and requests wait at the broker."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._queues.send(letter)
            except UnavailableError as error:
                logger.warning("%s takes nothing: %s", letter.place, error)
                await delivery.keep()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

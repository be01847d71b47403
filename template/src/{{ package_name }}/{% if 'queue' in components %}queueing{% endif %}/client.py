"""Who asks: sends requests with an id, and gets each answer once, however often it was sent."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from .broker import queues_of
from .messages import ID, STATUS, Delivery, Letter
from .settings import Queue
from .waiting import opened

#: Ids of answers that are remembered: a second one comes soon after the first, if at all.
_REMEMBERED = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a request: with status 200 the answer of the service, else its problem document."""

    request_id: str
    status: int
    body: bytes

    @property
    def document(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Seen:
    """The ids of the last answers."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._most = most

    def is_new(self, request_id: str) -> bool:
        """Whether an id comes for the first time; from now on it does not."""
        if request_id in self._ids:
            return False
        self._ids[request_id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
        return True


class Client:
    """`async with Client(settings) as client`: sends requests, and reads the answers to them."""

    def __init__(self, settings: Queue) -> None:
        """Raises `SettingsError` if the broker is none that is known; one that is not there is waited for, which is logged."""
        self._settings, self._queues = settings, queues_of(settings)
        self._arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        self._seen = Seen()
        self._is_receiving = False

    async def __aenter__(self) -> Self:
        await opened(self._queues, self._settings)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._queues.close()

    async def send(self, instances: Sequence[Mapping[str, Any]], request_id: str | None = None) -> str:
        """Send rows, as `POST /predict` has them, and return the id of the request; the same id twice is one request.

        Raises:
            UnavailableError: the queue is full, or the broker away: try again, with the same id.
            TooLargeError: the broker takes no such large message.
        """
        body = json.dumps({"instances": list(map(dict, instances))}, ensure_ascii=False).encode()
        return await self.send_body(body, request_id)

    async def send_body(self, body: bytes, request_id: str | None = None) -> str:
        """Send a request as it is; raises as `send`."""
        name = request_id or uuid.uuid4().hex
        await self._queues.send(Letter(place="requests", body=body, headers={ID: name}))
        return name

    async def answers(self) -> AsyncIterator[Answer]:
        """Each answer once, as they come; one is taken from the queue when the next is asked for."""
        if not self._is_receiving:
            self._is_receiving = True
            await self._queues.receive("answers", self._arrived.put, self._settings.in_flight)
        while True:
            delivery = await self._arrived.get()
            request_id = delivery.headers.get(ID, "")
            if self._seen.is_new(request_id):
                status = delivery.headers.get(STATUS, "")
                yield Answer(request_id=request_id, status=int(status) if status.isdecimal() else 0, body=delivery.body)
            await delivery.done()

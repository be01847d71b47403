"""What is in the queues. Bodies are those of the service; headers say which request it is about, and what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..serving.problems import Problem

#: The three queues.
Place = Literal["requests", "answers", "dead"]
#: Headers: the id that the sender has given, the status of an answer, and why a letter is dead.
ID, STATUS, REASON = "request_id", "status", "reason"
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
#: Headers are short: of many faults the first say enough.
_MOST_FAULTS = 5
#: A dead letter has headers besides, and must not be larger than what a broker takes: NATS, 1 MiB in all.
_LONGEST_DEAD = 1024 * 1024 - 32 * 1024


class UnavailableError(Exception):
    """A queue takes nothing just now: it is full, or its broker is away."""


class TooLargeError(Exception):
    """A queue will never take such a message."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message that is about to be sent."""

    place: Place
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A message that has arrived.

    Args:
        body: as it was sent.
        headers: those that are texts.
        deliveries: how often it was given to somebody, this time included.
        done: to be called when all that follows from it is out.
        again: gives it back, to be delivered once more.
        keep: says that it is still being worked on.
    """

    body: bytes
    headers: Mapping[str, str]
    deliveries: int
    done: Callable[[], Awaitable[None]]
    again: Callable[[], Awaitable[None]]
    keep: Callable[[], Awaitable[None]]


Take = Callable[[Delivery], Awaitable[None]]


class Queues(Protocol):
    """The queues of one broker."""

    @property
    def trouble(self) -> str:
        """Why the broker could not be reached last, in its library's words; nothing if it was not tried in vain."""

    async def open(self) -> None:
        """Connect, as soon as the broker is there, and make the queues that are not; raises where it lets nobody in."""

    async def send(self, letter: Letter) -> None:
        """Send a message, and wait until the broker has it on its disk.

        Raises:
            UnavailableError: not now.
            TooLargeError: never.
        """

    async def receive(self, place: Place, take: Take, most: int) -> None:
        """Give each message of a queue to `take`, so many at a time, until `close`."""

    async def close(self) -> None:
        """Let go; what was not done is delivered again."""


def is_plain_id(text: str) -> bool:
    """Whether a request can be told by this id."""
    return _PLAIN_ID.fullmatch(text) is not None


def texts(headers: Mapping[str, Any] | None) -> dict[str, str]:
    """The headers that are texts."""
    return {name: value for name, value in (headers or {}).items() if isinstance(value, str)}


def answered(request_id: str, body: bytes) -> list[Letter]:
    """What follows from a request that was answered."""
    return [Letter(place="answers", body=body, headers={ID: request_id, STATUS: "200"})]


def refused(request_id: str, request: bytes, problem: Problem) -> list[Letter]:
    """What follows from a request that was refused: it is kept with the reason, and who asked is told."""
    document = problem.model_dump()
    brief = {**document, "errors": document["errors"][:_MOST_FAULTS]}
    headers = {ID: request_id, STATUS: str(problem.status), REASON: json.dumps(brief)}
    dead = Letter(place="dead", body=request[:_LONGEST_DEAD], headers=headers)
    told = Letter(
        place="answers", body=json.dumps(document).encode(), headers={ID: request_id, STATUS: headers[STATUS]}
    )
    return [dead, told] if request_id else [dead]

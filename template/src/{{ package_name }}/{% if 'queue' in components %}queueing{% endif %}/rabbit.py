"""The queues in RabbitMQ: a quorum queue each, on the disks of its nodes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aio_pika.exceptions import AMQPException, DeliveryError
from aiormq.exceptions import AMQPException as ProtocolError
from aiormq.exceptions import (
    AuthenticationError,
    ConnectionNotAllowed,
    IncompatibleProtocolError,
    ProbableAuthenticationError,
)
from faststream import AckPolicy
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitMessage, RabbitQueue

from ..connections.environment import address_of
from .messages import ID, Delivery, Letter, Place, Take, UnavailableError, texts
from .settings import Queue

#: Seconds until the server has a message on its disk, or has not.
_SENDING = 5.0
#: Seconds until a server that does not answer is tried again.
_CONNECTING = 5.0
_AGAIN = 1.0
#: The worker gives up long before; without a limit that is said, newer servers have one of their own, and forget.
_DELIVERIES = 1_000_000

#: What another try would not change.
_FINAL = (AuthenticationError, ProbableAuthenticationError, IncompatibleProtocolError, ConnectionNotAllowed)


class Rabbit:
    """The queues of one RabbitMQ server, or cluster."""

    def __init__(self, settings: Queue) -> None:
        """Raises `SettingsError` if a variable of the address is not set."""
        self._settings, self.trouble = settings, ""
        # They tell of each second in which a server is away; what cannot be sent meanwhile is told by who sends.
        for name in ("aio_pika", "aiormq"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._broker = RabbitBroker(
            address_of(settings.url),
            default_channel=Channel(prefetch_count=settings.in_flight, on_return_raises=True),
            logger=None,
            apply_types=False,
            timeout=_CONNECTING,
            reconnect_interval=_AGAIN,
            graceful_timeout=10.0,
        )

    async def open(self) -> None:
        """Connect, as soon as the server is there, and make the queues that are not; raises where it lets nobody in."""
        await self._connect()
        for place in ("requests", "answers", "dead"):
            await self._broker.declare_queue(self._queue(place))

    async def send(self, letter: Letter) -> None:
        """Send a message, and wait until it is on the server's disk."""
        name = self._queue(letter.place).name
        headers: Any = dict(letter.headers)
        try:
            await self._broker.publish(
                letter.body,
                name,
                headers=headers,
                correlation_id=headers.get(ID) or None,
                content_type="application/json",
                persist=True,
                timeout=_SENDING,
            )
        except DeliveryError:
            raise UnavailableError("it is full, or not there") from None
        except (AMQPException, ProtocolError, OSError, RuntimeError) as error:
            raise UnavailableError(str(error) or type(error).__name__) from None

    async def receive(self, place: Place, take: Take, most: int) -> None:  # noqa: ARG002 - the channel has its limit
        """Give each message of a queue to `take`."""
        subscriber = self._broker.subscriber(self._queue(place), ack_policy=AckPolicy.MANUAL, decoder=_whole)

        @subscriber
        async def handle(message: RabbitMessage) -> None:
            await take(_delivery(message))

        await self._broker.start()

    async def close(self) -> None:
        """Let go."""
        await self._broker.stop()

    async def _connect(self) -> None:
        while True:
            try:
                await self._broker.connect()
            except _FINAL:
                raise
            except OSError as error:
                self.trouble = str(error) or type(error).__name__
                await asyncio.sleep(_AGAIN)
            else:
                return

    def _queue(self, place: Place) -> RabbitQueue:
        arguments: Any = {"x-delivery-limit": _DELIVERIES}
        if place != "dead":
            # Refuses what is too much, rather than forget what is there.
            arguments |= {"x-max-length": self._settings.most_waiting, "x-overflow": "reject-publish"}
        return RabbitQueue(
            f"{self._settings.name}.{place}", queue_type=QueueType.QUORUM, durable=True, arguments=arguments
        )


async def _whole(message: RabbitMessage) -> RabbitMessage:
    return message


def _delivery(message: RabbitMessage) -> Delivery:
    count = message.headers.get("x-delivery-count", 0)

    async def again() -> None:
        await asyncio.sleep(_AGAIN)
        await message.nack(requeue=True)

    return Delivery(
        body=bytes(message.body),
        headers=texts(message.headers),
        deliveries=1 + (count if isinstance(count, int) else 0),
        done=message.ack,
        again=again,
        keep=_nothing,
    )


async def _nothing() -> None:
    """RabbitMQ waits for as long as the connection is there."""

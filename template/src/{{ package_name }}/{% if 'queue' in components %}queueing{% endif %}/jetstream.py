"""The queues in NATS JetStream: a stream each, on the server's disk."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from nats import errors
from nats.js.api import ConsumerConfig, DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import APIError, BadRequestError, NoStreamResponseError

from ..connections.environment import address_of
from .messages import ID, Delivery, Letter, Place, Take, TooLargeError, UnavailableError, texts
from .settings import Queue

#: Seconds until the server has a message on its disk, or has not.
_SENDING = 5.0
#: Seconds for which one asks for messages at a time.
_ASKING = 1.0
_AGAIN = 1.0


class JetStream:
    """The queues of one NATS server, or cluster."""

    def __init__(self, settings: Queue) -> None:
        """Raises `SettingsError` if a variable of the address is not set."""
        self._settings, self.trouble = settings, ""
        self._broker = NatsBroker(
            address_of(settings.url),
            logger=None,
            apply_types=False,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            graceful_timeout=10.0,
            error_cb=self._note,
        )

    async def open(self) -> None:
        """Connect, as soon as the server is there, and make the streams that are not; raises where it lets nobody in."""
        client: Any = await self._broker.connect()
        self._stream = client.jetstream(timeout=_SENDING)
        for place in ("requests", "answers", "dead"):
            config = StreamConfig(
                name=self._name(place),
                subjects=[self._subject(place)],
                retention=RetentionPolicy.WORK_QUEUE,
                # Refuses what is too much, rather than forget what is there.
                discard=DiscardPolicy.NEW,
                max_msgs=-1 if place == "dead" else self._settings.most_waiting,
                duplicate_window=120,
            )
            # One that is there may have been made otherwise, by whoever looks after the server.
            with suppress(BadRequestError):
                await self._stream.add_stream(config)

    async def send(self, letter: Letter) -> None:
        """Send a message, and wait until it is on the server's disk."""
        headers = dict(letter.headers)
        if letter.place == "requests":
            # What is sent twice within two minutes is kept once. Answers are not: a request that was mended has another one.
            headers["Nats-Msg-Id"] = headers[ID]
        try:
            await self._stream.publish(
                self._subject(letter.place), letter.body, _SENDING, self._name(letter.place), headers=headers
            )
        except errors.MaxPayloadError as error:
            raise TooLargeError(str(error)) from None
        except (errors.Error, APIError, NoStreamResponseError, OSError) as error:
            raise UnavailableError(str(error) or type(error).__name__) from None

    async def receive(self, place: Place, take: Take, most: int) -> None:
        """Give each message of a stream to `take`."""
        subscriber = self._broker.subscriber(
            self._subject(place),
            stream=JStream(self._name(place), declare=False),
            durable=f"{self._settings.name}_{place}",
            config=ConsumerConfig(ack_wait=self._settings.patience, max_deliver=-1, max_ack_pending=100 * most),
            pull_sub=PullSub(batch_size=most, timeout=_ASKING),
            max_workers=most,
            ack_policy=AckPolicy.MANUAL,
            decoder=_whole,
        )

        @subscriber
        async def handle(message: NatsMessage) -> None:
            await take(_delivery(message))

        await self._broker.start()

    async def close(self) -> None:
        """Let go."""
        await self._broker.stop()

    async def _note(self, error: Exception) -> None:
        """Why the server cannot be reached; the library tries again."""
        self.trouble = str(error) or type(error).__name__

    def _name(self, place: str) -> str:
        return f"{self._settings.name}_{place}"

    def _subject(self, place: str) -> str:
        return f"{self._settings.name}.{place}"


async def _whole(message: NatsMessage) -> NatsMessage:
    return message


def _delivery(message: NatsMessage) -> Delivery:
    async def again() -> None:
        await message.nack(delay=_AGAIN)

    return Delivery(
        body=bytes(message.body),
        headers=texts(message.headers),
        deliveries=message.raw_message.metadata.num_delivered or 1,
        done=message.ack,
        again=again,
        keep=message.in_progress,
    )

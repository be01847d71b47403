"""A topic of Kafka, consumed until somebody stops it: a place in it is kept only once everything before it is in files."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from ..connections.environment import expanded, hidden
from ..errors import DataError, SettingsError
from .lander import Lander
from .settings import KAFKA, Topic

#: Seconds between two looks at the time.
TICK = 0.2
#: Seconds until a broker that says nothing, or gives this consumer nothing to read, is given up.
PATIENCE = 60.0
_MECHANISMS = {"plain": SASLPlaintext, "scram-sha-256": SASLScram256, "scram-sha-512": SASLScram512}


class Consumption:
    """One consumer of a topic, from its start until it is told to stop, or fails.

    Args:
        lander: gets what it reads.
        until_idle: seconds without a message after which it stops by itself, if nothing is left to read.

    Raises:
        SettingsError: a variable is not set, or the authority's file cannot be read.
    """

    def __init__(self, lander: Lander, until_idle: float | None) -> None:
        self.lander, self.until_idle, settings = lander, until_idle, lander.settings
        self.failed: list[BaseException] = []
        self._watching: asyncio.Task[None] | None = None
        self._servers, self._security = [expanded(server) for server in settings.servers], _security(settings)
        self.broker = KafkaBroker(
            self._servers,
            security=self._security,
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
        )
        self.subscriber = self.broker.subscriber(
            lander.topic,
            group_id=settings.group,
            batch=True,
            batch_timeout_ms=int(1000 * TICK),
            max_records=settings.batch_rows,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=_as_it_is,
            decoder=_undecoded,
        )
        self.subscriber(self.handle)
        self.app = FastStream(
            self.broker,
            logger=None,
            on_startup=[self.require_topic],
            after_startup=[self.begin],
            on_shutdown=[self.end],
        )

    async def require_topic(self) -> None:
        """Ask for the topic without a subscription, by which many a broker would make it; raises `DataError`."""
        asking = AIOKafkaConsumer(bootstrap_servers=self._servers, **parse_security(self._security))
        try:
            await asking.start()
            topics = await asking.topics()
        finally:
            await asking.stop()
        if self.lander.topic not in topics:
            servers = ", ".join(self.lander.settings.servers)
            raise DataError(f"There is no topic {self.lander.topic} at {servers}.", f"Make it there, or mend {KAFKA}.")

    async def handle(self, records: Sequence[Any]) -> None:
        """Take messages; after a failure none, since all that is not landed comes again."""
        if not self.failed:
            await self._guarded(self.lander.take(records, self.subscriber.consumer))

    async def begin(self) -> None:
        """Look at the time from now on."""
        self._watching = asyncio.create_task(self._guarded(self._watch()))

    async def end(self) -> None:
        """Land what waits."""
        if self._watching:
            self._watching.cancel()
        if not self.failed:
            await self._guarded(self.lander.land(self.subscriber.consumer))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - FastStream would only log it, and go on
            self.failed.append(error)
            self.app.exit()

    async def _watch(self) -> None:
        lander, consumer = self.lander, self.subscriber.consumer
        assert consumer is not None
        begun = reading = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            if lander.due:
                await lander.land(consumer)
            now = time.monotonic()
            if not consumer.assignment():
                reading = now
            if self.until_idle is None:
                continue
            if reading - begun > PATIENCE:
                said = (
                    f"No partition of {lander.topic} was given to this consumer of the group {lander.settings.group}."
                )
                raise DataError(said, "See whether the group has more consumers than the topic has partitions.")
            if reading < now and now - max(lander.last, reading) >= self.until_idle and await _is_at_end(consumer):
                self.app.exit()
                return


async def _is_at_end(consumer: Any) -> bool:
    """Whether nothing is left to read; raises `DataError` if no broker says so."""

    async def ask() -> bool:
        ends = await consumer.end_offsets(consumer.assignment())
        return all([await consumer.position(partition) >= end for partition, end in ends.items()])

    try:
        return await asyncio.wait_for(ask(), PATIENCE)
    except TimeoutError:
        raise DataError("The brokers give no answer any more.", "See that they are up; then run it again.") from None


async def _as_it_is(records: tuple[Any, ...]) -> KafkaMessage:
    """Messages without their headers, which can be anything, and must not be in the way of a content."""
    return KafkaMessage(body=b"", headers={}, raw_message=records, consumer=FAKE_CONSUMER)


async def _undecoded(message: KafkaMessage) -> Any:
    return message.raw_message


def _security(settings: Topic) -> BaseSecurity | None:
    try:
        context = ssl.create_default_context(cafile=settings.ca) if settings.tls else None
    except OSError as error:
        raise SettingsError(f"{KAFKA}: {settings.ca} holds no authority: {error}.", f"Mend {KAFKA}.") from None
    if (login := settings.login) is None:
        return BaseSecurity(ssl_context=context, use_ssl=True) if settings.tls else None
    name, password = expanded(login.username), expanded(login.password)
    return _MECHANISMS[login.mechanism](name, password, ssl_context=context, use_ssl=settings.tls)


def consume(lander: Lander, until_idle: float | None) -> None:
    """Land a topic until Ctrl-C or SIGTERM, or until nothing is left to read and nothing came for some seconds.

    Raises:
        SettingsError: a variable is not set, or the authority's file cannot be read.
        DataError: the brokers cannot be reached or refuse, the topic is not there, or files cannot be written.
    """

    async def run() -> Sequence[BaseException]:
        consumption = Consumption(lander, until_idle)
        try:
            await consumption.app.run()
        except (KafkaError, OSError) as error:
            consumption.failed.append(error)
        finally:
            await consumption.broker.stop()
        return consumption.failed

    for error in asyncio.run(run()):
        if not isinstance(error, KafkaError | OSError):
            raise error
        settings = lander.settings
        secrets = [*settings.servers, *([settings.login.username, settings.login.password] if settings.login else [])]
        said = hidden(str(error) or type(error).__name__, secrets)
        raise DataError(f"{', '.join(settings.servers)}: {said}", f"See that they are up and let you in, and {KAFKA}.")

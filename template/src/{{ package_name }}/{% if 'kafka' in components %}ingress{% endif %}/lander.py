"""Messages that wait until they are enough, or have waited long enough, to be files."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from ..counts import counted
from .landing import DEAD, Message, land
from .settings import Topic


@dataclass
class Lander:
    """Messages of a topic that wait to be landed, by partition.

    Args:
        folder: of the topic's files.
        topic: its name.
        settings: how it is landed.
        say: prints a line.
    """

    folder: Path
    topic: str
    settings: Topic
    say: Callable[[str], None]
    rows: int = 0
    dead: int = 0
    #: When the last message came, and the first of those that wait; by a clock that only goes on.
    last: float = field(default_factory=time.monotonic)
    since: float = 0.0
    _waiting: dict[int, list[Message]] = field(default_factory=dict)
    _landing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, records: Iterable[Any], consumer: Any) -> None:
        """Keep messages, and land all if they are enough; raises `DataError` if they cannot be written."""
        self.last = time.monotonic()
        if not self._waiting:
            self.since = self.last
        for record in records:
            message = Message(record.partition, record.offset, record.timestamp, record.value)
            self._waiting.setdefault(message.partition, []).append(message)
        if sum(map(len, self._waiting.values())) >= self.settings.batch_rows:
            await self.land(consumer)

    @property
    def due(self) -> bool:
        """Whether messages have waited long enough."""
        return bool(self._waiting) and time.monotonic() - self.since >= self.settings.batch_seconds

    async def land(self, consumer: Any) -> None:
        """Write what waits, and only then tell the brokers; raises `DataError` if it cannot be written."""
        async with self._landing:
            landed, self._waiting = self._waiting, {}
            if not landed:
                return
            dead = sum(land(self.folder, messages, self.settings.fields) for messages in landed.values())
            rows = sum(map(len, landed.values())) - dead
            places = {
                TopicPartition(self.topic, partition): messages[-1].offset + 1 for partition, messages in landed.items()
            }
            try:
                await consumer.commit(places)
            except (KafkaError, IllegalStateError):
                # Another consumer has the partition now and reads them again, or this one does: a file more, and no row less.
                self.say("          the brokers did not take note: these messages may come again")
            self.rows, self.dead = self.rows + rows, self.dead + dead
            beside = f", {dead} in {self.folder / DEAD}" if dead else ""
            self.say(f"land      {counted(rows, 'message')} of {self.topic} in {self.folder}{beside}")

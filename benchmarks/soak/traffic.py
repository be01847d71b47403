"""Clients that hold each answer to what it should have been."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from .asks import Ask
from .found import Found, Given
from .services import Server


@dataclass(kw_only=True)
class Traffic:
    """Clients that ask one service, then the other, until it is over."""

    servers: tuple[Server, Server]
    asks: Sequence[Ask]
    found: Found
    over: float

    @property
    def is_over(self) -> bool:
        """Whether nothing new is to begin."""
        return time.monotonic() >= self.over

    async def client(self, number: int) -> None:
        """Ask one service, then the other, some requests on a connection, for as long as it lasts."""
        chosen = random.Random(number)  # noqa: S311 - the same requests each time
        names = (f"{number}-{count}" for count in itertools.count())
        for server in itertools.cycle(self.servers):
            if self.is_over:
                return
            process = server.process.pid
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                await asyncio.sleep(0.01)
                continue  # nobody listens, and it knows: a balancer goes to the next
            try:
                while chosen.random() > 0.01 and not self.is_over:
                    if not await self.ask(chosen.choice(self.asks), next(names), process, reader, writer):
                        break
            finally:
                writer.close()

    async def ask(
        self, ask: Ask, name: str, process: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Ask, and note what came of it; whether the connection goes on."""
        began = time.monotonic()
        try:
            writer.write(ask.encoded(name))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            if process in self.found.killed:
                self.found.lost.append(process)
            else:
                self.found.failures.append(f"{ask.head.partition(' HTTP')[0]}: {error!r}")
            return False
        now = time.monotonic()
        status = int(head[9:12])
        self.found.seconds.append(now - began)
        self.found.statuses[status] += 1
        if status != ask.status:
            self.found.failures.append(f"{ask.head.partition(' HTTP')[0]}: {status} instead of {ask.status}")
        elif ask.rows:
            self.found.given[name] = Given(process=process, moment=now, rows=ask.rows)
        return b"connection: close" not in head

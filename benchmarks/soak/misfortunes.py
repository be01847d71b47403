"""What goes wrong while clients ask."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from .found import Found
from .services import Server

#: Between two things that go wrong.
PAUSE_SECONDS = 3.0


@dataclass(kw_only=True)
class Misfortunes:
    """All that can go wrong, one thing after the other."""

    steady: Server
    mortal: Server
    models: Sequence[bytes]
    found: Found
    over: float
    slow: list[asyncio.Task[None]] = field(default_factory=list)

    async def happen(self) -> None:
        """One thing after the other goes wrong."""
        versions = itertools.cycle(self.models)
        misfortunes: list[Callable[[], Awaitable[None]]] = [
            lambda: self.publish(next(versions)),
            self.crowd,
            lambda: self.publish(os.urandom(5000), then=next(versions)),
            self.kill,
            self.move_files_of_log,
            lambda: self.publish(b"", then=next(versions)),
            self.restart,
        ]
        for misfortune in itertools.cycle(misfortunes):
            await asyncio.sleep(min(PAUSE_SECONDS, max(0.0, self.over - time.monotonic())))
            if time.monotonic() >= self.over:
                return
            await misfortune()

    async def publish(self, content: bytes, then: bytes | None = None) -> None:
        """Another model, or garbage, which a good one replaces before anybody starts with it."""
        place = self.steady.folder / "model.onnx"
        if then is None:
            self.found.happened["models replaced"] += 1
            (place.parent / "next").write_bytes(content)
            (place.parent / "next").replace(place)
            return
        self.found.happened["models replaced by garbage"] += 1
        place.write_bytes(content)
        await asyncio.sleep(PAUSE_SECONDS)
        await self.publish(then)

    async def kill(self) -> None:
        """A service dies in the middle of its work."""
        self.found.happened["kill -9"] += 1
        self.found.killed[self.mortal.process.pid] = time.monotonic()
        self.mortal.process.kill()

    async def restart(self) -> None:
        """A service is asked to end."""
        await self.mortal.until_ready()
        self.found.happened["SIGTERM"] += 1
        process = self.mortal.process
        process.terminate()
        if code := await asyncio.to_thread(process.wait, 60):
            self.found.failures.append(f"SIGTERM ended a service with {code}")

    async def supervise(self) -> None:
        """Start the service that has ended again; one that finds garbage in the place of its model ends, too."""
        while True:
            await asyncio.sleep(0.1)
            if self.mortal.process.poll() is not None:
                self.mortal.start()

    async def crowd(self) -> None:
        """Clients that send the half of a head or of a body, or read nothing, until they are sent away."""
        self.found.happened["crowds of slow clients"] += 1
        half = [b"GET / HTTP/1.1\r\nHost:", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{", b""]
        never_read = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100

        async def slow(port: int, sent: bytes) -> None:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
                try:
                    writer.write(sent)
                    await (asyncio.sleep(15) if sent == never_read else reader.read())
                finally:
                    writer.transport.abort()

        ports = (self.steady.port, self.mortal.port)
        self.slow += [asyncio.create_task(slow(port, sent)) for port in ports for sent in [*half, never_read] * 10]

    async def move_files_of_log(self) -> None:
        """As whoever collects them does, under the hands of who writes them."""
        self.found.happened["files of the log moved"] += 1
        collected = self.steady.folder / "collected"
        collected.mkdir(exist_ok=True)
        for path in (self.steady.folder / "logs").glob("*.jsonl"):
            path.rename(collected / path.name)

    async def end(self) -> None:
        """Send the slow clients away."""
        for task in self.slow:
            task.cancel()
        await asyncio.gather(*self.slow, return_exceptions=True)

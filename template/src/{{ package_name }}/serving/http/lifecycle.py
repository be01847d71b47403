"""From the first request to the last: uvicorn's server, with an end at which no request is lost.

A stop has four steps. Readiness says 503 while everything is still answered (drain); nobody new is let in; whoever has
connected may send what he has begun (settle); requests under way are answered (grace).
"""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from .connection import Connection
from .connections import Connections, Phase

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Each is a file more than the connections that are counted.
_MOST_ACCEPTING = 16
_STEP_SECONDS = 0.02
# What a shell reports of a program that a signal has ended.
_ENDED_BY_SIGNAL = 128

logger = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Serves on one listening socket."""

    def __init__(self, app: ASGIApp, connections: Connections, on_leave: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=cast("type[Connection]", self._connect),  # it is only ever called
            ws="none",
            # /metrics counts requests; a line a request costs a quarter of the throughput.
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            # Nothing here asks who the client is, and headers that claim it are not to be believed.
            proxy_headers=False,
        )
        super().__init__(config)
        self._connections = connections
        self._on_leave = on_leave
        self._drained_at = 0.0
        self._accepting: set[asyncio.Task[Any]] = set()

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until a signal says stop."""
        # Uvicorn closes its copy to accept no more; those who wait at ours are let in first.
        self._listener = listener
        listener.settimeout(0)
        self.run(sockets=[listener.dup()])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals until the end: they have done their work then, and the process ends with 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Begin to stop; a second signal ends the process at once."""
        if self.should_exit:
            os._exit(_ENDED_BY_SIGNAL + sig)
        # A person at a keyboard does not wait for load balancers.
        drain = self._connections.limits.drain_seconds if sig == signal.SIGTERM else 0
        self._drained_at = time.monotonic() + drain
        self._connections.closing = True
        self._on_leave()
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections, and say whether it is time to close."""
        self._connections.sweep()
        is_over = await super().on_tick(counter)
        return is_over and time.monotonic() >= self._drained_at

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let those in who have connected, answer what is under way, and close."""
        connections, limits = self._connections, self._connections.limits
        connections.closing = True
        for server in self.servers:
            server.close()
        for copy in sockets or []:
            copy.close()
        self._accept(self.config.backlog)
        self._listener.close()
        while self._accepting:
            await asyncio.wait(self._accepting)
        settled = time.monotonic() + limits.settle_seconds
        end = settled + limits.grace_seconds
        while (time.monotonic() < settled and len(connections)) or (time.monotonic() < end and self._is_owing()):
            connections.sweep()
            self._expire(Phase.IDLE)
            if time.monotonic() >= settled:
                self._expire(Phase.HEAD)
            await asyncio.sleep(_STEP_SECONDS)
        if self._is_owing():
            logger.warning("Requests that did not end were given up")
        for phase in Phase:
            for connection in connections.within(phase):
                connection.abort()
        await self.lifespan.shutdown()

    def _is_owing(self) -> bool:
        """Whether anybody may still get an answer: not those who have got their last one."""
        return len(self._connections) > len(self._connections.within(Phase.LEAVING))

    def _expire(self, phase: Phase) -> None:
        for connection in self._connections.within(phase):
            connection.expire(phase)

    def _connect(self, **_: object) -> Connection:
        """Make the connection of a client that the event loop has accepted: it accepts one a round, so help it."""
        self._accept(_MOST_ACCEPTING - len(self._accepting))
        return self._new_connection()

    def _accept(self, count: int) -> None:
        """Take over those who wait at our listener."""
        loop = asyncio.get_running_loop()
        # There is nobody, or nothing left to accept with; the event loop will see to it.
        with suppress(OSError):
            for _ in range(count):
                client, _ = self._listener.accept()
                task = loop.create_task(loop.connect_accepted_socket(self._new_connection, client))
                self._accepting.add(task)
                task.add_done_callback(self._accepting.discard)

    def _new_connection(self) -> Connection:
        return Connection(self._connections, self.config, self.server_state, self.lifespan.state)

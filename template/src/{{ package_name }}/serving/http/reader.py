"""Reading requests: uvicorn's protocol, which parses with llhttp, given limits on what a client can make it keep.

This file and ``connection.py`` know uvicorn's inside; their contract tests tell when a new release has another one.
"""

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ..problems import Problem
from ..rest.hot import Hot
from .intake import Intake, fault_of_head, without_upgrade
from .limits import Limits
from .refusals import INVALID, PIPELINED
from .short import Short, is_short

# So little is parsed at a time that what is over a limit is noticed before it takes memory.
_HEAD_PIECE = 2 * 1024
_BODY_PIECE = 16 * 1024


class _RefusedError(Exception):
    """Raised inside the parser, which ends it."""


class Reader(HttpToolsProtocol):
    """Turns bytes into requests, one piece at a time, and refuses those that break a limit."""

    def __init__(
        self,
        limits: Limits,
        short: Mapping[bytes, Hot],
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._short = short
        self._intake = Intake(limits)
        # Requests whose headers have been read and whose answer has not been written, in order.
        self._open: deque[RequestResponseCycle | Short] = deque()
        self._held = b""  # what came behind them
        self._is_deaf = False  # nothing more is parsed, because of a fault
        self._is_renewed = False  # one more request or answer is complete: waiting begins anew
        self._fault = INVALID

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Start to count."""
        # What uvicorn prepares for its cycle is prepared when it is known that there is to be one.
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._intake.begin()

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is refused."""
        method = self.parser.get_method()
        fault = fault_of_head(self.parser.get_http_version(), self.url, self.headers, self._limits)
        if method == b"CONNECT":
            fault = INVALID
        elif fault is None and len(self._open) >= self._limits.pipelined:
            fault = PIPELINED
        if fault is not None:
            self._fault = fault
            raise _RefusedError
        if self.parser.should_upgrade():
            return  # the parser stops here: see _without_upgrade
        hot = self._short.get(self.url) if method == b"POST" else None
        if hot is not None and is_short(self.headers):
            self._start_short(hot)
        else:
            self._start_cycle()
        self._intake.begin_body()
        # Trailers are read and forgotten: nobody may change the headers that the application has seen.
        self.headers = []
        self._open.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        """Count the bytes of the body."""
        self._intake.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no longer."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._intake.end()
        self._is_renewed = True
        self._begin_first()

    # How it is done.

    def _start_cycle(self) -> None:
        """Let uvicorn run the application for a request whose head is complete."""
        url, headers, is_expecting = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, is_expecting
        self.scope["headers"] = headers
        super().on_headers_complete()

    def _start_short(self, hot: Hot) -> None:
        """Take a request that is answered without a task, when it is its turn and all of it is there."""
        before = self.cycle
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self.cycle = short = cast("Any", Short(hot, self.headers, keep_alive=keep_alive, write=self._write_short))
        if before is not None and not before.response_complete:
            self.flow.pause_reading()
            self.pipeline.appendleft((short, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle | Short, app: Any) -> None:
        if isinstance(cycle, Short):
            self._begin_first()
        else:
            super()._start_asgi_task(cycle, app)

    def _begin_first(self) -> None:
        """Answer the first request that is open, if it is a short one, and the client takes what is there for it."""
        first = self._open[0] if self._open else None
        if isinstance(first, Short) and not self.flow.write_paused:
            first.begin(self.loop, self.client)

    @abstractmethod
    def _write_short(self, short: Short, head: bytes, body: bytes) -> None:
        """Write the answer to a request that has no task."""

    @abstractmethod
    def _refuse(self, problem: Problem) -> None:
        """Answer what has arrived completely, then say what is wrong with the rest, and close."""

    def _hold(self, data: bytes) -> None:
        self._held = data
        self.transport.pause_reading()

    def _feed(self, data: bytes) -> None:
        start = 0
        while start < len(data) and not self._is_deaf:
            if self.pipeline:
                self._hold(data[start:])
                return
            piece = data[start : start + (_BODY_PIECE if self._intake.in_body else _HEAD_PIECE)]
            start += len(piece)
            self._parse(piece)

    def _parse(self, piece: bytes) -> None:
        rest = piece
        while rest:
            try:
                self.parser.feed_data(rest)
                break
            except httptools.HttpParserUpgrade as upgrade:
                rest = self._without_upgrade() + rest[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._refuse(self._fault)
                return
        fault = self._intake.fault_after(len(piece), self.url if self._intake.in_head else b"")
        if fault is not None:
            self._refuse(fault)

    def _without_upgrade(self) -> bytes:
        """Return the head just parsed for a new parser: the one that met an upgrade would not read the body."""
        head = without_upgrade(self.parser.get_method(), self.url, self.parser.get_http_version(), self.headers)
        self.parser = httptools.HttpRequestParser(self)
        return head


def give_up(cycle: RequestResponseCycle | Short) -> None:
    """Let who answers know that nobody listens."""
    if isinstance(cycle, Short):
        cycle.abandon()
    else:
        cycle.disconnected = True
        cycle.message_event.set()

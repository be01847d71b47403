"""One HTTP/1.1 connection: what it waits for, how its answers are written, and how it ends without losing one."""

import asyncio
from typing import Any, cast

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from ..problems import Problem
from .connections import Connections, Phase
from .reader import Reader, give_up
from .refusals import BUSY, SLOW, refusal
from .short import Short
from .transport import ClosingTransport

# They wait for nobody: a platform restarts a service that does not answer them. No platform asks twice at once.
_PROBES = frozenset({"/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"})
# So much may be pipelined requests that are parsed in one go, or far more of a body.
_LARGE_BYTES = 4 * 1024
# About what a request takes that waits for those before it.
_QUEUED_BYTES = 4 * 1024
# Whoever keeps less is not counted: that is most of all requests, and little even from all connections together.
_COUNTED_BYTES = 16 * 1024


class Connection(Reader):
    """A client's connection."""

    transport: ClosingTransport

    def __init__(
        self,
        room: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(room.limits, room.short, config, server_state, app_state, _loop)
        self._application = cast("ASGIApp", self.app)
        self.app = self._answer
        self._room = room
        self._phase = Phase.HEAD
        self._kept_bytes = self._discarded_bytes = 0
        self._has_ended = False  # the client has
        self._farewell: Problem | None = None

    # What the event loop tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it when there is no room."""
        super().connection_made(ClosingTransport(transport, self._leave, self._may_read))
        if not self._room.admit(self):
            self._refuse(BUSY)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let those who still answer know that nobody listens."""
        super().connection_lost(exc)
        for cycle in self._open:
            give_up(cycle)
        self.pipeline.clear()
        self._room.forget(self)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay open for the answers to what has arrived completely."""
        self._has_ended = True
        return self._phase is not Phase.LEAVING and (bool(self._held) or self._close_behind_complete())

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, or keep it until the requests before it are answered."""
        if self._is_deaf or self._phase is Phase.LEAVING:
            self._discarded_bytes += len(data)
            if self._discarded_bytes > self._limits.linger_bytes:
                self.abort()
            return
        if self._held or self.pipeline:
            self._hold(self._held + data)
        elif len(data) > _LARGE_BYTES:
            self._hold(data)
            self._room.reads.take(self._release)
        else:
            self._feed(data)
        self._settle()

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        self._settle()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        self._begin_first()
        self._settle()

    # What the application tells.

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._open:
            return  # its body was refused in the meantime
        cycle = self._open[0]

        async def write(message: Message) -> None:
            if cycle.disconnected:
                raise ClientDisconnect
            if message["type"] == "http.response.start" and (cycle.more_body or self._room.closing):
                cycle.keep_alive = False
            await send(message)

        if scope["path"] not in _PROBES or self.pipeline or self._held:
            await self._room.answers.wait()
        await self._application(scope, receive, write)

    def on_response_complete(self) -> None:
        """Go on with the request that was sent behind this one."""
        self._open.popleft()
        self._go_on()
        if self._phase is Phase.LEAVING:
            return
        self._is_renewed = True
        self._release()
        if self._farewell is not None and not self._open:
            self._say(self._farewell)
        self._settle()

    # What the service tells.

    def expire(self, phase: Phase) -> None:
        """End a connection that has waited in ``phase`` for as long as it may."""
        if phase in (Phase.STUCK, Phase.LEAVING):
            self.abort()
        elif phase is Phase.BODY or self._intake.in_head:
            self._refuse(SLOW)
        else:
            self._leave()

    def abort(self) -> None:
        """End at once."""
        self.transport.abort()

    # How it is done.

    def _go_on(self) -> None:
        """What uvicorn does behind an answer, but for its timer: the room looks after who is idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def _write_short(self, short: Short, head: bytes, body: bytes) -> None:
        if self._room.closing:
            short.keep_alive = False
        close = b"" if short.keep_alive else b"connection: close\r\n"
        always = self._room.written(self.server_state.default_headers)
        self.transport.write(b"%b%b%bcontent-length: %d\r\n\r\n%b" % (head, always, close, len(body), body))
        short.response_started = short.response_complete = True
        if not short.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _may_read(self) -> bool:
        return not self._held and not self._has_ended

    def _release(self) -> None:
        """Go on with what is held, if it is its turn."""
        if not self._held or self.pipeline or self._phase is Phase.LEAVING:
            return
        held, self._held = self._held, b""
        self._feed(held)
        if self._held:
            return
        self._settle()
        if self._has_ended and not self._close_behind_complete():
            self._leave()
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def _settle(self) -> None:
        """Tell the room what this connection waits for now, and how much it keeps."""
        if self._phase is Phase.LEAVING:
            return
        if self.flow.write_paused:
            phase = Phase.STUCK
        elif self._intake.in_body:
            phase = Phase.BODY
        elif self._intake.in_head:
            phase = Phase.HEAD
        else:
            # What is held has arrived: it waits for its turn, not for the client.
            phase = Phase.ANSWER if self._open or self._held else Phase.IDLE
        if phase is not self._phase or self._is_renewed:
            self._is_renewed = False
            self._phase = phase
            self._room.enter(self, phase)
        body = self._intake.body_bytes if self._open else 0
        kept = len(self._held) + body + len(self.pipeline) * _QUEUED_BYTES
        if max(kept, self._kept_bytes) > _COUNTED_BYTES:
            self._kept_bytes = kept
            self._room.hold(self, kept)

    def _close_behind_complete(self) -> bool:
        """Make the answer to the last complete request the last of all; says whether there is one."""
        complete = [cycle for cycle in self._open if not cycle.more_body]
        if complete:
            complete[-1].keep_alive = False
        return bool(complete)

    def _refuse(self, problem: Problem) -> None:
        """Answer what has arrived completely, then say what is wrong with the rest, and close."""
        self._is_deaf = True
        self._held = b""
        if self._intake.in_body:
            rest = self._open.pop()
            give_up(rest)
            if self.pipeline and self.pipeline[0][0] is rest:
                self.pipeline.popleft()
            if rest.response_started:
                self._leave()
                return
        self._intake.end()
        self._farewell = problem
        if not self._open:
            self._say(problem)

    def _say(self, problem: Problem) -> None:
        self.transport.write(refusal(problem, self.server_state.default_headers))
        self._room.on_refusal(problem.status)
        self._leave()

    def _leave(self) -> None:
        """Send the rest, and close."""
        if self._phase is Phase.LEAVING:
            return
        is_sending = self._is_deaf or self._intake.in_body or self._intake.in_head or bool(self._held)
        self._phase = Phase.LEAVING
        self._held = b""
        self._room.hold(self, 0)
        is_sent = self.transport.end(is_sending=is_sending and not self._has_ended)
        self._room.enter(self, Phase.LEAVING if is_sent else Phase.STUCK)

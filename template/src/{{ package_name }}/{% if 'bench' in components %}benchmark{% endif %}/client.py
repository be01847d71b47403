"""Requests as fast as they are answered, or as often as they are said to come; raw HTTP, for a client that is slow measures itself."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from .target import Target

#: Who asks more often than is answered has no more connections than this; the rest waits, and its wait is counted.
MOST_CONNECTIONS = 256
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
# Timers are about so coarse.
_COARSE_SECONDS = 0.002


@dataclass
class Window:
    """What was measured.

    Args:
        seconds: from the first request to the last answer.
        times: that each answer took, in seconds, in order of the answers.
        failed: answers with another status than 2xx, and requests that got none.
    """

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    failed: int = 0


class Caller(asyncio.Protocol):
    """One connection, that asks for one thing at a time."""

    def __init__(self, request: bytes, done: Callable[[Caller, int], None]) -> None:
        """Tell `done` the status of each answer; 0 when the connection is gone."""
        self._request = request
        self._done = done
        self._data = b""
        self.since = 0.0
        self.is_asking = False
        self.is_gone = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection."""
        self._transport = transport

    def ask(self, since: float) -> None:
        """Send the request; its time is counted from `since`."""
        assert self._transport is not None
        self.since = since
        self.is_asking = True
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Look whether the answer is complete."""
        self._data += data
        end = self._data.find(_END)
        if end < 0:
            return
        head = self._data[:end].lower()
        place = head.find(_LENGTH)
        length = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(self._data) < end + len(_END) + length:
            return
        status = int(self._data[9:12])
        self._data = b""
        self.is_asking = False
        self._done(self, status)

    def connection_lost(self, _: Exception | None) -> None:
        """Say that there is no answer, if there should have been one."""
        self.is_gone = True
        if self.is_asking:
            self.is_asking = False
            self._done(self, 0)

    def close(self) -> None:
        """End."""
        if self._transport is not None:
            self._transport.close()


def request_of(target: Target, body: bytes, authorization: str | None = None) -> bytes:
    """A request to predict."""
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.host}", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *([f"Authorization: {authorization}"] if authorization else [])]
    return "\r\n".join(lines).encode("ascii") + _END + body


async def closed_loop(target: Target, request: bytes, connections: int, seconds: float) -> Window:
    """Each connection asks again as soon as it is answered."""
    window = Window()
    finished = asyncio.Event()
    asking = connections
    begin = time.perf_counter()

    def done(caller: Caller, status: int) -> None:
        nonlocal asking
        now = time.perf_counter()
        _count(window, status, now - caller.since)
        if now - begin < seconds and not caller.is_gone:
            caller.ask(now)
            return
        asking -= 1
        if not asking:
            finished.set()

    callers = await _connected(target, request, connections, done)
    begin = time.perf_counter()
    for caller in callers:
        caller.ask(time.perf_counter())
    await finished.wait()
    window.seconds = time.perf_counter() - begin
    for caller in callers:
        caller.close()
    return window


async def open_loop(target: Target, request: bytes, rate: float, seconds: float) -> Window:
    """Requests come at a rate, whether those before them are answered or not; the time of each runs from when it was due."""
    arrivals = _Arrivals(max(1, round(rate * seconds)))
    callers = await _connected(target, request, max(1, min(MOST_CONNECTIONS, round(rate))), arrivals.done)
    arrivals.free.extend(callers)
    begin = time.perf_counter()
    for number in range(arrivals.left):
        due = begin + number / rate
        await _until(due)
        arrivals.come(due)
    await arrivals.finished.wait()
    arrivals.window.seconds = time.perf_counter() - begin
    for caller in callers:
        caller.close()
    return arrivals.window


class _Arrivals:
    """Those that have come, and the connections that are free for them."""

    def __init__(self, left: int) -> None:
        self.window = Window()
        self.left = left
        self.free: deque[Caller] = deque()
        self.finished = asyncio.Event()
        self._late: deque[float] = deque()
        self._coming = left

    def come(self, due: float) -> None:
        """Ask now, or as soon as a connection is free."""
        self._coming -= 1
        while self.free and self.free[0].is_gone:
            self.free.popleft()
        if self.free:
            self.free.popleft().ask(due)
        else:
            self._late.append(due)
            self._give_up()

    def done(self, caller: Caller, status: int) -> None:
        """Count an answer, and ask for what is late."""
        now = time.perf_counter()
        _count(self.window, status, now - caller.since)
        self.left -= 1
        if caller.is_gone:
            self._give_up()
        elif self._late:
            caller.ask(self._late.popleft())
        else:
            self.free.append(caller)
        if not self.left:
            self.finished.set()

    def _give_up(self) -> None:
        """Count what is late as failed, if no connection is left that could ask."""
        if self.left > len(self._late) + self._coming:
            return  # some are under way
        self.window.failed += len(self._late)
        self.left -= len(self._late)
        self._late.clear()
        if not self.left:
            self.finished.set()


async def _until(due: float) -> None:
    while (ahead := due - time.perf_counter()) > 0:  # noqa: ASYNC110 - to sleep until then would be late by a timer's step
        await asyncio.sleep(ahead - _COARSE_SECONDS if ahead > 2 * _COARSE_SECONDS else 0)


async def _connected(
    target: Target, request: bytes, connections: int, done: Callable[[Caller, int], None]
) -> list[Caller]:
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(connections):
        _, caller = await loop.create_connection(lambda: Caller(request, done), target.address, target.port)
        callers.append(caller)
    return callers


def _count(window: Window, status: int, seconds: float) -> None:
    if 200 <= status < 300:  # noqa: PLR2004 - as HTTP has them
        window.times.append(seconds)
    else:
        window.failed += 1

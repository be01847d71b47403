"""Requests that come by themselves, however long the answers take.

They come at random moments (a Poisson process), and each takes from the moment at which it was to be sent. wrk has no
rate, h2load sends what is due in bursts, 10 ms apart, and a client of asyncio is too slow: so a loop over sockets.
"""

from __future__ import annotations

import ctypes
import gc
import random
import select
import socket
import statistics
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from .bench import Bench, Row
from .load import Running, request

CONNECTIONS = 64
_PR_SET_TIMERSLACK = 29


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What came of requests: seconds from when each was to be sent to its answer, ordered, and how many have failed."""

    times: list[float]
    failed: int

    def within(self, percent: int) -> float:
        """So many of 100 took no longer."""
        return self.times[min(len(self.times) - 1, len(self.times) * percent // 100)]


def arrive(running: Running, rate: float, seconds: float) -> Arrived:
    """Send so many a second for so long, on connections that stay open; who finds none free waits for one."""
    # Without it the system may wake who sleeps 50 µs late.
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    free = deque(_connected(running.port) for _ in range(CONNECTIONS))
    gc.disable()
    try:
        return _sent(running.port, free, request(running.server, running.port), _moments(rate, seconds))
    finally:
        gc.enable()
        for connection in free:
            connection.close()


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _read(connection: socket.socket) -> bytes:
    """What has come; nothing if the connection is gone."""
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""


def _is_ended(connection: socket.socket) -> bool:
    """Whether the server has closed a connection on which it was asked nothing: it may, and says so first."""
    return bool(select.select([connection], [], [], 0)[0])


def _moments(rate: float, seconds: float) -> deque[float]:
    """When requests are to be sent, in seconds from the beginning."""
    chosen, moments, moment = random.Random(1), deque[float](), 0.0  # noqa: S311 - the same moments each time
    while (moment := moment + chosen.expovariate(rate)) < seconds:
        moments.append(moment)
    return moments


def _sent(port: int, free: deque[socket.socket], asked: bytes, moments: deque[float]) -> Arrived:
    """All requests at their moments, and their answers."""
    due: dict[socket.socket, float] = {}
    parts: dict[socket.socket, bytes] = {}
    times: list[float] = []
    failed, began = 0, time.perf_counter()
    while moments or due:
        now = time.perf_counter() - began
        while moments and free and moments[0] <= now:
            # In turn: a service lets go of whoever connects and asks nothing.
            connection = free.popleft()
            if _is_ended(connection):
                connection.close()
                connection = _connected(port)
            connection.send(asked)
            due[connection] = moments.popleft()
        wait = max(0.0, moments[0] - (time.perf_counter() - began)) if moments and free else 30.0
        ready, _, _ = select.select(list(due), [], [], wait)
        if not ready and wait == 30:
            return Arrived(times=sorted(times) or [30.0], failed=failed + len(due) + len(moments))
        for connection in ready:
            part = _read(connection)
            answer = parts.pop(connection, b"") + part
            if not part:
                connection.close()
                due.pop(connection)
                failed += 1
                free.append(_connected(port))
                continue
            if not _is_whole(answer):
                parts[connection] = answer
                continue
            times.append(time.perf_counter() - began - due.pop(connection))
            failed += answer[9:12] != b"200"
            free.append(connection)
    return Arrived(times=sorted(times), failed=failed)


def _is_whole(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    length = answer.lower().find(b"content-length:", 0, head)
    return head >= 0 and len(answer) == head + 4 + int(answer[length + 15 : answer.index(b"\r", length)])


def _at_half(bench: Bench, running: Running, saturation: float) -> tuple[float, float]:
    """How many times its median the 99th percentile is, and the median, in seconds."""
    half = [arrive(running, saturation / 2, bench.seconds) for _ in range(bench.rounds)]
    ratio = statistics.median(each.within(99) / each.within(50) for each in half)
    return ratio, statistics.median(each.within(50) for each in half)


def open_loops(bench: Bench, service: Running, limit: Running, saturations: tuple[float, float]) -> Iterator[Row]:
    """Requests that come by themselves: at half of what saturates, and 1,000 a second.

    Args:
        bench: how long, and how often.
        service: what is judged.
        limit: what stands beside it: how far the machine and this client delay what nothing else delays.
        saturations: requests a second of the service, and of the limit.
    """
    (ratio, median), (least, _) = (
        _at_half(bench, each, rate) for each, rate in zip((service, limit), saturations, strict=True)
    )
    yield Row(
        what=f"p99 at {saturations[0] / 2:,.0f} requests/s, half of saturation, of its p50", goal="≤ 3 ×",
        measured=f"{ratio:.1f} × ({median * 1e3:.2f} ms); the limit's own: {least:.1f} ×", met=ratio <= 3,
    )  # fmt: skip
    steady = arrive(service, 1000, bench.minute)
    tail = steady.within(99)
    yield Row(
        what=f"1,000 requests/s for {bench.minute:g} s, open loop: answered, p99", goal="all, ≤ 5 ms",
        measured=f"{f'{steady.failed} not' if steady.failed else 'all'}, {tail * 1e3:.1f} ms",
        met=not steady.failed and tail <= 0.005,
    )  # fmt: skip

"""What one client, or a thousand, can make the service keep, wait for or compute: health answers during each attack."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

#: About what no project changes, and slow: CI runs it, and `pytest -n 0 -m slow`.
pytestmark = pytest.mark.slow

Attack = Callable[[Any], list[socket.socket]]

CONNECTIONS = 100
ATTACKERS = 250
HEALTHY = 0.1
MEMORY = 60 * 1024 * 1024
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SHORT = {"head_seconds": 1, "body_seconds": 1, "stuck_seconds": 1, "idle_seconds": 1, "linger_seconds": 0.5}


@pytest.fixture(scope="module")
def service(start_service: Callable[..., Any]) -> Any:
    return start_service(connections=CONNECTIONS, buffered_bytes=8 * 1024 * 1024, **SHORT)


def crowd(service: Any, data: bytes) -> list[socket.socket]:
    """Many clients that each send the same and then wait."""
    clients = []
    for _ in range(ATTACKERS):
        client = service.connect()
        with contextlib.suppress(OSError):
            client.sendall(data)
        clients.append(client)
    return clients


def flood(service: Any, start: bytes, piece: bytes) -> list[socket.socket]:
    """One client that starts and then never stops sending, until it is stopped or has sent 100 MB."""
    client = service.connect(buffer=4096)
    with contextlib.suppress(OSError):
        client.sendall(start)
        for _ in range(100 * 1024 * 1024 // len(piece)):
            client.sendall(piece)
    return [client]


def greedy(service: Any) -> list[socket.socket]:
    """Clients that ask for much, all at once, and read nothing."""
    clients = []
    for _ in range(50):
        client = service.connect(buffer=4096)
        client.settimeout(0)
        with contextlib.suppress(OSError):
            for _ in range(50):
                client.send(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        clients.append(client)
    return clients


def drip(service: Any) -> list[socket.socket]:
    """Clients that send a header a byte at a time."""
    clients = crowd(service, b"GET /health/live HTTP/1.1\r\nX: ")
    for _ in range(3):
        time.sleep(0.1)
        for client in clients:
            with contextlib.suppress(OSError):
                client.send(b"x")
    return clients


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LARGE = b"x" * 65536
ATTACKS: dict[str, Attack] = {
    "connect and say nothing": lambda service: crowd(service, b""),
    "half a head": lambda service: crowd(service, b"GET / HTTP/1.1\r\nHost: x\r\n"),
    "a head byte by byte": drip,
    "half a body": lambda service: crowd(service, POST + b"Content-Length: 200000\r\n\r\n" + b"{" * 190_000),
    "half a chunk": lambda service: crowd(service, CHUNKED + b"ffff\r\n{"),
    "ask once and stay": lambda service: crowd(service, GET),
    "ask and never read": greedy,
    "an endless header": lambda service: flood(service, b"GET / HTTP/1.1\r\nX: ", LARGE),
    "endless headers": lambda service: flood(service, b"GET / HTTP/1.1\r\n", b"a: b\r\n" * 10_000),
    "an endless name of a header": lambda service: flood(service, b"GET / HTTP/1.1\r\n", LARGE),
    "an endless address": lambda service: flood(service, b"GET /", LARGE),
    "an endless method": lambda service: flood(service, b"", LARGE),
    "endless empty lines": lambda service: flood(service, b"", b"\r\n" * 30_000),
    "an endless extension of a chunk": lambda service: flood(service, CHUNKED + b"1;", LARGE),
    "endless trailers": lambda service: flood(service, CHUNKED + b"0\r\n", b"a: b\r\n" * 10_000),
    "an endless trailer": lambda service: flood(service, CHUNKED + b"0\r\na: ", LARGE),
    "tiny chunks": lambda service: flood(service, CHUNKED, b"1\r\n \r\n" * 10_000),
    "an endless body": lambda service: flood(service, CHUNKED, b"ffff\r\n" + b" " * 0xFFFF + b"\r\n"),
    "an endless body that nobody asked for": lambda service: flood(
        service, GET[:-2] + b"Content-Length: 999999999999\r\n\r\n", LARGE
    ),
    "endless pipelined requests": lambda service: flood(service, b"", GET * 1500),
    "endless pipelined heads": lambda service: flood(service, b"", b"GET / HTTP/1.1\r\nHost:\r\n\r\n" * 2500),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_health_answers_and_memory_is_bounded(service: Any, attack: Attack) -> None:
    before = service.memory()
    clients: list[socket.socket] = []
    thread = threading.Thread(target=lambda: clients.extend(attack(service)))
    thread.start()
    probes: list[float] = []
    while thread.is_alive() or len(probes) < 2:
        probes.append(service.health_seconds())
    thread.join()
    grown = service.memory() - before
    ended = all(ends_soon(client) for client in clients)
    assert sorted(probes)[len(probes) // 2] < HEALTHY
    assert grown < MEMORY
    assert ended, "a connection stays open"
    assert "Traceback" not in service.log()


def ends_soon(client: socket.socket) -> bool:
    """Take what is there; the service closes or resets the connection."""
    client.settimeout(5)
    with client:
        try:
            while client.recv(1024 * 1024):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
    return True


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"GET / HTTP/1.1\r\nHost:", b" 408 "),
        (GET + b"GET", b" 408 "),
        (POST + b"Content-Length: 9\r\n\r\n{", b" 408 "),
        (CHUNKED + b"1\r\n{\r\n", b" 408 "),
        (GET, b" 200 OK"),
    ],
    ids=["nothing", "an empty line", "half a head", "half a second head", "half a body", "half of chunks", "all"],
)
def test_who_is_too_slow_is_told_so_and_the_connection_ends(service: Any, sent: bytes, told: bytes) -> None:
    answer = service.ask(sent)
    assert told in answer
    assert bool(answer) == bool(told)


def test_who_reads_slowly_but_steadily_gets_all(service: Any) -> None:
    with service.connect(buffer=4096) as client:
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 60 + LAST)
        received = b""
        while part := client.recv(16384):
            received += part
            time.sleep(0.005)
    assert received.count(b"HTTP/1.1 200 OK") == 61


def test_more_clients_than_files_do_not_make_it_deaf(start_service: Callable[..., Any]) -> None:
    service = start_service(files=128)
    with contextlib.ExitStack() as stack:
        for client in crowd(service, b"GET / HTTP/1.1\r\n"):
            stack.enter_context(client)
        computed = service.cpu_seconds()
        assert service.health_seconds() < HEALTHY
        time.sleep(0.5)
        assert service.cpu_seconds() - computed < 0.4, "it spins"
    assert "Traceback" not in service.log()


def test_who_never_reads_a_file_of_the_page_does_not_use_up_the_files(start_service: Callable[..., Any]) -> None:
    service = start_service(files=192)
    script = "/static-offline-docs/swagger-ui-bundle.js"
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            client = stack.enter_context(service.connect(buffer=4096))
            client.sendall(f"GET {script} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 10)
        for _ in range(20):
            assert b"alive" in service.get("/health/live")
        assert b" 503 " in service.get(script)
    assert "Traceback" not in service.log()
    deadline = time.monotonic() + 10
    while b" 200 OK" not in service.get(script):
        assert time.monotonic() < deadline


def test_a_connection_that_keeps_us_waiting_makes_room_before_one_that_does_not(
    start_service: Callable[..., Any],
) -> None:
    service = start_service(connections=20)
    with service.connect() as polite, contextlib.ExitStack() as stack:
        for _ in range(19):
            stack.enter_context(service.connect()).sendall(b"GET")
        time.sleep(1.1)  # from here on they are no longer taken for fresh
        for _ in range(10):
            assert b"alive" in service.ask_on(polite, GET)
            stack.enter_context(service.connect()).sendall(b"GET")
            assert b"alive" in service.get("/health/live")
    assert service.counted(503) > 0

"""How the service ends: it says so first, answers what it was asked, and is gone soon."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

#: About what no project changes, and slow: CI runs it, and `pytest -n 0 -m slow`.
pytestmark = pytest.mark.slow

StartService = Callable[..., Any]

READY = b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
CLIENTS = 32


def request(row: dict[str, Any], rows: int = 1) -> bytes:
    body = json.dumps({"instances": [row] * rows}).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class Client(threading.Thread):
    """Asks again and again, on a new connection when it is told that this one closes, until it is told to go away."""

    def __init__(self, service: Any, data: bytes) -> None:
        super().__init__()
        self.service = service
        self.data = data
        self.answers = 0
        self.failure: str | None = None

    def run(self) -> None:
        try:
            while self.ask_until_closed():
                pass
        except ConnectionRefusedError:
            return  # nobody listens any more, and the client knows that it was not heard
        except OSError as error:
            self.failure = repr(error)

    def ask_until_closed(self) -> bool:
        with self.service.connect() as client:
            while True:
                answer = self.service.ask_on(client, self.data)
                if b" 200 OK" not in answer:
                    self.failure = f"answered {answer!r}"
                    return False
                self.answers += 1
                if b"connection: close" in answer:
                    assert client.recv(1) == b""
                    return not self.is_leaving()

    def is_leaving(self) -> bool:
        return b" 503 " in self.service.get("/health/ready")


def test_no_request_is_lost_while_it_ends(start_service: StartService, row: dict[str, Any]) -> None:
    service = start_service()
    clients = [Client(service, request(row)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    while any(client.answers < 5 for client in clients):
        time.sleep(0.01)
    started = time.monotonic()
    assert service.stop() == 0
    seconds = time.monotonic() - started
    for client in clients:
        client.join(timeout=20)
    assert [client.failure for client in clients if client.failure] == []
    assert seconds < 5
    assert "Traceback" not in service.log()


def test_what_has_arrived_and_waits_for_its_turn_is_answered(start_service: StartService, row: dict[str, Any]) -> None:
    service = start_service(drain_seconds=0)
    data = request(row, 500)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(service.connect()) for _ in range(200)]
        assert all(b" 200 OK" in service.ask_on(client, READY) for client in clients)
        service.process.send_signal(signal.SIGSTOP)
        for client in clients:
            client.sendall(data)
        service.process.send_signal(signal.SIGTERM)
        service.process.send_signal(signal.SIGCONT)
        answers = [client.recv(12) for client in clients]
    assert answers == [b"HTTP/1.1 200"] * len(clients)
    assert service.process.wait(timeout=20) == 0


def test_readiness_says_so_at_once_and_all_is_still_answered(start_service: StartService, row: dict[str, Any]) -> None:
    service = start_service(drain_seconds=20)
    with service.connect() as kept, service.connect() as probe:
        assert b" 200 OK" in service.ask_on(kept, READY)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: b" 503 " in service.get("/health/ready"))
        assert b" 200 OK" in service.get("/health/live")
        answer = service.ask_on(kept, request(row))
        assert b" 200 OK" in answer
        assert b"connection: close" in answer
        assert kept.recv(1) == b""
        assert b"connection: close" in service.ask_on(probe, READY)


def test_an_idle_service_ends_soon(start_service: StartService) -> None:
    service = start_service()
    with service.connect() as idle, service.connect() as silent, service.connect() as half:
        service.ask_on(idle, READY)
        half.sendall(b"GET / HTTP/1.1\r\n")
        started = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - started < 3
        assert idle.recv(1) == b""
        assert silent.recv(1) == b""
        assert b" 408 " in half.recv(65536)
    assert service.log().rstrip().endswith("Stopped")


def test_a_request_under_way_is_finished(start_service: StartService, row: dict[str, Any]) -> None:
    service = start_service(drain_seconds=0)
    data = request(row)
    with service.connect() as client:
        client.sendall(data[:-10])
        wait_until(lambda: b'route="/health/live"' in service.get("/metrics") or service.get("/health/live"))
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: is_refused(service.port))
        answer = service.ask_on(client, data[-10:])
    assert b" 200 OK" in answer
    assert b"connection: close" in answer
    assert service.process.wait(timeout=20) == 0


def test_one_that_never_ends_does_not_keep_it(start_service: StartService, row: dict[str, Any]) -> None:
    service = start_service(drain_seconds=0, grace_seconds=0.3)
    with service.connect() as client:
        client.sendall(request(row)[:-1])
        assert b" 200 OK" in service.get("/health/live")
        assert service.stop() == 0
    assert "Requests that did not end were given up" in service.log()
    assert "Traceback" not in service.log()


def test_ctrl_c_does_not_wait_for_load_balancers(start_service: StartService) -> None:
    service = start_service(drain_seconds=60)
    assert service.stop(signal.SIGINT) == 0
    assert "Traceback" not in service.log()
    assert service.log().rstrip().endswith("Stopped")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(start_service: StartService, second: int) -> None:
    service = start_service(drain_seconds=60)
    service.process.send_signal(signal.SIGTERM)
    wait_until(lambda: b" 503 " in service.get("/health/ready"))
    assert service.stop(second) == 128 + second
    assert "Traceback" not in service.log()


def wait_until(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0

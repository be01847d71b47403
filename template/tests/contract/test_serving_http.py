"""HTTP/1.1 as the service speaks it: what is refused before the application sees it, and what may not be lost."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

BODY = b'{"instances": [{"amount": 1000.0, "visits": 10.0, "plan": "plus", "region": "north"}]}'
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
SIZED = b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKS = b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n"


@pytest.fixture(scope="module")
def service(start_service: Callable[..., Any]) -> Any:
    return start_service()


REFUSED = {
    "not HTTP": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "HTTP/0.9": (505, b"GET /health/live\r\n\r\n"),
    "HTTP/2 at once": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
    "a proxy's method": (400, b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no host": (400, b"GET /health/live HTTP/1.1\r\n\r\n"),
    "two hosts": (400, b"GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    "a folded header": (400, b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
    "a zero byte": (400, b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n"),
    "lines that end with LF": (400, b"GET /health/live HTTP/1.1\nHost: x\n\n"),
    "an address without a path": (400, b"GET ?x HTTP/1.1\r\nHost: x\r\n\r\n"),
    "two ends of a body": (400, POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "two ends, the other way round": (400, POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    "two lengths": (400, POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n0\r\n\r\n"),
    "a list of lengths": (400, POST + b"Content-Length: 5, 5\r\n\r\n0\r\n\r\n"),
    "a signed length": (400, POST + b"Content-Length: +5\r\n\r\n0\r\n\r\n"),
    "a length beyond 64 bits": (400, POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    "a space before the colon": (400, POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "chunks that are no chunks": (400, POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "chunks that end with LF": (400, POST + b"Transfer-Encoding: chunked\r\n\r\n1\n{\n0\n\n"),
    "a coding that sounds like chunked": (501, POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "a coding after chunked": (400, POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "a coding before chunked": (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "chunks in HTTP/1.0": (400, b"POST /predict HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "a long address": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a long header": (431, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 33_000 + b"\r\n\r\n"),
    "many headers": (431, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100 + b"\r\n"),
    "tiny chunks": (400, POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 10_000),
    "a large body that waits to be wanted": (413, POST + b"Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"),
    "a large body that does not wait": (413, POST + b"Content-Length: 9000000\r\n\r\n" + b" " * 5_000_000),
}


@pytest.mark.parametrize(("status", "data"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused_as_a_problem(service: Any, status: int, data: bytes) -> None:
    counted = service.counted(status)
    head, _, body = service.ask(data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close" in head
    assert b"application/problem+json" in head
    assert b"server:" not in head.lower()
    problem = json.loads(body)
    assert (problem["status"], problem["errors"]) == (status, [])
    assert problem["detail"]
    assert service.counted(status) == counted + 1
    assert "Traceback" not in service.log()


ACCEPTED = {
    "sized": POST + SIZED,
    "chunked": POST + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunked, with an extension and a trailer": POST
    + b"Transfer-Encoding: chunked\r\n\r\n%x;a=b\r\n" % len(BODY)
    + BODY
    + b"\r\n0\r\nContent-Type: text/plain\r\n\r\n",
    "asks for HTTP/2": POST + UPGRADE + SIZED,
    "asks for HTTP/2, chunked": POST + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "as much as a browser sends": POST + b"A: " + b"a" * 16_000 + b"\r\n" + b"b: c\r\n" * 80 + SIZED,
    "empty lines before": b"\r\n\r\n" + POST + SIZED,
}


@pytest.mark.parametrize("data", ACCEPTED.values(), ids=ACCEPTED)
@pytest.mark.parametrize("piece", [1_000_000, 7], ids=["at once", "in pieces"])
def test_requests_are_answered_and_the_connection_stays(service: Any, data: bytes, piece: int) -> None:
    with service.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            for start in range(0, len(data), piece):
                client.sendall(data[start : start + piece])
            assert b'"predictions":[16.0]' in service.ask_on(client, b"")


def test_other_protocols_are_not_spoken(service: Any) -> None:
    with service.connect() as client:
        asked = LIVE[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
        assert service.ask_on(client, asked).startswith(b"HTTP/1.1 200 ")
        assert service.ask_on(client, LIVE).startswith(b"HTTP/1.1 200 ")


def test_http_1_0_gets_its_answer_and_the_end(service: Any) -> None:
    answer = service.ask(b"GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


def test_a_body_is_asked_for_only_when_its_size_is_acceptable(service: Any) -> None:
    with service.connect() as client:
        client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY))
        assert client.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert b'"predictions":[16.0]' in service.ask_on(client, BODY)
    unwanted = b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    answer = service.ask(unwanted)
    assert answer.startswith(b"HTTP/1.1 415 ")
    assert b"connection: close" in answer, "what comes next may be that body or another request"


@pytest.mark.parametrize("count", [2, 90, 3000])
def test_pipelined_requests_are_answered_in_order(service: Any, count: int) -> None:
    paths = [b"/health/live" if number % 2 else b"/nowhere/%d" % number for number in range(count)]
    requests = [b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths]
    answers = service.ask(b"".join(requests) + LAST).split(b"HTTP/1.1 ")[1:]
    assert len(answers) == count + 1
    for path, answer in zip(paths, answers[:-1], strict=True):
        assert answer.startswith(b"200 ") if path == b"/health/live" else path in answer


def test_a_fault_does_not_overtake_the_answers_before_it(service: Any) -> None:
    answer = service.ask(LIVE + POST + SIZED + b"what?\r\n\r\n")
    assert answer.index(b" 200 OK") < answer.index(b"predictions") < answer.index(b" 400 Bad Request")


def test_a_client_that_sends_no_more_still_gets_its_answer(service: Any) -> None:
    assert b'"predictions":[16.0]' in service.ask(POST + SIZED, half_close=True)
    assert service.ask(LIVE * 300, half_close=True).count(b" 200 OK") == 300
    assert service.ask(LIVE + POST + b"Content-Length: 9\r\n\r\n{", half_close=True).count(b" 200 OK") == 1
    assert service.ask(b"GET / HTTP", half_close=True) == b""


@pytest.mark.parametrize("sent", [POST + SIZED[:-5], POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"])
@pytest.mark.parametrize("politely", [True, False])
def test_a_client_that_hangs_up_is_counted_and_nothing_is_logged(service: Any, sent: bytes, *, politely: bool) -> None:
    counted = service.counted(499)
    client = service.connect()
    client.sendall(sent)
    assert service.get("/health/live")  # by now the request has been begun
    if not politely:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    deadline = time.monotonic() + 10
    while service.counted(499) == counted:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert service.counted(499) == counted + 1
    assert len(service.log().splitlines()) == 1, service.log()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_head_is_get_without_a_body(service: Any, path: str) -> None:
    head, _, body = service.ask(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()).partition(
        b"\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: " in head
    assert body == b""


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_are_told_what_is_allowed(service: Any, method: str) -> None:
    answer = service.ask(f"{method} /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET, HEAD\r\n" in answer
    assert b"application/problem+json" in answer
    assert b"allow: POST\r\n" in service.ask(b"OPTIONS /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

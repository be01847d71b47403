"""How much of a request has arrived, and whether that is still acceptable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..problems import Problem
from .limits import Limits
from .refusals import CODING, FRAMING, HOST, INVALID, LARGE_BODY, LARGE_HEAD, LONG_URL, VERSION

Header = tuple[bytes, bytes]

# What asks for another protocol on the same connection.
_UPGRADE = (b"upgrade", b"http2-settings")


@dataclass(slots=True)
class Intake:
    """Counts what is read from one connection, request by request."""

    limits: Limits
    in_head: bool = False
    in_body: bool = False
    body_bytes: int = 0
    _requests: int = 0
    _counted: int = 0
    _head_bytes: int = 0
    _raw_bytes: int = 0

    def begin(self) -> None:
        """Say that the first byte of a request is there."""
        self.in_head = True
        self._requests += 1

    def begin_body(self) -> None:
        """Say that the head is complete."""
        self.in_head, self.in_body = False, True
        self.body_bytes = self._raw_bytes = 0

    def end(self) -> None:
        """Say that the request is complete, or that the rest of it will not be read."""
        self.in_head = self.in_body = False

    def fault_after(self, size: int, url: bytes) -> Problem | None:
        """Count a piece that has been parsed; returns what is wrong with a request that is not complete."""
        if self.in_body:
            self._raw_bytes += size
            is_wasteful = self._raw_bytes - self.body_bytes > self.limits.framing_bytes
            return FRAMING if is_wasteful else None
        is_continued = self._requests == self._counted
        self._counted = self._requests
        self._head_bytes = self._head_bytes + size if is_continued else 0
        if self.in_head and len(url) > self.limits.url_bytes:
            return LONG_URL
        return LARGE_HEAD if self._head_bytes > self.limits.head_bytes else None


def fault_of_head(version: str, url: bytes, headers: Sequence[Header], limits: Limits) -> Problem | None:
    """Return what is wrong with a complete head, whose header names are in lower case; None when nothing is."""
    size = hosts = length = 0
    coding = b""
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            coding += value.lower()
    if len(url) > limits.url_bytes:
        return LONG_URL
    if size > limits.head_bytes or len(headers) > limits.headers:
        return LARGE_HEAD
    return _fault_of_message(version, hosts, coding) or (LARGE_BODY if length > limits.body_bytes else None)


def _fault_of_message(version: str, hosts: int, coding: bytes) -> Problem | None:
    if version not in {"1.1", "1.0"}:
        return VERSION
    if hosts > 1 or (version == "1.1" and not hosts):
        return HOST
    if coding not in {b"", b"chunked"}:
        return CODING
    # HTTP/1.0 has no chunks: a proxy in front may see another end of this request than we do.
    return INVALID if coding and version == "1.0" else None


def without_upgrade(method: bytes, url: bytes, version: str, headers: Iterable[Header]) -> bytes:
    """Return the head of a request as its client would send it that asks for no other protocol."""
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name in _UPGRADE:
            continue
        kept = value
        if name == b"connection":
            tokens = (token.strip() for token in value.split(b","))
            kept = b", ".join(token for token in tokens if token.lower() not in _UPGRADE)
        lines.append(b"%b: %b" % (name, kept))
    return b"\r\n".join(lines) + b"\r\n\r\n"

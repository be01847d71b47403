"""Fluent Forward: what Fluentd, Fluent Bit and others listen for. Each message waits for its acknowledgement.

https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1, mode Forward. The messages are MessagePack, for which the
service has a library already. `fluent-logger` asks for no acknowledgement, so that it cannot tell what was lost, and has a queue of
its own that ends only when the collector has taken all of it.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from ...connections.environment import Address, expanded
from ..recording.sink import first_of
from .base import MOST_BYTES, Collector, records_of

_MOST_ANSWER_BYTES = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# The type of a moment with its nanoseconds, in Fluentd's MessagePack.
_EVENT_TIME = 0


class FluentForward(Collector):
    """A collector that speaks Fluent Forward."""

    kind: Literal["fluent_forward"]
    host: Annotated[Address, Field(description="Name or address of the machine; ${NAME} is set in the environment.")]
    port: Annotated[int, Field(ge=1, le=65535)] = 24224
    tag: Annotated[
        str, Field(min_length=1, max_length=200, description="By it the collector tells these records from others.")
    ] = "predictions"
    tls: Annotated[
        bool, Field(description="Whether the connection is encrypted, and the collector proves who it is.")
    ] = False
    ca: Annotated[
        str | None, Field(description="File of the authority that vouches for it, if it is not a public one.")
    ] = None

    def connection(self) -> Forward:
        """The way there."""
        return Forward(self)


class Forward:
    """A connection that stays open until something is wrong with it."""

    def __init__(self, settings: FluentForward) -> None:
        self._settings = settings
        self._host = expanded(settings.host)
        self._context = ssl.create_default_context(cafile=settings.ca) if settings.tls else None
        self._socket: socket.socket | None = None

    def write(self, pieces: Sequence[bytes]) -> int:
        """Send the first of some pieces as one message, and wait until it is acknowledged; raises `OSError`."""
        first = first_of(pieces, MOST_BYTES)
        chunk = b64encode(secrets.token_bytes(16)).decode()
        message = message_of(self._settings.tag, b"".join(first), chunk)
        if self._socket is not None:
            # One that was started again has closed it, which says nothing about the next.
            with suppress(OSError):
                self._exchange(self._socket, message, chunk)
                return len(first)
            self.close()
        self._socket = self._connect()
        try:
            self._exchange(self._socket, message, chunk)
        except OSError:
            self.close()
            raise
        return len(first)

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        try:
            plain = socket.create_connection((self._host, self._settings.port), self._settings.seconds)
        except UnicodeError as error:
            raise OSError(f"{self._host!r} is no name of a machine") from error
        if self._context is None:
            return plain
        try:
            return self._context.wrap_socket(plain, server_hostname=self._host)
        except OSError:
            plain.close()
            raise

    def _exchange(self, connection: socket.socket, message: bytes, chunk: str) -> None:
        deadline = time.monotonic() + self._settings.seconds
        connection.settimeout(self._settings.seconds)
        connection.sendall(message)
        answer = b""
        while (acknowledged := _acknowledged(answer)) is None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            received = connection.recv(_MOST_ANSWER_BYTES)
            answer += received
            if not received or len(answer) > _MOST_ANSWER_BYTES:
                raise ConnectionError("the collector did not acknowledge what it was sent")
        if acknowledged != chunk:
            raise ConnectionError("the collector answered something else than an acknowledgement")


def message_of(tag: str, lines: bytes, chunk: str) -> bytes:
    """Some lines of the log as one message, which is acknowledged by the name of its chunk."""
    entries = [(_event_time(record), record) for record in records_of(lines)]
    return msgspec.msgpack.encode((tag, entries, {"size": len(entries), "chunk": chunk}))


def _event_time(record: dict[str, Any]) -> msgspec.msgpack.Ext:
    microseconds = (datetime.fromisoformat(record["moment"]) - _EPOCH) // _MICROSECOND
    seconds, rest = divmod(microseconds, 1_000_000)
    return msgspec.msgpack.Ext(_EVENT_TIME, seconds.to_bytes(4, "big") + (rest * 1000).to_bytes(4, "big"))


def _acknowledged(answer: bytes) -> str | None:
    """The chunk that an answer names; empty if it is no acknowledgement, None if more is to come."""
    if not answer:
        return None
    try:
        said = msgspec.msgpack.decode(answer)
    except msgspec.DecodeError as error:
        return None if "truncated" in str(error) else ""
    return str(said.get("ack", "")) if isinstance(said, dict) else ""

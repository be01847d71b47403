"""A request that is answered without a task: most of those for a prediction are small, and there as a whole.

To uvicorn it is a cycle, to the batches it is where the answer goes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from ..metrics import CLIENT_CLOSED
from ..models import Headers
from ..problems import RefusedError
from ..rest.hot import FAILED, SMALL_BYTES, Hot

Header = tuple[bytes, bytes]

_JSON = b"application/json"
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: %b\r\n"
# Whoever sends one of these has more to say than is heard here.
_SPECIAL = frozenset((b"transfer-encoding", b"content-encoding", b"expect", b"upgrade"))

logger = logging.getLogger(__name__)


def is_short(headers: Headers) -> bool:
    """Whether a POST with these headers has a small body of plain JSON, sent with its length."""
    length = 0
    is_json = False
    for name, value in headers:
        if name == b"content-length":
            length = int(value)
        elif name == b"content-type":
            if is_json or value != _JSON:
                return False
            is_json = True
        elif name in _SPECIAL:
            return False
    return is_json and 0 < length <= SMALL_BYTES


class _NobodyWaits:
    """Stands for uvicorn's event of a cycle."""

    def set(self) -> None:
        """Tell nobody."""


class Short:
    """A request under way, without a task."""

    message_event = _NobodyWaits()

    __slots__ = (
        "_begun",
        "_counted",
        "_headers",
        "_hot",
        "_id",
        "_since",
        "_write",
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
        "response_started",
    )

    def __init__(
        self,
        hot: Hot,
        headers: list[Header],
        *,
        keep_alive: bool,
        write: Callable[[Short, bytes, bytes], None],
    ) -> None:
        """Of a request whose head is there; `write` writes the status line and headers, and the body, of the answer."""
        self._hot = hot
        self._headers = headers
        self._write = write
        self._since = time.perf_counter()
        self._id = hot.id_of(headers)
        self._begun = self._counted = False
        self.body = bytearray()
        self.keep_alive = keep_alive
        self.more_body = True
        self.disconnected = self.response_started = self.response_complete = False

    def begin(self, loop: Any, client: object) -> None:
        """Answer, if all of the request is there; later, if it is refused, for now something is being parsed."""
        if self.more_body or self._begun:
            return
        self._begun = True
        try:
            self._hot.admit(self._headers, client)
            self._hot.submit(self._headers, bytes(self.body), self._id, self)
        except Exception as error:  # noqa: BLE001 - answered as what is raised in a run
            loop.call_soon(self.set_exception, error)

    def abandon(self) -> None:
        """Give up: the client has gone, or its request is refused."""
        self.disconnected = True
        if not self._begun:
            self._count(CLIENT_CLOSED)

    def done(self) -> bool:
        """Whether nobody waits for the answer any more."""
        if self.disconnected:
            self._count(CLIENT_CLOSED)
        return self.disconnected

    def set_result(self, answer: bytes, /) -> None:
        """Write the answer."""
        self._count(200)
        self._write(self, _OK % self._id.encode(), answer)

    def set_exception(self, error: Exception, /) -> None:
        """Write why there is none."""
        if self.done():
            return
        refused = error
        if not isinstance(refused, RefusedError):
            logger.error("A request failed", exc_info=error)
            refused = RefusedError(500, FAILED.title, FAILED.detail)
        body, headers = self._hot.told(refused)
        status = refused.problem.status
        lines = b"".join(b"%b: %b\r\n" % header for header in [*headers, (b"x-request-id", self._id.encode())])
        self._count(status)
        self._write(self, b"HTTP/1.1 %d %b\r\n%b" % (status, HTTPStatus(status).phrase.encode(), lines), body)

    def _count(self, status: int) -> None:
        if not self._counted:
            self._counted = True
            self._hot.count(status, time.perf_counter() - self._since)

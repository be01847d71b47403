"""The short way to an answer: plain ASGI, from the body of a request to the run of the graph."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from ..metrics import CLIENT_CLOSED
from ..problems import Problem, RefusedError, Tell, tell_problem
from .body import JSON, read, require_plain_json

if TYPE_CHECKING:
    from ..batching import Form, Reply
    from ..models import Headers
    from ..service import Service

#: Bodies up to this size are answered as they come: each holds up the others for about a millisecond at most.
SMALL_BYTES = 16 * 1024
UNAVAILABLE = Problem(title="Not ready", status=503, detail="The service is starting or stopping. Try again.")
FAILED = Problem(title="Internal server error", status=500, detail="The service failed; its log says why.")


class Hot:
    """ASGI application that answers requests of one form."""

    def __init__(
        self,
        service: Service,
        form: Callable[[], Form],
        route: str,
        accept: Callable[[Headers], None] = require_plain_json,
        tell: Tell = tell_problem,
    ) -> None:
        """Answer requests.

        Args:
            service: answers.
            form: makes the form of one request.
            route: as which they are counted.
            accept: raises `RefusedError` for headers of a body that is not read.
            tell: writes refusals.
        """
        self.route = route
        self.tell = tell
        self._accept = accept
        self._service = service
        self._form = form
        #: Of a request, by its headers.
        self.id_of = service.id_of
        #: Of requests that are finished.
        self.count = service.metrics.route(route)
        self._turn = asyncio.Lock()

    def submit(self, headers: Headers, body: bytes, request_id: str, reply: Reply) -> None:
        """Answer a request whose body is small, plain JSON and there; raises `RefusedError`."""
        if not self._service.ready:
            raise RefusedError(503, UNAVAILABLE.title, UNAVAILABLE.detail)
        self._service.submit(self._form(), body, request_id, headers, reply)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.answer(self._form, scope, receive, send)

    async def answer(self, form: Callable[[], Form], scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of another form."""
        started = time.perf_counter()
        status = 500
        request_id = ""
        try:
            try:
                request_id = self.id_of(scope["headers"])
                answer = await self._answer(form, scope["headers"], request_id, receive)
            except RefusedError as error:
                status = error.problem.status
                await self._refuse(send, error, request_id)
            else:
                status = 200
                await _send(send, 200, answer, [(b"content-type", JSON), (b"x-request-id", request_id.encode())])
        except ClientDisconnect:
            status = CLIENT_CLOSED
        except Exception:
            await self._refuse(send, RefusedError(500, FAILED.title, FAILED.detail), request_id)
            raise  # the server logs it; a client learns nothing about the inside
        finally:
            self.count(status, time.perf_counter() - started)

    def admit(self, headers: Headers, client: object) -> None:
        """Raise `RefusedError` for a request that a guard does not let in."""
        self._service.admit(
            {"type": "http", "method": "POST", "path": self.route, "headers": headers, "client": client}
        )

    async def _answer(self, form: Callable[[], Form], headers: Headers, request_id: str, receive: Receive) -> bytes:
        if not self._service.ready:
            raise RefusedError(503, UNAVAILABLE.title, UNAVAILABLE.detail)
        self._accept(headers)
        body = await read(receive)
        if len(body) <= SMALL_BYTES:
            return await self._service.ask(form(), body, request_id, headers)
        async with self._turn:
            # The event loop goes round once between two large bodies, so that probes never wait for many.
            await asyncio.sleep(0)
            return await self._service.ask(form(), body, request_id, headers)

    async def _refuse(self, send: Send, error: RefusedError, request_id: str) -> None:
        body, headers = self.told(error)
        await _send(send, error.problem.status, body, [*headers, (b"x-request-id", request_id.encode())])

    def told(self, error: RefusedError) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """The body and the headers of a refusal."""
        body, kind = self.tell(error.problem)
        extra = [(name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items()]
        return body, [(b"content-type", kind.encode()), *extra]


def short_ways(hot: Mapping[str, ASGIApp]) -> dict[bytes, Hot]:
    """By address, what needs no task of its own, and is answered where it is read."""
    return {path.encode(): answer for path, answer in hot.items() if isinstance(answer, Hot)}


async def _send(send: Send, status: int, body: bytes, headers: Headers) -> None:
    with_length = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": with_length})
    await send({"type": "http.response.body", "body": body})

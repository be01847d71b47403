"""The calls of the protocol, and the standard one for probes.

Each is read as a stream of one message, which is the same on the wire: so that who calls is asked before anything is read,
and whoever sends nothing does not wait here for ever.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc

from ...discovery import PACKAGE
from ...predictor.loading import shown
from ..http.limits import Limits
from ..metrics import CLIENT_CLOSED
from ..models import Headers
from ..problems import RefusedError
from ..rest.hot import FAILED, SMALL_BYTES, UNAVAILABLE
from ..service import Service
from ..tensors.datatypes import inputs_of, outputs_of
from ..tensors.model import PLATFORM, VERSION, served, versions_of
from ..tensors.writing import said
from .form import CallForm, parsed
from .messages import HEALTH, HEALTH_MESSAGES, MESSAGES, SERVICE

#: Calls under way, each with at most one message; probes are answered beyond it.
MOST_CALLS = 256
#: What is said of a refusal travels in a header, which clients take up to 8 KiB of.
_LONGEST_DETAIL = 1000
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    503: grpc.StatusCode.UNAVAILABLE,
}
#: Of the standard protocol of probes.
_SERVING, _NOT_SERVING = 1, 2
_KNOWN = frozenset({"", SERVICE})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A call: its message, and what came with it."""

    body: bytes
    headers: Headers
    request_id: str


Answer = Callable[[Asked], Awaitable[bytes]]


class Calls:
    """Answers the calls with a service."""

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service, self._limits = service, limits
        self._turn = asyncio.Lock()
        self._under_way = 0
        #: Whether nobody new is let in: grpcio would cancel calls that come while it ends, which says less.
        self.closing = False

    def handlers(self) -> list[Any]:
        """What a server of grpcio is given."""
        probes = {"ServerLive": self._live, "ServerReady": self._ready}
        others = {
            "ServerMetadata": self._server_metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelInfer": self._infer,
        }
        inference = {name: self._handler(SERVICE, name, answer, is_open=True) for name, answer in probes.items()}
        inference |= {name: self._handler(SERVICE, name, answer, is_open=False) for name, answer in others.items()}
        health = {"Check": self._handler(HEALTH, "Check", self._check, is_open=True)}
        return [
            grpc.method_handlers_generic_handler(SERVICE, inference),
            grpc.method_handlers_generic_handler(HEALTH, health),
        ]

    def _handler(self, service: str, name: str, answer: Answer, *, is_open: bool) -> Any:
        path = f"/{service}/{name}"
        count = self._service.metrics.route(path)

        async def handle(messages: AsyncIterator[bytes], context: Any) -> bytes:
            started, status = time.perf_counter(), CLIENT_CLOSED
            headers = [(name.encode(), _bytes(value)) for name, value in context.invocation_metadata() or ()]
            request_id = self._service.id_of(headers)
            context.set_trailing_metadata((("x-request-id", request_id),))
            try:
                if not is_open:
                    self._admit(path, headers, context)
                self._under_way += not is_open
                try:
                    answered = await answer(
                        Asked(body=await self._read(messages), headers=headers, request_id=request_id)
                    )
                finally:
                    self._under_way -= not is_open
            except Exception as error:
                refused = error if isinstance(error, RefusedError) else RefusedError(500, FAILED.title, FAILED.detail)
                if refused is not error:
                    logger.exception("A call failed")
                status = refused.problem.status
                await _refuse(context, refused, request_id)
                raise  # it never comes here
            else:
                status = 200
                return answered
            finally:
                count(status, time.perf_counter() - started)

        return grpc.stream_unary_rpc_method_handler(handle)

    def _admit(self, path: str, headers: Headers, context: Any) -> None:
        self._service.admit(
            {"type": "http", "method": "POST", "path": path, "headers": headers, "client": context.peer()}
        )
        if self.closing:
            raise RefusedError(503, UNAVAILABLE.title, UNAVAILABLE.detail)
        if self._under_way >= MOST_CALLS:
            raise RefusedError(503, "Busy", "Too many calls wait for their answer. Try again.")

    async def _read(self, messages: AsyncIterator[bytes]) -> bytes:
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await anext(messages)
        except TimeoutError:
            raise RefusedError(408, "Too slow", "The message did not come in time.") from None
        except StopAsyncIteration:
            raise RefusedError(400, "Bad request", "A call has one message.") from None

    @property
    def _is_ready(self) -> bool:
        return self._service.ready and not self._service.leaving

    async def _live(self, _: Asked) -> bytes:
        return _written("ServerLiveResponse", live=True)

    async def _ready(self, _: Asked) -> bytes:
        return _written("ServerReadyResponse", ready=self._is_ready)

    async def _check(self, asked: Asked) -> bytes:
        request = parsed(HEALTH_MESSAGES["HealthCheckRequest"], asked.body)
        if request.service not in _KNOWN:
            raise RefusedError(404, "Not Found", f"There is no service {shown(request.service)}.")
        status = _SERVING if self._is_ready else _NOT_SERVING
        written: bytes = HEALTH_MESSAGES["HealthCheckResponse"](status=status).SerializeToString()
        return written

    async def _server_metadata(self, _: Asked) -> bytes:
        return _written("ServerMetadataResponse", name=PACKAGE, version=VERSION)

    async def _model_ready(self, asked: Asked) -> bytes:
        request = parsed(MESSAGES["ModelReadyRequest"], asked.body)
        served(self._service.models, request.name, request.version or None)
        return _written("ModelReadyResponse", ready=self._is_ready)

    async def _model_metadata(self, asked: Asked) -> bytes:
        request = parsed(MESSAGES["ModelMetadataRequest"], asked.body)
        models, version = self._service.models, request.version or None
        model = served(models, request.name, version).model
        return _written(
            "ModelMetadataResponse",
            name=request.name,
            versions=[version] if version else versions_of(models, request.name),
            platform=PLATFORM,
            inputs=[each._asdict() for each in inputs_of(model.contract)],
            outputs=[each._asdict() for each in outputs_of(model.contract)],
        )

    async def _infer(self, asked: Asked) -> bytes:
        if not self._service.ready:
            raise RefusedError(503, UNAVAILABLE.title, UNAVAILABLE.detail)
        if len(asked.body) <= SMALL_BYTES:
            return await self._ask(asked)
        async with self._turn:
            # The event loop goes round once between two large bodies, so that probes never wait for many.
            await asyncio.sleep(0)
            return await self._ask(asked)

    async def _ask(self, asked: Asked) -> bytes:
        return await self._service.ask(CallForm(asked.body), asked.body, asked.request_id, asked.headers)


def _written(kind: str, /, **fields: Any) -> bytes:
    written: bytes = MESSAGES[kind](**fields).SerializeToString()
    return written


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


async def _refuse(context: Any, error: RefusedError, request_id: str) -> None:
    """End the call with the code that says the same as the status of HTTP."""
    extra = tuple((name.lower(), value) for name, value in (error.headers or {}).items())
    code = _CODES.get(error.problem.status, grpc.StatusCode.INTERNAL)
    await context.abort(code, shown(said(error.problem), _LONGEST_DETAIL), (("x-request-id", request_id), *extra))

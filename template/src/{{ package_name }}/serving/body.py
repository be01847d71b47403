"""Reading what a client sends: only plain JSON, never more than is accepted, and one large body at a time."""

import asyncio
from collections.abc import Callable

from fastapi import Request, Response
from starlette.datastructures import Headers

from .problems import RefusedError

MAX_BODY_BYTES = 1024 * 1024
# Bodies up to this size are answered as they come: each holds up the others for about a millisecond at most.
_SMALL_BYTES = 16 * 1024


class Bodies:
    """The bodies that are under way in one application."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def answer(self, request: Request, compute: Callable[[bytes], Response]) -> Response:
        """Read the body and return what ``compute`` makes of it; raises ``RefusedError`` for a body out of bounds."""
        _require_plain_json(request.headers)
        body = await _read(request)
        if len(body) <= _SMALL_BYTES:
            return compute(body)
        async with self._turn:
            # The event loop goes round once between two large bodies, so that probes never wait for many.
            await asyncio.sleep(0)
            return compute(body)


async def _read(request: Request) -> bytes:
    """Read the body, but never more than the limit, whatever the client declared."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            detail = f"A body has at most {MAX_BODY_BYTES} bytes. Send the rows in smaller batches."
            raise RefusedError(413, "Body too large", detail)
    return bytes(body)


def _require_plain_json(headers: Headers) -> None:
    if headers.getlist("content-type") != ["application/json"] and not _declares_json(headers):
        detail = "Send the body as JSON in UTF-8, with one header Content-Type: application/json."
        raise RefusedError(415, "Unsupported media type", detail)
    codings = ",".join(headers.getlist("content-encoding"))
    if codings.strip().lower() not in {"", "identity"}:
        detail = "Send the body as it is: compressed ones (Content-Encoding) are not read."
        raise RefusedError(415, "Unsupported content coding", detail, headers={"Accept-Encoding": "identity"})


def _declares_json(headers: Headers) -> bool:
    """Whether there is one content type, JSON, with no other character set than JSON's own (RFC 8259)."""
    declared = headers.getlist("content-type")
    if len(declared) != 1:
        return False
    kind, *parameters = declared[0].lower().split(";")
    pairs = [parameter.partition("=") for parameter in parameters]
    charsets = {value.strip().strip('"') for name, _, value in pairs if name.strip() == "charset"}
    return kind.strip() == "application/json" and charsets <= {"utf-8"}

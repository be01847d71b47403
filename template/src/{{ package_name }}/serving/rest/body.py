"""Reading what a client sends, as far as it is accepted."""

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from ..media import JSON, MAX_BODY_BYTES, require_plain_json, within_bounds

__all__ = ["JSON", "MAX_BODY_BYTES", "read", "require_plain_json"]


async def read(receive: Receive) -> bytes:
    """Read the body, but never more than the limit, whatever the client declared; raises `RefusedError`."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        body: bytes = message.get("body", b"")
        return within_bounds(body)
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")
        within_bounds(parts)
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise ClientDisconnect

"""What a request says of who asks: `Authorization: Bearer KEY`, or `X-API-Key: KEY`."""

from __future__ import annotations

from collections.abc import Iterable

_BEARER = b"bearer "
# Far longer than any key: what is hashed is bounded.
_MOST_BYTES = 512


class NoCredentialError(Exception):
    """Nobody can be told from the headers; the message says why, without a word of them."""


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The key that a request brings; None for one without any.

    Raises:
        NoCredentialError: there are several, one of another scheme, or one that is too long.
    """
    found = [_key(name, value) for name, value in headers if name in (b"authorization", b"x-api-key")]
    if len(found) > 1:
        raise NoCredentialError("Send one key, in one header.")
    if found and len(found[0]) > _MOST_BYTES:
        raise NoCredentialError("The key is too long to be one.")
    return found[0] if found else None


def _key(name: bytes, value: bytes) -> bytes:
    if name == b"x-api-key":
        return value.strip()
    if not value[: len(_BEARER)].lower() == _BEARER:
        raise NoCredentialError("The only scheme of Authorization is Bearer.")
    return value[len(_BEARER) :].strip()

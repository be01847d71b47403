"""Where a key lies between 0 and 1: the same in every process and on every day, and apart from how others split."""

from __future__ import annotations

from hashlib import blake2b

_BYTES = 8
_PLACES: int = 256**_BYTES


def place_of(salt: str, key: str) -> float:
    """A number from 0 up to 1, as if drawn at random, that a key has under a salt; another salt gives unrelated ones."""
    return int.from_bytes(digest(salt, key), "big") / _PLACES


def digest(salt: str, key: str) -> bytes:
    """Eight bytes of a key under a salt."""
    text = f"{salt}\x00{key}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=_BYTES).digest()

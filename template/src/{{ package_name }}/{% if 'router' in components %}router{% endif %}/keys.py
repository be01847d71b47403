"""Which keys were counted already: of each, one outcome counts, for those of one customer are alike."""

from __future__ import annotations

from base64 import b64decode, b64encode
from zlib import compress, decompress

from .splitting import digest

_BITS = 2**20


class Once:
    """A bit for each of a million places: a key that shares its place with an earlier one is taken for it, and not counted."""

    def __init__(self, kept: str = "") -> None:
        self._bits = bytearray(decompress(b64decode(kept)) if kept else _BITS // 8)
        if len(self._bits) != _BITS // 8:
            raise ValueError(f"{len(self._bits)} bytes instead of {_BITS // 8}")

    def is_new(self, key: str) -> bool:
        """Whether a key comes for the first time; from now on it does not."""
        byte, bit = divmod(int.from_bytes(digest("once", key), "big") % _BITS, 8)
        new = not self._bits[byte] >> bit & 1
        self._bits[byte] |= 1 << bit
        return new

    def keep(self) -> str:
        """As a text from which it can be made again."""
        return b64encode(compress(bytes(self._bits))).decode("ascii")

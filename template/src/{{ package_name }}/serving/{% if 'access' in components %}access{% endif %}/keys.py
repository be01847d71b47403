"""Keys by their hashes: a file or an environment variable that somebody reads lets nobody in."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...errors import SettingsError

#: Entries, or a file of them; only one may be set, and what is set may not be empty.
KEYS, KEYS_FILE = "ACCESS_KEYS", "ACCESS_KEYS_FILE"
#: What a key is for; an admin may predict, too.
Role = Literal["predict", "admin"]
_ENTRY = re.compile(r"(?P<role>[a-z]+):(?P<holder>[A-Za-z0-9._-]{1,64}):(?P<digest>[0-9a-f]{64})")
_RANDOM_BYTES = 32
_MOST_ENTRIES = 1000
_MOST_BYTES = 1024 * 1024
_ADVICE = "Write entries as `access new-key` prints them, a line each: role:holder:hash."


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose key it is, and what it is for."""

    name: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class _Entry:
    holder: Holder
    digest: bytes


class Keys:
    """Who holds which key."""

    def __init__(self, entries: tuple[_Entry, ...]) -> None:
        self._entries = entries

    def holder_of(self, key: bytes) -> Holder | None:
        """Who holds a key; None for nobody. It takes as long for every key: all are compared, whichever it is."""
        digest = hashlib.sha256(key).digest()
        holder = None
        for entry in self._entries:
            if hmac.compare_digest(entry.digest, digest):
                holder = entry.holder
        return holder


def new_key(holder: str, role: Role) -> tuple[str, str]:
    """A key that nobody can guess, and the entry that lets it in.

    Raises:
        SettingsError: the holder's name is none.
    """
    key = f"key_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    entry = f"{role}:{holder}:{hashlib.sha256(key.encode()).hexdigest()}"
    if not _ENTRY.fullmatch(entry):
        raise SettingsError(f"{holder!r} is no name of a holder.", "Use 1 to 64 letters, digits, `.`, `_` and `-`.")
    return key, entry


def load_keys() -> Keys | None:
    """The keys of the environment; None where none are set.

    Raises:
        SettingsError: what is set cannot be read, is empty or wrong, so that nobody is let in by mistake.
    """
    inline, file = os.environ.get(KEYS), os.environ.get(KEYS_FILE)
    if inline is not None and file is not None:
        raise SettingsError(f"Both {KEYS} and {KEYS_FILE} are set.", "Keep one.")
    if inline is not None:
        return Keys(tuple(_entries(inline, KEYS)))
    return None if file is None else Keys(tuple(_entries(_read(Path(file)), file)))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"The keys in {path} ({KEYS_FILE}) cannot be read: {reason}.", _ADVICE) from None


def _entries(text: str, source: str) -> Iterator[_Entry]:
    """The entries of a text, parted by lines, blanks or commas; raises `SettingsError`, which never quotes one."""
    words = re.split(r"[\s,]+", re.sub(r"(?m)^\s*#.*$", "", text).strip())
    if words == [""] or len(words) > _MOST_ENTRIES:
        raise SettingsError(f"{source} holds no keys, or more than {_MOST_ENTRIES}.", _ADVICE)
    for number, word in enumerate(words, start=1):
        match = _ENTRY.fullmatch(word)
        # It may be a key, written where its hash belongs.
        if match is None or match["role"] not in get_args(Role):
            raise SettingsError(f"{source}: entry {number} is none: role (predict or admin), holder, hash.", _ADVICE)
        role: Role = "admin" if match["role"] == "admin" else "predict"
        yield _Entry(holder=Holder(name=match["holder"], role=role), digest=bytes.fromhex(match["digest"]))

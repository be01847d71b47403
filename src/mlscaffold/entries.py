"""Files as git sees them: a mode and a blob id for each path, and which paths may be written at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from .errors import MlscaffoldError

__all__ = ["Entry", "FileMode", "blob_id", "check_contained", "entry_of"]


class FileMode(StrEnum):
    """The modes that a git tree knows for files."""

    FILE = "100644"
    EXECUTABLE = "100755"
    SYMLINK = "120000"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The state of one path."""

    mode: FileMode
    blob: str


def blob_id(content: bytes) -> str:
    """The id that git (SHA-1) gives to a content that no attribute changes."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def entry_of(file: Path) -> Entry:
    """The entry of a file on disk, bytes as they are (outside of git no attribute applies)."""
    if file.is_symlink():
        return Entry(mode=FileMode.SYMLINK, blob=blob_id(bytes(file.readlink())))
    executable = file.stat().st_mode & 0o100
    return Entry(mode=FileMode.EXECUTABLE if executable else FileMode.FILE, blob=blob_id(file.read_bytes()))


#: What some file system or other takes for `.git`: case, NTFS short names, trailing dots and spaces, ignorable Unicode.
_GIT_FOLDER = re.compile(r"^(\.git|git~\d+)[. ]*(:.*)?$", re.IGNORECASE)
_IGNORABLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def check_contained(path: str, *, error: type[MlscaffoldError], origin: str) -> PurePosixPath:
    """A relative POSIX path that stays inside the project and out of `.git`.

    Raises:
        MlscaffoldError: Of the given type, naming the origin (the lock, the template) of the hostile path.
    """
    pure = PurePosixPath(path)
    parts = path.split("/")
    hostile = (
        not path
        or pure.is_absolute()
        or "\\" in path
        or any(ord(sign) < 32 or ord(sign) == 127 for sign in path)
        or re.match(r"^[A-Za-z]:", path) is not None
        or any(part in {"", ".", ".."} or _GIT_FOLDER.match(_IGNORABLE.sub("", part)) for part in parts)
    )
    if hostile:
        raise error(f"{origin} names the path {path!r}, which is outside of the project or inside .git. Refused.")
    return pure

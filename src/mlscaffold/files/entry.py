"""Files as git sees them: a mode and a blob id for each path, and which paths may be written or read at all.

Paths come from strangers: a lock, a journal, a template. `check_contained` judges their words, as they are read;
`inside` and `is_own_file` judge the disk as well, at the moment of use: a folder on the way may be a link by then.
"""

from __future__ import annotations

import hashlib
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import MlscaffoldError

__all__ = [
    "Entry",
    "FileMode",
    "blob_id",
    "check_contained",
    "entry_of",
    "folded",
    "inside",
    "is_own_file",
    "is_portable",
    "linked_folder",
    "look_alikes",
    "object_id",
    "parents_of",
    "read_plain",
]


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


def object_id(kind: bytes, content: bytes, *, algorithm: str = "sha1") -> str:
    """The id that git gives to an object of a kind (blob, tree), in a repository with ids by that algorithm."""
    return hashlib.new(algorithm, b"%b %d\0" % (kind, len(content)) + content, usedforsecurity=False).hexdigest()


def blob_id(content: bytes) -> str:
    """The id that git (SHA-1) gives to a content that no attribute changes."""
    return object_id(b"blob", content)


def entry_of(file: Path) -> Entry:
    """The entry of a file on disk, bytes as they are (outside of git no attribute applies)."""
    if file.is_symlink():
        return Entry(mode=FileMode.SYMLINK, blob=blob_id(bytes(file.readlink())))
    executable = file.stat().st_mode & 0o100
    return Entry(mode=FileMode.EXECUTABLE if executable else FileMode.FILE, blob=blob_id(file.read_bytes()))


#: What some file system or other takes for `.git`: case, NTFS short names, trailing dots and spaces, ignorable Unicode.
#: Texts, compiled where a path is not plain: few are.
_GIT_FOLDER = r"(?i)^(\.git|git~\d+)[. ]*(:.*)?$"
_IGNORABLE = "[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]"


#: Names that mean the same everywhere, which most are: nothing in them has to be looked at one by one.
_NAME = "(?:[A-Za-z0-9_-]|[.][A-FH-Za-fh-z0-9_-])[A-Za-z0-9_.-]*"
_PLAIN = re.compile(f"{_NAME}(?:/{_NAME})*")


def _is_plain(path: str) -> bool:
    return _PLAIN.fullmatch(path) is not None


def folded(path: str) -> str:
    """A path as the most forgiving of file systems compares it: by no case, accents' spelling, stream or final dot."""
    if _is_plain(path) and "./" not in path and not path.endswith("."):
        return path.lower()
    return "/".join(_folded_name(part) for part in path.split("/"))


def _folded_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", re.sub(_IGNORABLE, "", name)).casefold())
    return plain.partition(":")[0].rstrip(". ") or plain


def look_alikes(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Files that some file system takes for one, or for a file where another has its folder."""
    seen: dict[str, str] = {}
    ordered = sorted(paths)
    for path in ordered:
        if (other := seen.setdefault(folded(path), path)) != path:
            yield other, path
    for path in ordered:
        yield from ((file, path) for folder in parents_of(path) if (file := seen.get(folded(folder), "")))


def parents_of(path: str) -> Iterator[str]:
    """The folders on the way to a path, the closest first."""
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


def is_portable(path: str) -> bool:
    """Whether Windows can hold a path, too."""
    return not any(re.search(_NOT_ON_WINDOWS, part) for part in path.split("/"))


_NOT_ON_WINDOWS = r'(?i)[<>:"|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)'


def check_contained(path: str, *, error: type[MlscaffoldError], origin: str) -> str:
    """A relative POSIX path that stays inside the project and out of `.git`.

    Raises:
        MlscaffoldError: Of the given type, naming the origin (the lock, the template) of the hostile path.
    """
    if not _is_plain(path) and (why := _danger(path)):
        raise error(f"{origin} names the path {path!r}, {why}. Refused.")
    return path


def _danger(path: str) -> str:
    """Why a path may not be written; empty if it may."""
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
        return "which holds a sign that no name of a file should hold"
    outside = not path or path.startswith("/") or "\\" in path or re.match(r"^[A-Za-z]:", path) is not None
    if outside or any(
        part in {"", ".", ".."} or re.match(_GIT_FOLDER, re.sub(_IGNORABLE, "", part)) for part in path.split("/")
    ):
        return "which is outside of the project or inside .git"
    return ""


def linked_folder(project: Path, path: str) -> str:
    """The first folder on the way to a path that is a link, relative to the project; empty if none is."""
    return next((folder for folder in reversed([*parents_of(path)]) if (project / folder).is_symlink()), "")


def inside(project: Path, path: str, *, error: type[MlscaffoldError], origin: str) -> Path:
    """The place of a path, to be written, moved or removed now. What lies there itself may be a link.

    Raises:
        MlscaffoldError: Of the given type: the path leads out of the project, by its words or by a link on the way.
    """
    check_contained(path, error=error, origin=origin)
    if link := linked_folder(project, path):
        raise error(
            f"{origin} names the path {path!r}, and {link} is a link, which may lead out of the project. Refused.",
            hint=f"Move the link {project / link} away, then run the command again.",
        )
    return project / path


def is_own_file(project: Path, path: str) -> bool:
    """Whether a file or a link lies at a path, below real folders: it may be read (the link itself, that is)."""
    file = project / path
    return (file.is_symlink() or file.is_file()) and not linked_folder(project, path)


def read_plain(file: Path, limit: int) -> bytes:
    """The content of a stranger's file; neither a link is followed nor a pipe waited for.

    Raises:
        ValueError: It is no file, or has more bytes than the limit.
        OSError: It is missing or cannot be read.
    """
    status = file.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        raise ValueError(f"{file} is not a plain file of reasonable size.")
    return file.read_bytes()

"""Models that were fetched, kept by their digest for the next start. What is read is held to it again, so nobody can slip in another.

Of what a pointer named last there is no digest: that is believed only from a file of one's own, which says of which pointer it is.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

#: The folder; without it, one of the user's own.
FOLDER = "MODEL_CACHE"
#: The newest are kept, so that pointers that move do not fill the disk.
_MOST_KEPT = 4
_ENDING = ".onnx"
_LONGEST_NOTE = 8192

logger = logging.getLogger(__name__)


def folder() -> Path:
    """Where models are kept."""
    chosen = os.environ.get(FOLDER)
    if chosen:
        return Path(chosen)
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - a Path would raise
    return Path(caches) / __name__.partition(".")[0] / "models"


def kept(digest: str) -> bytes | None:
    """The model of this digest; None if it is not there, or damaged."""
    path = folder() / f"{digest}{_ENDING}"
    try:
        graph = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return graph if hashlib.sha256(graph).hexdigest() == digest else None


def keep(digest: str, graph: bytes) -> None:
    """Keep a model, and let go of the oldest; where nothing can be written, that is said, and the next start fetches again."""
    _write(f"{digest}{_ENDING}", graph)
    with suppress(OSError):
        by_age = sorted(folder().glob(f"*{_ENDING}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_age[_MOST_KEPT:]:
            path.unlink()


def remember(pointer: str, place: str) -> None:
    """Note which place a pointer named last."""
    _write(_note(pointer), f"{_note(pointer)}\n{place}".encode())


def remembered(pointer: str) -> str | None:
    """The place that a pointer named last; None if that is not known."""
    name = _note(pointer)
    try:
        with open(folder() / name, encoding="utf-8", opener=_no_link) as file:
            if not _is_own(os.fstat(file.fileno())):
                logger.warning("%s is not believed: it is somebody else's, or others may write to it.", folder() / name)
                return None
            of, _, place = file.read(_LONGEST_NOTE).partition("\n")
    except (OSError, ValueError):
        return None
    return place if of == name else None


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _is_own(status: os.stat_result) -> bool:
    """Whether a file is this user's, who alone may write to it; where there are such users."""
    return not hasattr(os, "geteuid") or (
        status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _note(pointer: str) -> str:
    return f"{hashlib.sha256(pointer.encode()).hexdigest()}.pointer"


def _write(name: str, content: bytes) -> None:
    place = folder()
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=place, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(scratch).replace(place / name)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise
    except OSError as error:
        logger.warning("%s cannot be kept for the next start: %s; %s names another folder.", name, error, FOLDER)

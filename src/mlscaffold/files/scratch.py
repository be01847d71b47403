"""Effects: folders for a while, private, gone at the end; and what a killed run left of them, the next one removes.

A run holds a lock on a file in each of its folders, which its end releases, whatever ends it: a folder whose lock is
free is nobody's any more, in whatever container its run was.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import MachineError, MlscaffoldError
from ..files.user_folders import cache_folder
from .rights import make_private, why_exchangeable

__all__ = ["PREFIX", "abandoned", "held_folder", "lock_file", "scratch_folder"]

PREFIX = "mlscaffold-scratch-"
_HOLDER = ".held"
_PRIVATE = 0o700
#: So many names of a folder are looked at.
_MOST_NAMES = 20_000
#: So many folders that were left are removed by one run.
_MOST_REMOVED = 20
#: The folders that this run has looked through.
_swept: set[Path] = set()


@contextlib.contextmanager
def scratch_folder(base: Path | None = None) -> Iterator[Path]:
    """An empty folder that only this person may enter; it is gone afterwards, and what killed runs left there, too.

    Args:
        base: Where; None is the machine's temporary folder, or the cache, if others could exchange what lies there.

    Raises:
        MachineError: Others could do so in both.
        OSError: There is no room for it, or no right.
    """
    base = base or _temporary()
    if base not in _swept:
        _swept.add(base)
        for folder in itertools.islice(abandoned(base, PREFIX), _MOST_REMOVED):
            shutil.rmtree(folder, ignore_errors=True)
    with held_folder(PREFIX, base) as made:
        yield made


def _temporary() -> Path:
    # Imported here: most commands read, and need none.
    import tempfile

    base = Path(os.path.realpath(tempfile.gettempdir()))
    if not (why := why_exchangeable(base)):
        return base
    own = Path(os.path.realpath(cache_folder()))
    try:
        make_private(own)
    except OSError as error:
        raise MachineError(
            f"There is no folder for temporary files that is yours alone: {why}.",
            hint="Name one with TMPDIR, or set the sticky bit of that folder (chmod +t).",
        ) from error
    return own


@contextlib.contextmanager
def held_folder(prefix: str, base: Path) -> Iterator[Path]:
    """A folder that only this person may enter, held until it is gone.

    Raises:
        OSError: There is no room for it, or no right.
    """
    import tempfile

    while True:
        with tempfile.TemporaryDirectory(prefix=prefix, dir=base, ignore_cleanup_errors=True) as name:
            if (handle := _hold(Path(name))) is None:
                continue
            try:
                yield Path(name)
            except MlscaffoldError as error:
                _without(name, error)
                raise
            finally:
                os.close(handle)
            return


def _without(folder: str, error: MlscaffoldError) -> None:
    """A person knows nothing of our folder, and cannot look into it: what lies there is told by its path below."""
    for known in {folder, os.path.realpath(folder)}:
        error.message = error.message.replace(f"{known}{os.sep}", "")
        error.hint = error.hint.replace(f"{known}{os.sep}", "")


def _hold(folder: Path) -> int | None:
    """The lock of a new folder; None if another run took it for one that was left, in the moment before."""
    try:
        handle = os.open(folder / _HOLDER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileNotFoundError:
        return None
    try:
        # Whoever had the lock in between has removed the folder, and this file in it.
        if lock_file(handle) and os.fstat(handle).st_nlink:
            return handle
    except OSError:
        # A file system without locks: then nobody takes the folder away, either.
        return handle
    os.close(handle)
    return None


def lock_file(handle: int) -> bool:
    """Lock an open file until it is closed; False if somebody else has it.

    Raises:
        OSError: The file system knows no locks.
    """
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows has no fcntl
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def abandoned(base: Path, prefix: str) -> Iterator[Path]:
    """The folders of this person's killed runs below a folder. Each is held until the next one is asked for."""
    if not hasattr(os, "getuid"):  # pragma: no cover - Windows
        return
    try:
        with os.scandir(base) as entries:
            names = sorted(each.name for each in itertools.islice(entries, _MOST_NAMES) if each.name.startswith(prefix))
    except OSError:
        return
    for folder in (base / name for name in names):
        try:
            if not _is_private(folder):
                continue
            handle = os.open(folder / _HOLDER, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            if _is_free(handle):
                yield folder
        finally:
            os.close(handle)


def _is_free(handle: int) -> bool:
    try:
        return lock_file(handle)
    except OSError:
        return False


def _is_private(folder: Path) -> bool:
    """Whether nobody else could have made it, or written there."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == _PRIVATE and status.st_uid == os.getuid()

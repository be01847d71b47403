"""An update that waits in a project: its files are of the new version already, and the lock still says the old one.

So what they are judged by, and compared with, is what the update will write last. Where its files are written only in
part, each may be of either version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..apply.where import JOURNAL, folder_at
from ..errors import MlscaffoldError
from ..git.location import Location, named_location
from .lock import LOCK_FILE, Lock, parse_lock

if TYPE_CHECKING:
    from .record import Recorded

__all__ = ["Waiting", "read_ahead", "waiting_at"]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An update that was begun and not finished."""

    #: Whether some files are of the new version, and nobody knows which.
    is_half_written: bool = False
    #: What it writes last, once its conflicts are resolved: the lock and the answers, by path.
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def lock(self) -> Lock | None:
        """The lock that it writes; None if it says none that can be read."""
        try:
            return parse_lock(self.contents[LOCK_FILE].decode())
        except (KeyError, ValueError, MlscaffoldError):
            return None


def waiting_at(location: Location) -> Waiting | None:
    """The update that waits in a project, if any; looked for without asking git."""
    if not (folder_at(location) / JOURNAL).is_file():
        return None
    # Imported here: nearly always there is none, and `check` is to start fast.
    from ..apply.journal import Phase, pending_at

    try:
        pending = pending_at(location)
    except MlscaffoldError:
        # `update --status` says what is wrong with the journal.
        return Waiting()
    if pending is None or pending.ending is None or pending.phase is not Phase.CONFLICTS:
        return Waiting(is_half_written=pending is not None and pending.phase is Phase.APPLYING)
    return Waiting(contents=pending.ending.contents)


def read_ahead(project: Path) -> Recorded:
    """Lock and answers that the files of a project are of: those that an update writes last, while it waits.

    Raises:
        MlscaffoldError: As `read_recorded`.
    """
    from .record import Recorded, answers_in, read_recorded

    recorded, location = read_recorded(project), named_location(project)
    waiting = waiting_at(location) if location else None
    if waiting is None or (lock := waiting.lock) is None:
        return recorded
    try:
        written = waiting.contents[lock.answers_file].decode()
        return Recorded.of(lock, answers_in(written, origin=lock.answers_file))
    except KeyError:
        return Recorded.of(lock, recorded.answers)
    except (ValueError, MlscaffoldError):
        return recorded

"""What a project will say of itself once the update that waits in it is finished: its files are of that already."""

from __future__ import annotations

from pathlib import Path

from ..apply.journal import Phase, pending_at
from ..apply.where import JOURNAL, folder_at
from ..errors import MlscaffoldError
from ..git.location import named_location
from .lock import LOCK_FILE, parse_lock
from .record import Recorded, answers_in, read_recorded

__all__ = ["read_ahead"]


def read_ahead(project: Path) -> Recorded:
    """Lock and answers that the files of a project are of: those that an update writes last, while it waits.

    Raises:
        MlscaffoldError: As `read_recorded`.
    """
    recorded, location = read_recorded(project), named_location(project)
    if location is None or not (folder_at(location) / JOURNAL).is_file():
        return recorded
    try:
        waiting = pending_at(location)
        if waiting is None or waiting.ending is None or waiting.phase is not Phase.CONFLICTS:
            return recorded
        lock = parse_lock(waiting.ending.contents[LOCK_FILE].decode())
        written = waiting.ending.contents.get(lock.answers_file)
        answers = recorded.answers if written is None else answers_in(written.decode(), origin=lock.answers_file)
    except (LookupError, ValueError, MlscaffoldError):
        # `update --status` says what is wrong with the journal.
        return recorded
    return Recorded.of(lock, answers)

"""A check while an update waits: the files are of the new version already, and the lock still says the old one.

So what is judged by is what the update will write last. Where its files are written only in part, nothing is judged:
each may be of either version.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .. import rules
from ..apply.where import JOURNAL, folder_at
from ..errors import MlscaffoldError
from ..files.entry import Entry, FileMode
from ..project.lock import LOCK_FILE, Lock, parse_lock
from .findings import Finding

if TYPE_CHECKING:
    from ..apply.journal import Pending
    from ..git.location import Location
    from .evidence import Evidence

__all__ = ["Waiting", "waiting_at"]

_WAYS = "mlscaffold update --status, then --continue or --abort"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Waiting:
    """An update that was begun and not finished."""

    #: What its journal says; None where that cannot be read.
    pending: Pending | None

    @property
    def is_half_written(self) -> bool:
        """Whether some files are of the new version, and nobody knows which."""
        return self.pending is not None and self.pending.phase.value == "applying"

    @property
    def contents(self) -> Mapping[str, bytes]:
        """What it writes last, when its conflicts are resolved: the lock and the answers, by path."""
        waiting = self.pending
        if waiting is None or waiting.phase.value != "conflicts" or waiting.ending is None:
            return {}
        return waiting.ending.contents

    @property
    def finding(self) -> Finding:
        """That it waits."""
        message = "an update of this project was begun and not finished"
        if self.is_half_written:
            message += ": its files are written in part, so none is judged"
        return Finding(rule=rules.UPDATE_PENDING, path=LOCK_FILE, message=message, fix=f"Run: {_WAYS}")

    def lock(self, recorded: Lock) -> Lock:
        """The lock that its files are judged by."""
        try:
            return parse_lock(self.contents[LOCK_FILE].decode())
        except (KeyError, ValueError, MlscaffoldError):
            return recorded

    def evidence(self, evidence: Evidence, lock: Lock) -> Evidence:
        """The project with the answers that it will have."""
        path = lock.answers_file
        if path not in self.contents:
            return evidence
        here = {**evidence.here, path: Entry(mode=FileMode.FILE, blob=lock.answers_blob)}
        read = evidence.read
        return dataclasses.replace(
            evidence, here=here, read=lambda wanted: self.contents[path] if wanted == path else read(wanted)
        )

    def advised(self, findings: list[Finding]) -> Iterator[Finding]:
        """The findings, none of which is to be mended by what would mix two versions."""
        for finding in findings:
            fixable = finding.rule.fixer is not None
            fix = f"First finish the update ({_WAYS}). Then run: mlscaffold check --fix"
            yield dataclasses.replace(finding, fix=fix) if fixable else finding


def waiting_at(location: Location) -> Waiting | None:
    """The update that waits in a project, if any; looked for without asking git."""
    if not (folder_at(location) / JOURNAL).is_file():
        return None
    # Nearly always there is none, and `check` is to start fast.
    from ..apply.journal import pending_at

    try:
        return Waiting(pending=pending_at(location))
    except MlscaffoldError:
        return Waiting(pending=None)

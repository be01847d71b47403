"""A check while an update waits: by what it will write last; and nothing is advised that would mix two versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .. import rules
from ..files.entry import Entry, FileMode
from ..project.lock import LOCK_FILE, Lock
from .findings import Finding

if TYPE_CHECKING:
    from ..project.waiting import Waiting
    from .evidence import Evidence

__all__ = ["advised", "finding_of", "with_answers"]

_WAYS = "mlscaffold update --status, then --continue or --abort"


def finding_of(waiting: Waiting) -> Finding:
    """That an update waits."""
    message = "an update of this project was begun and not finished"
    if waiting.is_half_written:
        message += ": its files are written in part, so none is judged"
    return Finding(rule=rules.UPDATE_PENDING, path=LOCK_FILE, message=message, fix=f"Run: {_WAYS}")


def with_answers(evidence: Evidence, waiting: Waiting, lock: Lock) -> Evidence:
    """The project with the answers that it will have."""
    path, read = lock.answers_file, evidence.read
    if path not in waiting.contents:
        return evidence
    return dataclasses.replace(
        evidence,
        here={**evidence.here, path: Entry(mode=FileMode.FILE, blob=lock.answers_blob)},
        read=lambda wanted: waiting.contents[path] if wanted == path else read(wanted),
    )


def advised(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, none of which is to be mended by what would mix two versions."""
    fix = f"First finish the update ({_WAYS}). Then run: mlscaffold check --fix"
    for finding in findings:
        yield finding if finding.rule.fixer is None else dataclasses.replace(finding, fix=fix)

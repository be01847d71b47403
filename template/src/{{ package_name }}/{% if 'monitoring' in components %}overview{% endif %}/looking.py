"""What all subjects tell of a place, and whether something needs a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..discovery import discover
from .place import Place
from .subject import FOLDER, Need, Subject, Told

#: What to do when something needs a look, where the project has such pages.
RUNBOOK = Path("docs/runbook")


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What is told.

    Args:
        parts: of each subject that has something to tell, in their order.
    """

    place: Place
    parts: Sequence[tuple[Subject, Told]]

    @property
    def needs(self) -> Sequence[Need]:
        """What needs a look, by subject."""
        return [need for _, told in self.parts for need in told.needs]


def look(place: Place) -> Overview:
    """Ask all subjects; raises `ProjectError` if something cannot be read."""
    subjects = sorted(discover(FOLDER, Subject).values(), key=lambda subject: subject.order)
    told = ((subject, subject.of(place)) for subject in subjects)
    return Overview(place=place, parts=[(subject, part) for subject, part in told if part is not None])

"""What a plan is made of: everything that was read from the world, and nothing decided yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..files.entry import Entry
from ..template.ownership import Ownership
from ..template.policy import Policy
from .pairing import EMPTY, TemplateSide

__all__ = ["Situation"]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Two renders, the project between them, and what is known about all three."""

    #: The render of the new version or answers.
    new: TemplateSide
    #: The table of the new version, which rules.
    ownership: Ownership
    #: The render of the recorded version and answers; empty for a new project.
    old: TemplateSide = EMPTY
    #: The files that the project holds.
    mine: Mapping[str, Entry] = field(default_factory=dict)
    #: Paths that hold something else: submodules, folders, links to folders.
    occupied: Collection[str] = ()
    #: Paths of `mine` that no commit holds: what was written there must not be lost.
    untracked: Collection[str] = ()
    #: The policy of each path under the old version.
    before: Mapping[str, Policy] = field(default_factory=dict)
    #: Template source path before -> now, where it changed between the versions.
    moves: Mapping[str, str] = field(default_factory=dict)
    #: Path in the old render -> where the user moved it.
    renames: Mapping[str, str] = field(default_factory=dict)
    #: Paths that the project took out of the template's hands.
    ejected: Collection[str] = ()
    #: Paths whose content depends on a secret answer: written once.
    secret: Collection[str] = ()
    #: New paths that must not be written, with the reason; see `succession`.
    withheld: Mapping[str, str] = field(default_factory=dict)
    #: Whether other answers were given, which seeded files follow where nobody edited them.
    answers_moved: bool = False
    #: Decide no more than git would (`--merge git`).
    lines_only: bool = False

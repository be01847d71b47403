"""Two bases: what a project has of a newer version of its template, where only what the template owns has moved.

After `update --owned-only` the files that the template owns are of one version, and all others still of the one before.
Which files are ahead is told from the two renders alone, so that every verb tells the same: those that the newer table
names `owned` or `keyed`, but for what was somebody's to edit under another path, and for what would lie in the way.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.entry import parents_of
from ..template.ownership import Ownership, PathRule
from ..template.render import Render

if TYPE_CHECKING:
    from .pin import Pin

__all__ = ["OwnedAhead", "OwnershipOfTwo", "blended", "owned_ahead_of"]


@dataclass(frozen=True, kw_only=True)
class OwnedAhead:
    """The paths in which a project goes ahead."""

    #: Those that the newer version renders.
    paths: frozenset[str]
    #: Those that the template owned, and has no longer.
    dropped: frozenset[str]


def owned_ahead_of(base: Pin, ahead: Pin, moves: Mapping[str, str]) -> OwnedAhead:
    """Which files are ahead.

    Args:
        base: The version of all other files.
        ahead: The newer one.
        moves: Template source path before -> now.
    """
    before = {path: base.render.sources.get(path, "") for path in base.render.entries}
    after = {path: ahead.render.sources.get(path, "") for path in ahead.render.entries}
    origins = _only({path: moves.get(source, source) for path, source in before.items()})
    recorded = {base.render.answers_file, ahead.render.answers_file}
    paths = set()
    for path in after.keys() - recorded:
        origin = path if path in before else origins.get(after[path], "")
        if ahead.follows(path) and (origin in {"", path} or base.follows(origin)):
            paths.add(path)
    waiting = {after[path] for path in after.keys() - paths}
    gone = {
        path
        for path in before.keys() - after.keys() - recorded
        if base.follows(path) and moves.get(before[path], before[path]) not in waiting
    }
    kept = before.keys() - paths - gone
    free = paths - _folders(kept) - {path for path in paths if kept & _folders({path})}
    return OwnedAhead(paths=frozenset(free), dropped=frozenset(gone))


def _only(sources: Mapping[str, str]) -> Mapping[str, str]:
    """By source its one path; sources of several are left out."""
    count = Counter(sources.values())
    return {source: path for path, source in sources.items() if source and count[source] == 1}


def _folders(paths: set[str]) -> set[str]:
    return {folder for path in paths for folder in parents_of(path)}


def blended(base: Render, ahead: Render, owned: OwnedAhead, into: Path) -> Render:
    """One render of two versions, laid out in a folder that does not exist yet."""
    root = into / base.root.name
    kept = dict.fromkeys(base.entries.keys() - owned.paths - owned.dropped, base)
    sides = {**kept, **dict.fromkeys(owned.paths, ahead)}
    for path, side in sides.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(side.root / path, target, follow_symlinks=False)
    return dataclasses.replace(
        base,
        root=root,
        entries={path: side.entries[path] for path, side in sides.items()},
        sources={path: side.sources[path] for path, side in sides.items() if path in side.sources},
        secret=base.secret - owned.paths,
        secret_questions=base.secret_questions | ahead.secret_questions,
    )


@dataclass(frozen=True, kw_only=True)
class OwnershipOfTwo(Ownership):
    """The table of the base, and for what is ahead that of the version ahead."""

    ahead: Ownership
    owned: OwnedAhead

    @classmethod
    def of(cls, base: Ownership, ahead: Ownership, owned: OwnedAhead) -> OwnershipOfTwo:
        """The two tables, as one."""
        return cls(rules=base.rules, moved=base.moved, ahead=ahead, owned=owned)

    def rule_for(self, path: str) -> PathRule:
        """The rule of the version that the path is of."""
        return self.ahead.rule_for(path) if path in self.owned.paths else super().rule_for(path)

    @property
    def commands(self) -> tuple[str, ...]:
        """Derived files are made by the commands of the version ahead."""
        return self.ahead.commands

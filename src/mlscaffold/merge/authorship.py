"""Hunks whose lines of the project were last written by an update bot: nobody's own words, so the template's count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from .hunks import Decision, Hunk

__all__ = ["WrittenByBots"]


@dataclass(frozen=True, kw_only=True)
class WrittenByBots:
    """The rule of one file."""

    #: Lines of the project's file that bots alone wrote, without line ends; asked for when a hunk needs them.
    lines: Callable[[], Collection[str]]

    def __call__(self, hunk: Hunk) -> Decision | None:
        """The template's lines, where the project's are a bot's; None for every other hunk."""
        changed = Counter(hunk.mine) - Counter(hunk.base)
        removed = Counter(hunk.base) - Counter(hunk.mine)
        if not hunk.theirs or not changed or removed.total() > changed.total():
            # What somebody removed has no author.
            return None
        bots = self.lines()
        if not all(line.rstrip("\r\n") in bots for line in changed):
            return None
        return hunk.theirs, "your lines were written by an update bot, so the template's count"

"""The rules by which hunks of a project's files are decided, as its settings have them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..git.blame import lines_written_by
from ..merge import HunkRule
from ..merge.authorship import WrittenByBots
from ..merge.versions import higher_versions
from ..project.merge_settings import MergeSettings

__all__ = ["hunk_rules"]

#: How long git may look for authors, for one file and for all of an update.
_FILE_SECONDS = 5.0
_ALL_SECONDS = 20.0


def hunk_rules(project: Path, settings: MergeSettings) -> Callable[[str], Sequence[HunkRule]]:
    """What decides the hunks of a file, by its path; authors are looked up when a hunk needs them."""
    spent = [0.0]

    def lines_of_bots(path: str) -> frozenset[str]:
        seconds = min(_FILE_SECONDS, _ALL_SECONDS - spent[0])
        if seconds <= 0:
            return frozenset()
        begin = time.monotonic()
        try:
            return lines_written_by(settings.is_bot, project, path, seconds=seconds)
        finally:
            spent[0] += time.monotonic() - begin

    def rules(path: str) -> Sequence[HunkRule]:
        chosen: list[HunkRule] = [higher_versions] if settings.higher_versions else []
        if settings.update_bots:
            chosen.append(WrittenByBots(lines=functools.cache(functools.partial(lines_of_bots, path))))
        return chosen

    return rules

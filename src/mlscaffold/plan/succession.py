"""New files that take over the part of old ones: not written where an owner edited what they take over from.

What such a file says was said by the old ones before. Where those are as rendered, the template's own is right; where
they are not, it would speak of another project. Then nobody but the owner knows, and a page says what to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from ..documents.keys import KeyedFileError, key_digests
from ..files.entry import Entry, FileMode
from ..files.glob import matches
from ..template.ownership import Ownership, PathRule, Predecessor
from ..template.policy import Policy
from .pairing import TemplateSide

__all__ = ["withheld"]

#: What a path holds in the old render, and in the project.
ReadBoth = Callable[[str], tuple[bytes, bytes]]


def withheld(
    old: TemplateSide, mine: Mapping[str, Entry], new: TemplateSide, ownership: Ownership, read: ReadBoth
) -> Mapping[str, str]:
    """The files of the new render that must not be written, each with the reason.

    Args:
        old: The render that the project comes from.
        mine: What it holds.
        new: The render that it goes to.
        ownership: The table of the new version.
        read: Gives both contents of a path that is in the old render and in the project.
    """
    reasons: dict[str, str] = {}
    for path in new.entries.keys() - old.entries.keys():
        rule = ownership.rule_for(path)
        if rule.policy is Policy.SEEDED and _takes_over(rule, old, new):
            edited = next((each for one in rule.replaces for each in sorted(_edited(one, old, mine, read))), "")
            if edited:
                reasons[path] = f"not written: it takes over from {edited}, which you changed; see {rule.page}"
    return reasons


def _takes_over(rule: PathRule, old: TemplateSide, new: TemplateSide) -> bool:
    """Whether the version before still had what the new file replaces."""
    return any(matches(each.glob, path) for each in rule.replaces for path in old.entries.keys() - new.entries.keys())


def _edited(which: Predecessor, old: TemplateSide, mine: Mapping[str, Entry], read: ReadBoth) -> Iterator[str]:
    """What an owner changed, removed or put there."""
    for path in old.entries.keys() | mine.keys():
        if not matches(which.glob, path):
            continue
        before, here = old.entries.get(path), mine.get(path)
        if before == here:
            continue
        if which.keys and before and here and FileMode.SYMLINK not in {before.mode, here.mode}:
            with contextlib.suppress(KeyedFileError):
                rendered, edited = (key_digests(path, content, which.keys) for content in read(path))
                if rendered == edited:
                    continue
        yield path

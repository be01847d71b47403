"""The two template ends of every file: by template source path, never by likeness of content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..files.entry import Entry

__all__ = ["EMPTY", "TemplateSide", "pair", "unblocked"]


@dataclass(frozen=True, kw_only=True)
class TemplateSide:
    """One render: its files, and the template file that each came from."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)


EMPTY = TemplateSide()


def pair(old: TemplateSide, new: TemplateSide, moves: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The template's two ends of every file: (path in the old render, path in the new one), empty where it has none.

    First the same path from the same (or moved) source, then the same source at another path where there is no doubt,
    then the same path from another source.
    """

    def source(path: str) -> str:
        before = old.sources.get(path, "")
        return moves.get(before, before)

    pairs = [(path, path) for path in old.entries if path in new.entries and source(path) == new.sources.get(path, "")]
    gone = [path for path in old.entries if (path, path) not in set(pairs)]
    came = [path for path in new.entries if (path, path) not in set(pairs)]
    departures = Counter(source(path) for path in gone)
    arrivals = Counter(new.sources.get(path, "") for path in came)
    landing = {new.sources.get(path, ""): path for path in came}
    for path in gone:
        origin = source(path)
        if origin and departures[origin] == arrivals[origin] == 1:
            pairs.append((path, landing[origin]))
    left, reached = {old_path for old_path, _ in pairs}, {new_path for _, new_path in pairs}
    pairs += [(path, path) for path in gone if path not in left and path in new.entries and path not in reached]
    left, reached = {old_path for old_path, _ in pairs}, {new_path for _, new_path in pairs}
    pairs += [(path, "") for path in gone if path not in left]
    pairs += [("", path) for path in came if path not in reached]
    return pairs


def unblocked(
    pairs: Iterable[tuple[str, str]], old: TemplateSide, mine: Mapping[str, Entry]
) -> Iterable[tuple[str, str]]:
    """No move to a path that holds what the user wrote: there the template's files are told by path.

    That is an edited file of the template's, or one of the user's own, which no move may replace.
    """
    ends = list(pairs)
    edited = {path for path, after in ends if not after and mine.get(path) not in {None, old.entries.get(path)}}
    for before, after in ends:
        if before != after and after in edited:
            yield before, ""
        elif before and before != after and before in mine and after in mine and after not in old.entries:
            yield before, ""
            yield "", after
        elif not after and before in edited and any(other == before for source, other in ends if source != before):
            yield before, before
        else:
            yield before, after

"""What a check looks at: the files of a project as git sees them, in the work tree or in a commit.

A clean project costs one git process: the index knows what was committed, and git itself compares it with the disk,
attributes and filters applied. Only what differs is hashed, and only what a rule asks for is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.entry import Entry, blob_id, entry_of, is_own_file, parents_of, read_plain
from ..git.attributes import missing_filters
from ..git.index import Index, files_here, ignored_paths, index_of_caller, read_index, staged_paths
from ..git.location import Location
from ..git.process import GitError
from ..project.lock import LOCK_FILE

if TYPE_CHECKING:
    from ..git.revision import Revision

__all__ = ["Evidence", "look_at_commit", "look_at_work_tree"]

#: A larger file is nobody's text: it is not searched.
_LIMIT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The paths that were asked for, as they are."""

    #: What is there.
    here: Mapping[str, Entry]
    #: The index, where that differs from the work tree.
    staged: Mapping[str, Entry] = field(default_factory=dict)
    #: Paths with an unresolved merge in the index.
    unmerged: frozenset[str] = frozenset()
    #: Path -> name of a filter that git cannot run here.
    unfiltered: Mapping[str, str] = field(default_factory=dict)
    #: Paths whose next commit would differ from the last one.
    carried: frozenset[str] = frozenset()
    #: Paths that are here, not in git, and ignored; the lock may be one.
    ignored: frozenset[str] = frozenset()
    #: Paths that are here, neither in git nor ignored, though the next commit holds the lock that names them; the lock.
    dropped: frozenset[str] = frozenset()
    #: The content of a path that is here; None for what is no file of a reasonable size.
    read: Callable[[str], bytes | None] = field(repr=False)


def look_at_work_tree(project: Path, paths: Collection[str], *, location: Location | None) -> Evidence:
    """The state of some paths in the work tree and the index.

    Args:
        project: Its root.
        paths: Relative to that.
        location: Of the project; None outside of git.

    Raises:
        MachineError: git is missing or cannot read the repository.
    """

    def read(path: str) -> bytes | None:
        try:
            return read_plain(project / path, _LIMIT_BYTES) if is_own_file(project, path) else None
        except (OSError, ValueError):
            return None

    # In a hook, what is judged is what the commit will hold.
    environment = index_of_caller(location) if location is not None else {}
    index = _index(location, environment) if location is not None else None
    if location is None or index is None:
        here = {path: entry_of(project / path) for path in paths if is_own_file(project, path)}
        return Evidence(here=here, read=read)
    foreign = _linked_folders(project, paths) | index.submodules.keys()
    unwatched = index.unstaged | index.overlooked
    own = [path for path in paths if not _is_below(path, foreign)]
    settled = {path: index.entries[path] for path in own if path in index.entries and path not in unwatched}
    others = [path for path in own if path not in settled and is_own_file(project, path)]
    left_out = {path: index.entries[path] for path in paths if path in index.skipped}
    # `git add --intent-to-add` stages a name, and no content.
    staged = {path: index.entries[path] for path in others if path in index.entries}
    staged = {path: entry for path, entry in staged.items() if entry.blob != blob_id(b"")}
    unknown = _unknown(project, others, index)
    ignored = _ignored(project, unknown, index)
    # What an update brought is added with its lock.
    kept = LOCK_FILE in index.entries and LOCK_FILE not in index.unstaged
    loose = unknown - ignored if index.known else frozenset[str]()
    return Evidence(
        here={**left_out, **settled, **files_here(location, index, others)},
        staged=staged,
        carried=staged_paths(location, staged, environment=environment) if staged else frozenset(),
        unmerged=index.unmerged & frozenset(paths),
        unfiltered=missing_filters(location, index, paths),
        ignored=ignored,
        dropped=frozenset(path for path in loose if kept or path == LOCK_FILE),
        read=read,
    )


def _index(location: Location, environment: Mapping[str, str]) -> Index | None:
    """The index; None where git says that there is no repository, and none is damaged either."""
    try:
        return read_index(location.folder, environment=environment)
    except GitError:
        return None


def _unknown(project: Path, others: Collection[str], index: Index) -> frozenset[str]:
    """Files that are here and not in git, the lock among them."""
    known = index.known
    # Before anything of a new project is in git, the lock stands for all.
    paths = (*others, LOCK_FILE) if known else (LOCK_FILE,)
    return frozenset(path for path in paths if path not in known and is_own_file(project, path))


def _ignored(project: Path, unknown: Collection[str], index: Index) -> frozenset[str]:
    """Those that an ignore file keeps out of git, unless it is the whole project that somebody keeps out."""
    if not unknown:
        return frozenset()
    ignored = ignored_paths(project, [*sorted(unknown), "."])
    return ignored - {"."} if index.known or "." not in ignored else frozenset()


def _linked_folders(project: Path, paths: Collection[str]) -> frozenset[str]:
    """The folders on the way to the paths that are links: git lists what lies behind as if it were there."""
    folders = {folder for path in paths for folder in parents_of(path)}
    return frozenset(folder for folder in folders if (project / folder).is_symlink())


def _is_below(path: str, folders: Collection[str]) -> bool:
    return bool(folders) and any(folder in folders for folder in parents_of(path))


def look_at_commit(revision: Revision, paths: Collection[str], contents: Mapping[str, bytes]) -> Evidence:
    """The state of some paths in a commit.

    Args:
        revision: From `open_commit`.
        paths: Relative to the project.
        contents: What was read already.
    """
    known = dict(contents)

    def read(path: str) -> bytes | None:
        if path not in known:
            known.update(revision.read([path]))
        return known.get(path)

    return Evidence(here={path: revision.entries[path] for path in paths if path in revision.entries}, read=read)

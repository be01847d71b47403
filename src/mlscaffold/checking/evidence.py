"""What a check looks at: the files of a project as git sees them, in the work tree or in a commit.

A clean project costs one git process: the index knows what was committed, and git itself compares it with the disk,
attributes and filters applied. Only what differs is hashed, and only what a rule asks for is read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import MlscaffoldError
from ..files.entry import (
    Entry,
    FileMode,
    blob_id,
    entry_of,
    is_own_file,
    read_plain,
)
from ..git.process import Git, GitError, blob_ids

__all__ = ["Evidence", "Place", "Revision", "look_at_commit", "look_at_work_tree", "open_commit", "place_of"]

#: A larger file is nobody's text: it is not searched.
_LIMIT_BYTES = 8 * 1024 * 1024
#: The mode of what is another repository's.
_SUBMODULE = "160000"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a project lies in its repository, found without asking git."""

    #: The repository's own folder; None outside of git.
    git_folder: Path | None = None
    #: The top of the work tree.
    top: Path | None = None
    #: From there to the project, with a slash at its end; empty at the top.
    prefix: str = ""


def place_of(project: Path) -> Place:
    """Where a project lies."""
    here = project.resolve()
    for folder in (here, *here.parents):
        link = folder / ".git"
        if link.is_dir():
            found = link
        elif link.is_file():
            # A worktree or a submodule.
            found = folder / link.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir: ").strip()
        else:
            continue
        prefix = "" if here == folder else f"{here.relative_to(folder).as_posix()}/"
        return Place(git_folder=found, top=folder, prefix=prefix)
    return Place()


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
    #: Paths that are here, not in git, and ignored.
    ignored: frozenset[str] = frozenset()
    #: The content of a path that is here; None for what is no file of a reasonable size.
    read: Callable[[str], bytes | None] = field(repr=False)


def look_at_work_tree(project: Path, paths: Collection[str], *, place: Place) -> Evidence:
    """The state of some paths in the work tree and the index.

    Raises:
        MachineError: git is missing or cannot read the repository.
    """

    def read(path: str) -> bytes | None:
        try:
            return read_plain(project / path, _LIMIT_BYTES) if is_own_file(project, path) else None
        except (OSError, ValueError):
            return None

    index = _index(project) if place.git_folder is not None else None
    if index is None:
        return Evidence(
            here={path: entry_of(project / path) for path in paths if is_own_file(project, path)}, read=read
        )
    foreign = _linked_folders(project, paths) | index.submodules
    settled = {
        path: index.entries[path]
        for path in paths
        if path in index.entries and path not in index.modified and not _is_below(path, foreign)
    }
    others = [
        path for path in paths if path not in settled and not _is_below(path, foreign) and is_own_file(project, path)
    ]
    left_out = {path: index.sparse[path] for path in paths if path in index.sparse}
    # `git add --intent-to-add` stages a name, and no content.
    staged = {path: index.entries[path] for path in others if path in index.entries}
    staged = {path: entry for path, entry in staged.items() if entry.blob != blob_id(b"")}
    return Evidence(
        here={**left_out, **settled, **_hash(project, others)},
        staged=staged,
        carried=_carried(project, staged),
        unmerged=index.unmerged & frozenset(paths),
        unfiltered=_unfiltered(project, paths, index, place),
        ignored=_ignored(project, [path for path in others if path not in index.known], index),
        read=read,
    )


def _carried(project: Path, paths: Collection[str]) -> frozenset[str]:
    """Those whose next commit would differ from the last one."""
    if not paths:
        return frozenset()
    literal = [f":(literal){path}" for path in paths]
    listing = Git(project).run("diff", "--cached", "--name-only", "-z", "--no-renames", "--relative", "--", *literal)
    return frozenset(listing.decode(errors="surrogateescape").split("\0"))


@dataclass(frozen=True, kw_only=True)
class _Index:
    """The index below the project's folder."""

    #: Files at stage 0 that git compares with the disk.
    entries: Mapping[str, Entry]
    #: Those among them that differ from the disk, or are gone from it.
    modified: frozenset[str]
    unmerged: frozenset[str]
    #: All paths, submodules and what git was told to overlook included.
    known: frozenset[str]
    submodules: frozenset[str]
    #: Files that a sparse checkout leaves out of the work tree.
    sparse: Mapping[str, Entry]


def _index(project: Path) -> _Index | None:
    """One listing says what is staged and what changed since; None outside of any repository."""
    try:
        listing = Git(project).run("ls-files", "-s", "-v", "-c", "-m", "-d", "-z")
    except GitError as error:
        if "not a git repository" in error.stderr or "must be run in a work tree" in error.stderr:
            return None
        raise
    entries: dict[str, Entry] = {}
    sparse: dict[str, Entry] = {}
    modified, unmerged, known, submodules = set(), set(), set(), set()
    modes = {mode.value: mode for mode in FileMode}
    for line in listing.decode(errors="surrogateescape").split("\0"):
        meta, _, path = line.partition("\t")
        if not meta:
            continue
        tag, mode, blob, stage = meta.split(" ")
        known.add(path)
        if mode == _SUBMODULE:
            submodules.add(path)
        elif stage != "0":
            unmerged.add(path)
        elif tag in "CR":
            modified.add(path)
        elif tag == "H" and mode in modes:
            # Any other tag: git was told to overlook changes (assume-unchanged, skip-worktree). We are not.
            entries[path] = Entry(mode=modes[mode], blob=blob)
        elif tag == "S" and mode in modes:
            sparse[path] = Entry(mode=modes[mode], blob=blob)
    return _Index(
        entries=entries,
        modified=frozenset(modified),
        unmerged=frozenset(unmerged),
        known=frozenset(known),
        submodules=frozenset(submodules),
        sparse=sparse,
    )


def _linked_folders(project: Path, paths: Collection[str]) -> frozenset[str]:
    """The folders on the way to the paths that are links: git lists what lies behind as if it were there."""
    folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents} - {"."}
    return frozenset(folder for folder in folders if (project / folder).is_symlink())


def _is_below(path: str, folders: Collection[str]) -> bool:
    return bool(folders) and any(parent.as_posix() in folders for parent in PurePosixPath(path).parents)


def _hash(project: Path, paths: Collection[str]) -> Mapping[str, Entry]:
    plain = {path: entry_of(project / path) for path in paths}
    files = [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK]
    seen = blob_ids(project, files) if files else {}
    return {path: Entry(mode=entry.mode, blob=seen.get(path, entry.blob)) for path, entry in plain.items()}


def _unfiltered(project: Path, paths: Collection[str], index: _Index, place: Place) -> Mapping[str, str]:
    """The paths whose attributes name a filter that is not configured here. No process unless some file names one."""
    if not any(_names_filter(file) for file in _attribute_files(project, index, place)):
        return {}
    listing = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
    git = Git(project)
    words = git.run("check-attr", "-z", "--stdin", "filter", stdin=listing).decode(errors="surrogateescape").split("\0")
    wanted = {
        path: name for path, name in zip(words[::3], words[2::3], strict=False) if name not in {"unspecified", "unset"}
    }
    if not wanted:
        return {}
    pattern = r"^filter\..*\.(clean|process)$"
    known = (
        git.text("config", "--name-only", "--get-regexp", pattern).split("\n")
        if git.succeeds("config", "--name-only", "--get-regexp", pattern)
        else []
    )
    ready = {name.removeprefix("filter.").rpartition(".")[0] for name in known}
    return {path: name for path, name in wanted.items() if name not in ready}


def _attribute_files(project: Path, index: _Index, place: Place) -> list[Path]:
    inside = {path for path in index.known if PurePosixPath(path).name == ".gitattributes"} | {".gitattributes"}
    files = [project / path for path in inside]
    if place.top is not None and place.git_folder is not None:
        above = [place.top / parent for parent in PurePosixPath(place.prefix).parents] if place.prefix else []
        files += [folder / ".gitattributes" for folder in above]
        files.append(place.git_folder / "info" / "attributes")
    return files


def _names_filter(file: Path) -> bool:
    try:
        return b"filter" in file.read_bytes()
    except OSError:
        return False


def _ignored(project: Path, untracked: list[str], index: _Index) -> frozenset[str]:
    """Files that nobody added and `.gitignore` names; where nothing of the project is in git yet, none."""
    if not untracked or not index.known:
        return frozenset()
    listing = "".join(f"{path}\0" for path in untracked).encode(errors="surrogateescape")
    try:
        found = Git(project).run("check-ignore", "-z", "--stdin", stdin=listing)
    except GitError:
        # Exit code 1: none of them is.
        return frozenset()
    return frozenset(filter(None, found.decode(errors="surrogateescape").split("\0")))


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A commit's files below the project's folder."""

    name: str
    entries: Mapping[str, Entry]
    _git: Git = field(repr=False)

    def read(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """The contents of files, by one git process.

        Raises:
            MachineError: An object is missing, and cannot be fetched.
        """
        wanted = [path for path in paths if path in self.entries and self.entries[path].mode is not FileMode.SYMLINK]
        if not wanted:
            return {}
        listing = "".join(f"{self.entries[path].blob}\n" for path in wanted)
        stream = self._git.run("cat-file", "--batch", stdin=listing.encode())
        found: dict[str, bytes] = {}
        at = 0
        for path in wanted:
            end = stream.index(b"\n", at)
            words = stream[at:end].split()
            if words[-1] == b"missing":
                raise MlscaffoldError(
                    f"{path} of {self.name} is missing from this clone.", hint="Fetch the commit whole."
                )
            size = int(words[2])
            found[path] = stream[end + 1 : end + 1 + size]
            at = end + size + 2
        return found


def open_commit(project: Path, name: str) -> Revision:
    """The files of a commit, as its trees list them.

    Raises:
        MlscaffoldError: There is no such commit here, or the project is not in git.
    """
    if not name.strip() or name.startswith("-"):
        raise MlscaffoldError(f"{name!r} names no commit.")
    git = Git(project)
    try:
        listing = git.run("ls-tree", "-r", "-z", name)
    except GitError as error:
        raise MlscaffoldError(
            f"Cannot read the commit {name} in {project}: {error.stderr.removeprefix('fatal: ')}",
            hint="In CI, fetch it first: git fetch --depth=1 origin <commit>.",
        ) from error
    entries: dict[str, Entry] = {}
    modes = {mode.value: mode for mode in FileMode}
    for line in listing.decode(errors="surrogateescape").split("\0"):
        meta, _, path = line.partition("\t")
        mode, _, rest = meta.partition(" ")
        if mode in modes:
            entries[path] = Entry(mode=modes[mode], blob=rest.rpartition(" ")[2])
    return Revision(name=name, entries=entries, _git=git)


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

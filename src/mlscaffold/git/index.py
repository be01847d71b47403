"""Git's index, read in one way by all: what is under version control, and how it stands to work tree and last commit.

One process lists it, attributes and filters applied by git itself. What git was told to overlook is no secret to us:
those paths are named, and whoever asks looks at the files.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..files.entry import Entry, FileMode, entry_of, is_own_file
from .location import Location, locate, unusable
from .process import Git, GitError, listing, quoted, records

__all__ = [
    "SEE_AGAIN",
    "Index",
    "blob_ids",
    "files_here",
    "files_of",
    "ignored_paths",
    "index_of_caller",
    "read_index",
    "recorded_modes",
    "staged_paths",
    "with_assumed",
    "with_edits",
]

_SUBMODULE = "160000"
_MODES = {mode.value: mode for mode in FileMode}
#: How `ls-files -v` tags what lies outside of a sparse checkout; its other tags in small letters are of assumed files.
_SKIPPED = "S"
#: Undoes what git was told to overlook, for the paths that follow.
SEE_AGAIN = "git update-index --no-assume-unchanged --no-skip-worktree"
#: Differs from the work tree, or is gone from it.
_DIFFERS = frozenset("CR")


@dataclass(frozen=True, kw_only=True)
class Index:
    """What the index holds below a project's folder; all paths are relative to that."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    #: Path -> commit.
    submodules: Mapping[str, str] = field(default_factory=dict)
    #: Paths with an unresolved merge: path -> stage ("1" base, "2" ours, "3" theirs) -> entry.
    stages: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    #: Those that differ between index and work tree.
    unstaged: frozenset[str] = frozenset()
    #: Those that git was told to assume unchanged: it does not look.
    assumed: frozenset[str] = frozenset()
    #: Those that a sparse checkout leaves out of the work tree.
    skipped: frozenset[str] = frozenset()
    #: Those that differ between index and last commit, where that was asked for (`with_edits`).
    staged: frozenset[str] = frozenset()

    @property
    def unmerged(self) -> frozenset[str]:
        """Paths with an unresolved merge."""
        return frozenset(self.stages)

    @property
    def ours(self) -> Mapping[str, Entry]:
        """Of unmerged paths our side, or the only one that has them."""
        sides = {path: stages.get("2", stages.get("3")) for path, stages in self.stages.items()}
        return {path: side for path, side in sides.items() if side is not None}

    @property
    def overlooked(self) -> frozenset[str]:
        """Paths of which git never commits a change, as it was told."""
        return self.assumed | self.skipped

    @property
    def dirty(self) -> tuple[str, ...]:
        """Paths with changes that no commit holds, staged or not."""
        return tuple(sorted(self.staged | self.unstaged | self.unmerged))

    @property
    def known(self) -> frozenset[str]:
        """All paths."""
        return frozenset((*self.entries, *self.submodules, *self.stages))


def read_index(folder: Path, *, environment: Mapping[str, str] | None = None) -> Index:
    """The index below a folder, compared with the work tree.

    Args:
        folder: In a work tree.
        environment: May name another index (`GIT_INDEX_FILE`).

    Raises:
        MachineError: Git cannot read it, or cannot use the repository.
    """
    try:
        output = Git(folder, environment=environment).run("ls-files", "-s", "-v", "-c", "-m", "-d", "-z")
    except GitError as error:
        raise unusable(folder, error) or error from error
    entries: dict[str, Entry] = {}
    submodules: dict[str, str] = {}
    stages: dict[str, dict[str, Entry]] = {}
    unstaged, assumed, skipped = set[str](), set[str](), set[str]()
    for record in records(output):
        meta, _, path = record.partition("\t")
        tag, mode, blob, stage = meta.split(" ")
        if mode == _SUBMODULE:
            submodules[path] = blob
        elif stage != "0":
            stages.setdefault(path, {})[stage] = Entry(mode=FileMode(mode), blob=blob)
        elif tag in _DIFFERS:
            unstaged.add(path)
        else:
            entries[path] = Entry(mode=FileMode(mode), blob=blob)
            if tag.islower():
                assumed.add(path)
            if tag.upper() == _SKIPPED:
                skipped.add(path)
    return Index(
        entries=entries,
        submodules=submodules,
        stages=stages,
        unstaged=frozenset(unstaged),
        assumed=frozenset(assumed),
        skipped=frozenset(skipped),
    )


def with_edits(index: Index, location: Location) -> Index:
    """An index that is also compared with the last commit, and whose files are looked at that git assumes unchanged.

    What a sparse checkout leaves out is let be: nobody works on that here.

    Raises:
        GitError: The last commit cannot be read.
    """
    staged = staged_paths(location) - index.submodules.keys()
    return dataclasses.replace(with_assumed(index, location), staged=staged)


def with_assumed(index: Index, location: Location) -> Index:
    """An index whose files are looked at that git assumes unchanged."""
    paths = [path for path in sorted(index.assumed) if is_own_file(location.folder, path)]
    seen = files_here(location, index, paths)
    edited = {path for path in paths if seen[path] != index.entries[path]}
    return dataclasses.replace(index, unstaged=index.unstaged | edited)


#: A command line holds no more paths for sure.
_MOST_ARGUMENTS = 200


def staged_paths(
    location: Location, paths: Collection[str] = (".",), *, environment: Mapping[str, str] | None = None
) -> frozenset[str]:
    """Which of some files or folders differ between index and last commit; all below the project if none are named.

    Of very many files, others are told as well.
    """
    paths = paths if len(paths) <= _MOST_ARGUMENTS else (".",)
    # Not --relative: with an unmerged path elsewhere in the repository, git ends by a signal.
    options = ("--cached", "--name-only", "-z", "--no-renames", "--ignore-submodules=dirty")
    git = Git(location.folder, environment=environment)
    names = git.records("diff", *options, "--", *(f":(literal){path}" for path in paths))
    return frozenset(name.removeprefix(location.prefix) for name in names)


def blob_ids(location: Location, paths: Collection[str]) -> Mapping[str, str]:
    """The ids that git gives to the contents of files in a work tree, its attributes applied; links are followed."""
    if not paths:
        return {}
    # hash-object reads its paths from the top of the work tree, wherever it is started.
    lines = "".join(f"{quoted(location.prefix + path)}\n" for path in paths)
    stdin = lines.encode(errors="surrogateescape")
    git = Git.at(location.git_folder, work_tree=location.top)
    ids = git.text_of("hash-object", "--stdin-paths", stdin=stdin).split()
    return dict(zip(paths, ids, strict=True))


def files_here(location: Location, index: Index, paths: Collection[str]) -> Mapping[str, Entry]:
    """Files that lie in a work tree, as git would record them.

    Args:
        location: Of the project.
        index: What is recorded of them now.
        paths: Each of a file or a link that may be read.
    """
    plain = {path: entry_of(location.folder / path) for path in paths}
    ids = blob_ids(location, [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK])
    seen = {path: Entry(mode=entry.mode, blob=ids.get(path, entry.blob)) for path, entry in plain.items()}
    return recorded_modes(seen, index, location)


def files_of(project: Path, paths: Collection[str]) -> Mapping[str, Entry]:
    """Those of some paths that are in a project, as git would record them; outside of git as they are.

    What a sparse checkout leaves out of the work tree is as the index has it.

    Raises:
        MachineError: Git cannot use the repository.
    """
    own = [path for path in paths if is_own_file(project, path)]
    if (location := locate(project)) is None:
        return {path: entry_of(project / path) for path in own}
    index = read_index(project)
    left_out = {path: index.entries[path] for path in paths if path in index.skipped}
    return {**left_out, **files_here(location, index, own)}


def recorded_modes(seen: Mapping[str, Entry], index: Index, location: Location) -> Mapping[str, Entry]:
    """Files of a work tree with the modes that git would record: the known ones, where it does not trust the disk.

    Without `core.symlinks` a link lies there as a file, without `core.filemode` the executable bit means nothing.
    """
    apart = {
        path: (entry.mode, index.entries[path].mode)
        for path, entry in seen.items()
        if path in index.entries and index.entries[path].mode is not entry.mode
    }
    links = {path for path, modes in apart.items() if modes == (FileMode.FILE, FileMode.SYMLINK)}
    bits = {path for path, modes in apart.items() if FileMode.SYMLINK not in modes}
    if not links | bits:
        return seen
    held = _held_by_disk(location)
    kept = (set() if "core.symlinks" in held else links) | (set() if "core.filemode" in held else bits)
    return {**seen, **{path: dataclasses.replace(seen[path], mode=index.entries[path].mode) for path in kept}}


def _held_by_disk(location: Location) -> frozenset[str]:
    """Which of `core.symlinks` and `core.filemode` hold here: what git writes as links and modes lies on disk so."""
    pattern = r"^core\.(symlinks|filemode)$"
    said = Git(location.folder).found("config", "-z", "--type=bool", "--get-regexp", pattern)
    values = dict(record.split("\n", 1) for record in records(said or b""))
    return frozenset(name for name in ("core.symlinks", "core.filemode") if values.get(name, "true") == "true")


def ignored_paths(folder: Path, paths: Collection[str]) -> frozenset[str]:
    """Those of some untracked paths that ignore files keep out of git."""
    said = Git(folder).found("check-ignore", "-z", "--stdin", stdin=listing(paths)) if paths else None
    return frozenset(records(said or b""))


def index_of_caller(location: Location) -> Mapping[str, str]:
    """The index that a commit is made from just now, if a hook of that commit started us: as an environment for git.

    `git commit -a` and `git commit FILE` fill one beside the index, and tell it to their hooks alone.
    """
    named = os.environ.get("GIT_INDEX_FILE", "")
    file = location.top / named
    if not named or not file.is_file():
        return {}
    own = {os.path.realpath(location.git_folder), os.path.realpath(location.common)}
    # Elsewhere it may be any repository's: this one's if we stand in it, as a hook does.
    elsewhere = ".git" not in file.parts and Path(os.path.realpath(os.curdir)).is_relative_to(location.top)
    return {"GIT_INDEX_FILE": str(file)} if elsewhere or os.path.realpath(file.parent) in own else {}

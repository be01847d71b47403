"""A commit of a project: its files, as its trees list them. No blob is read but those that are asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import MlscaffoldError
from ..files.entry import Entry, FileMode
from .location import unusable
from .process import Git, GitError

__all__ = ["Revision", "open_commit"]

_MODES = {mode.value: mode for mode in FileMode}


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A commit's files below the project's folder."""

    name: str
    entries: Mapping[str, Entry]
    _git: Git = field(repr=False)

    def read(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """The contents of files, by one git process.

        Raises:
            MlscaffoldError: An object is missing, and cannot be fetched.
        """
        wanted = [path for path in paths if path in self.entries and self.entries[path].mode is not FileMode.SYMLINK]
        contents = self._git.blobs(self.entries[path].blob for path in wanted)
        for path in wanted:
            if self.entries[path].blob not in contents:
                raise MlscaffoldError(
                    f"{path} of {self.name} is missing from this clone.", hint="Fetch the commit whole."
                )
        return {path: contents[self.entries[path].blob] for path in wanted}


def open_commit(project: Path, name: str) -> Revision:
    """The files of a commit.

    Raises:
        MlscaffoldError: There is no such commit here, the project is not in git, or git cannot use the repository.
    """
    if not name.strip() or name.startswith("-"):
        raise MlscaffoldError(f"{name!r} names no commit.")
    git = Git(project)
    try:
        lines = git.records("ls-tree", "-r", "-z", name)
    except GitError as error:
        absent = "not a git repository" in error.stderr
        if (absent or error.hint) and (refusal := unusable(project, error)) is not None:
            raise refusal from error
        if absent:
            raise MlscaffoldError(f"{project} is not in a git repository: it has no commit {name}.") from error
        raise MlscaffoldError(
            f"Cannot read the commit {name} in {project}: {error.stderr.removeprefix('fatal: ')}",
            hint="In CI, fetch it first: git fetch --depth=1 origin <commit>.",
        ) from error
    entries: dict[str, Entry] = {}
    for line in lines:
        meta, _, path = line.partition("\t")
        mode, _, rest = meta.partition(" ")
        if mode in _MODES:
            entries[path] = Entry(mode=_MODES[mode], blob=rest.rpartition(" ")[2])
    return Revision(name=name, entries=entries, _git=git)

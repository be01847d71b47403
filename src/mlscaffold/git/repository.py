"""A bare repository that we read a stranger's commits from, without cloning it once more.

It is ours: one that borrows, a mirror, or what a bundle held (see `borrow`). Each commit is laid out through an index
of its own, so that the repository itself is only read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .process import AS_COMMITTED, Git, GitError, listing

__all__ = ["SUBMODULE", "References", "Repository", "TreeEntry", "tree_entries"]

#: The mode that a tree has for a commit of another repository.
SUBMODULE = "160000"
#: For each reference what it is, and of a tag also what it leads to. A tag that leads to another one is followed later.
_FORM = "%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"


@dataclass(frozen=True, kw_only=True)
class References:
    """What a repository has by name: commits by tag and by branch."""

    tags: Mapping[str, str]
    branches: Mapping[str, str]
    #: The default branch's name; empty where it has none, or does not say.
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """A file or a folder of a tree."""

    mode: str
    name: str
    #: As the tree itself holds it.
    raw: bytes

    @property
    def is_file(self) -> bool:
        """Whether it is a file or a link."""
        return self.mode[:2] in {"10", "12"}


class Repository:
    """A bare repository of ours."""

    def __init__(self, folder: Path) -> None:
        """Of the repository's own folder."""
        self.folder = folder
        self.git = Git.at(folder)

    @cached_property
    def references(self) -> References:
        """Its branches and tags, as far as they lead to commits.

        Raises:
            GitError: They cannot be read.
        """
        commits: dict[str, str] = {}
        for line in self.git.text("for-each-ref", f"--format={_FORM}", "refs/heads", "refs/tags").split("\n"):
            name, kind, direct, kind_peeled, peeled = line.split("\0") if line else ("", "", "", "", "")
            if kind_peeled == "tag":
                # Git before 2.45 follows one tag only.
                commits[name] = self._peeled(name)
            elif "commit" in {kind, kind_peeled}:
                commits[name] = peeled or direct
        named = {name: commit for name, commit in commits.items() if commit}
        return References(tags=_below("refs/tags/", named), branches=_below("refs/heads/", named))

    def commit_at(self, ref: str) -> str:
        """The commit that a branch, a tag or an id names; empty if there is none."""
        branches, tags = self.references.branches, self.references.tags
        # Whoever has a clone knows the branches by such names.
        known = branches.get(ref) or tags.get(ref) or branches.get(ref.removeprefix("origin/"))
        return known or self._peeled(ref)

    def _peeled(self, name: str) -> str:
        done = self.git.finished("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
        return "" if done.returncode else done.stdout.decode().strip()

    def lay_out(self, commit: str, folder: str, into: Path, index: Path) -> None:
        """Write the files of a commit into a folder that is there; of one of its folders only those, and `.gitmodules`.

        Raises:
            GitError: It cannot be read, or not be written.
        """
        lay_out(Git.at(self.folder, work_tree=into, index=index), commit, folder)


def lay_out(git: Git, commit: str, folder: str) -> None:
    """Write the files of a commit into the empty work tree of a repository of ours, as `Repository.lay_out` does.

    Raises:
        GitError: It cannot be read, or not be written.
    """
    if not folder:
        _careful(git, "read-tree", "-u", "--reset", commit)
        return
    # All else of a large repository stays where it is. What its attributes say of these files is read from the index.
    git.run("read-tree", commit)
    names = git.records("ls-files", "-z", "--", f":(top,literal){folder}", ":(top,literal).gitmodules")
    _careful(git, "checkout-index", "-f", "-z", "--stdin", stdin=listing(names))


def _careful(git: Git, *arguments: str, stdin: bytes | None = None) -> None:
    """Run what writes files; git may go on without one that it cannot read."""
    done = git.finished(*AS_COMMITTED, "-c", "core.sparseCheckout=false", *arguments, stdin=stdin)
    stderr = done.stderr.decode(errors="replace").strip()
    if done.returncode or "unable to read" in stderr:
        raise GitError(arguments, stderr)


def _below(prefix: str, commits: Mapping[str, str]) -> Mapping[str, str]:
    return {name.removeprefix(prefix): commit for name, commit in commits.items() if name.startswith(prefix)}


def tree_entries(content: bytes, id_length: int) -> tuple[TreeEntry, ...]:
    """The entries of a tree object.

    Args:
        content: Of the object.
        id_length: How many bytes an id has.
    """
    entries = []
    start = 0
    while start < len(content):
        end = content.index(b"\0", start)
        mode, _, name = content[start:end].partition(b" ")
        entry = content[start : end + 1 + id_length]
        entries.append(TreeEntry(mode=mode.decode(), name=name.decode(errors="surrogateescape"), raw=entry))
        start += len(entry)
    return tuple(entries)

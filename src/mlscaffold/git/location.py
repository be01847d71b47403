"""Where a folder lies in its repository; or that it lies in none, which only git's own word can say.

A repository that cannot be used is no absence of one: it is refused with git's reason and the cure.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MachineError, MlscaffoldError, ProjectError
from ..files.entry import read_plain
from .process import Git, GitError

__all__ = [
    "Location",
    "common_folder",
    "locate",
    "located",
    "named_location",
    "newest_commit",
    "outside",
    "passed_over",
    "pointed_at",
    "unusable",
]

_NONE = "not a git repository (or any"
#: What some versions say in a repository's own folder, as they are told to take none that was not named.
_BARE = "cannot use bare repository"
_NO_WORK_TREE = "must be run in a work tree"
_HEAD = re.compile(r"ref:\s*refs/\S|[0-9a-f]{40}")
_POINTER = "gitdir: "
_MOST_POINTER = 4096


@dataclass(frozen=True, kw_only=True)
class Location:
    """A folder in the work tree of a repository."""

    folder: Path
    #: The top of the work tree.
    top: Path
    #: From there to the folder, with a slash at its end; empty at the top.
    prefix: str
    #: The work tree's own folder of the repository.
    git_folder: Path
    #: The one that all its work trees share.
    common: Path


def locate(folder: Path) -> Location | None:
    """Where a folder lies, as git says; None outside of any work tree.

    Raises:
        MachineError: There is a repository, and git cannot use it; or there is no git.
    """
    wanted = ("--is-inside-git-dir", "--show-prefix", "--absolute-git-dir", "--git-common-dir", "--show-toplevel")
    done = Git(folder).finished("rev-parse", *wanted)
    said = done.stdout.decode(errors="surrogateescape").split("\n")
    if done.returncode:
        error = GitError(("rev-parse",), done.stderr.decode(errors="replace"))
        if said[0] == "true" or _BARE in error.stderr:
            raise MachineError(f"{folder} is inside a repository's own folder.", hint="Name a folder outside of it.")
        if (refusal := unusable(folder, error)) is not None:
            raise refusal from error
        return None
    if len(said) != len(wanted) + 1:
        raise MachineError(f"{str(folder)!r}: there is a line break in this path.", hint="Rename that folder.")
    prefix, git_folder, common, top = said[1:5]
    if Path(os.path.realpath(folder)) != Path(os.path.realpath(top), prefix):
        raise MachineError(
            f"The work tree of the repository {git_folder} is {top}: {folder} is not in it.",
            hint=f"Work there; or make it this folder again: git --git-dir={shlex.quote(git_folder)} "
            "config --unset core.worktree",
        )
    return Location(
        folder=folder,
        top=Path(top),
        prefix=prefix,
        git_folder=Path(git_folder),
        common=Path(os.path.realpath(folder / common)),
    )


def located(folder: Path) -> Location:
    """Where a folder lies, that has to be in git.

    Raises:
        ProjectError: It is not.
        MachineError: As `locate`.
    """
    if (location := locate(folder)) is None:
        raise outside(folder)
    return location


def outside(folder: Path) -> MlscaffoldError:
    """What to say of a folder in no work tree that has to be in one."""
    if (refusal := passed_over(folder)) is not None:
        return refusal
    if (bare := named_location(folder)) is not None:
        return ProjectError(
            f"Git takes {bare.git_folder} for a repository without a work tree (core.bare).",
            hint=f"If {bare.top} is its work tree: git -C {shlex.quote(str(bare.top))} config core.bare false. "
            "Else work in one that git made: git worktree add FOLDER",
        )
    named, tree = os.environ.get("GIT_DIR"), os.environ.get("GIT_WORK_TREE")
    if named and tree and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(tree)):
        link = shlex.quote(os.path.join(os.path.realpath(tree), ".git"))  # noqa: PTH118 - a text for the shell
        return ProjectError(
            f"{folder} is in no repository but the one that GIT_DIR names, which may be anybody's: it is not followed.",
            hint=f"Let the folder itself name it: echo {shlex.quote(f'gitdir: {os.path.realpath(named)}')} > {link}",
        )
    return ProjectError(
        f"{folder} is not in a git repository, and without history nothing could be taken back.",
        hint="Run: git init && git add -A && git commit -m 'Start', then the command again.",
    )


def unusable(folder: Path, error: GitError) -> MachineError | None:
    """What is wrong with the repository of a folder, of which git gave an error; None if it lies in no work tree."""
    if _NO_WORK_TREE in error.stderr:
        return None
    if _NONE not in error.stderr:
        owned = re.search("dubious ownership in repository at '(.*)'", error.stderr)
        hint = error.hint.replace(" PATH", f" {shlex.quote(owned[1])}") if owned else error.hint
        return MachineError(f"Git cannot use the repository of {folder}: {error.reason}.", hint=hint)
    for link in _looked_at(folder):
        try:
            why = _damage(link)
            cure = "Restore it, or clone it again and put your files there. If it is no repository, remove it."
        except PermissionError as denied:
            why = f"{denied.filename}: {denied.strerror}"
            cure = "Get the right to read there, or run as the user whom it belongs to."
        if why is not None:
            return MachineError(f"Git does not take {link} for a repository: {why}.", hint=cure)
    return None


def passed_over(folder: Path) -> MachineError | None:
    """What to say where git sees no repository and one is there, in good order: nothing is to be made beside it."""
    location = named_location(folder)
    if location is None or not Git(folder).finished("rev-parse", "--git-dir").returncode:
        # None, or one without a work tree.
        return None
    return MachineError(
        f"Git does not take {location.git_folder} for a repository, and does not say why.",
        hint="Most likely this user may not enter it, or a folder above it: get that right, or run as its owner.",
    )


def _damage(link: Path) -> str | None:
    """What is wrong with what is called `.git`, to be seen from outside; None for an empty folder.

    Raises:
        PermissionError: This user may not look.
    """
    try:
        names = {entry.name for entry in link.iterdir()}
        if not names:
            return None
        if missing := next((name for name in ("HEAD", "objects", "refs") if name not in names), None):
            return f"{missing} is missing"
        head = os.fsdecode((link / "HEAD").read_bytes())
    except PermissionError:
        raise
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    return None if _HEAD.match(head) else "its HEAD names no branch and no commit"


def _looked_at(folder: Path) -> Iterator[Path]:
    """Whatever is called `.git` where git looks for the repository of a folder, the closest first."""
    here = Path(os.path.realpath(folder))
    ceilings = {
        os.path.realpath(name) for name in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if name
    }
    across = os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "") in {"1", "true", "yes", "on"}
    try:
        device = here.stat().st_dev
        for parent in (here, *here.parents):
            if parent != here and (str(parent) in ceilings or (parent.stat().st_dev != device and not across)):
                return
            if os.path.lexists(parent / ".git"):
                yield parent / ".git"
    except OSError:
        return


def named_location(folder: Path) -> Location | None:
    """Where a folder lies, by the names of folders alone: as git would say, if it can use the repository.

    No process, for who asks git something else anyhow and hears from that whether it can.
    """
    for link in _looked_at(folder):
        git_folder = pointed_at(link)
        if git_folder is None:
            continue
        here, top = Path(os.path.realpath(folder)), link.parent
        prefix = "" if here == top else f"{here.relative_to(top).as_posix()}/"
        return Location(folder=folder, top=top, prefix=prefix, git_folder=git_folder, common=common_folder(git_folder))
    return None


def pointed_at(link: Path) -> Path | None:
    """The repository's folder that a `.git` is, or that it names; None for an empty folder, which git passes over."""
    try:
        if link.is_dir():
            return link if any(link.iterdir()) else None
        # A work tree, or a submodule.
        named = link.parent / (_words(link).removeprefix(_POINTER) or link.name)
        return named if named.is_dir() else link
    except OSError:
        return link


def common_folder(git_folder: Path) -> Path:
    """The folder that all work trees of a repository share."""
    return git_folder / _words(git_folder / "commondir")


def _words(file: Path) -> str:
    """What a file in which git keeps a path says; empty for anything else, as a pipe, which would be waited for."""
    try:
        content = read_plain(file.resolve(), _MOST_POINTER)
    except (OSError, ValueError, RuntimeError):
        return ""
    return "" if b"\0" in content else os.fsdecode(content).rstrip("\r\n")


def newest_commit(git: Git) -> str:
    """The id of the commit that HEAD names; empty where nothing was committed yet.

    Raises:
        GitError: HEAD names one that cannot be read.
    """
    if (said := git.found("rev-parse", "-q", "--verify", "HEAD^{commit}")) is not None:
        return said.decode().strip()
    # A branch without commits and one whose file is damaged look alike to `rev-parse`.
    try:
        return git.text("log", "-1", "--format=%H")
    except GitError as error:
        if "does not have any commits yet" in error.stderr:
            return ""
        raise

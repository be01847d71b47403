"""One state of a template, in a folder of ours: a commit, a work tree that is none, a plain folder."""

from __future__ import annotations

import errno
import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TemplateError
from ..files.scratch import scratch_folder
from ..git.borrow import borrow_work_tree, work_tree_files
from ..git.process import AS_COMMITTED, Git, GitError
from ..git.repository import Repository
from .cache import why_unusable
from .channel import RELEASES, Channel, Following
from .identity import Committed, committed, configuration_in, counted_in, prune, refuse_without_configuration
from .repository import opened, readable, repository_of
from .source import SourceKind, TemplateSource
from .submodules import laid_out_with_submodules
from .versions import DEV, Release, check_name, latest, name_of, named_release, no_branch, no_version, releases_in, shown

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["Checkout", "check_out", "is_unreleased"]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One state of a template."""

    source: TemplateSource
    #: Where its files are.
    lay_out: Callable[[], Path]
    #: The tag of a release; the id of another commit; `dev` for what is no commit.
    version: str
    tree: str
    #: Information only: the tree is what identifies.
    commit: str
    #: The release's number; of another commit that of the newest release in its history. None where there is none.
    number: Version | None = None
    #: What the user should be told about how it was got.
    notes: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The folder that its files lie in: those of a commit are written when they are first asked for.

        Raises:
            TemplateError: They cannot be read, or lead out of the template.
        """
        return self.lay_out()

    @property
    def repository(self) -> Repository:
        """The repository of a commit. It lies apart from the files: no template reads where it came from."""
        return repository_of(self.source)


def check_out(
    source: TemplateSource, ref: str | None, *, into: Path, cache: Path | None = None, channel: Channel = RELEASES
) -> Checkout:
    """Find one state of a template; its files will lie in the folder `into`.

    Args:
        source: The template.
        ref: A version, branch or commit. None is what the channel is at; of a work tree that is no release, its
            present state, unless a branch is followed.
        into: An empty folder that the caller removes.
        cache: Where remote repositories are mirrored; None reads them afresh.
        channel: Where to find what no `ref` names.

    Raises:
        TemplateError: There is no such state, or it is not a Copier template.
    """
    if ref is not None:
        check_name(ref)
    checkout = _state(source, ref, into, cache, channel)
    if cache is None or not (why := why_unusable(cache)):
        return checkout
    note = f"Nothing is kept between runs: {why}. MLSCAFFOLD_CACHE_DIR names another folder."
    return replace(checkout, notes=(*checkout.notes, note))


def _state(source: TemplateSource, ref: str | None, into: Path, cache: Path | None, channel: Channel) -> Checkout:
    root = into / "template"
    if source.kind is SourceKind.FOLDER:
        if ref is not None:
            raise TemplateError(f"{source.url} is a plain folder, not a git repository: it has no version {ref}.")
        return _copy_folder(source, root)
    source = opened(source, cache, into)
    dev = ref == "HEAD" or (ref is None and channel.following is not Following.BRANCH)
    if dev and (work_tree := _unreleased(source, into)) is not None:
        return _copy_work_tree(source, work_tree, root)
    return _commit(source, ref, root, channel)


def is_unreleased(source: TemplateSource) -> bool:
    """Whether a source is a work tree on this machine whose state is not exactly a release."""
    with scratch_folder() as scratch:
        return _unreleased(opened(source, None, scratch), scratch) is not None


def _unreleased(source: TemplateSource, scratch: Path) -> Git | None:
    """Git on the work tree that a source is, if its state is not exactly a release."""
    path = Path(source.location)
    git = borrow_work_tree(path, scratch) if source.kind is SourceKind.REPOSITORY and path.is_dir() else None
    # What lies in a submodule is never copied from there; and to look into it would take its own configuration.
    if git is None or git.text("status", "--porcelain", "--ignore-submodules=dirty"):
        return git
    repository = repository_of(source)
    here = repository.commit_at("HEAD")
    tags = {tag: commit for tag, commit in repository.references.tags.items() if commit == here}
    return None if releases_in(tags, source.tag_prefix) else git


def _copy_work_tree(source: TemplateSource, git: Git, root: Path) -> Checkout:
    names = [name for name in work_tree_files(git) if f"{name}/".startswith(source.below)]
    refuse_without_configuration(source, (name.removeprefix(source.below) for name in names))
    for name in names:
        _copy(git.folder / name, root / name.removeprefix(source.below))
    return _seal(source, root, notes=("The template is an unreleased work tree.",))


def _copy_folder(source: TemplateSource, root: Path) -> Checkout:
    """A plain folder, as it lies there. It is looked at before it is copied: it may be somebody's whole disk."""
    folder = Path(source.location, source.folder)
    note = "The template is a plain folder: the project cannot be updated."
    try:
        with os.scandir(folder) as entries:
            refuse_without_configuration(source, (entry.name for entry in entries))
        for parent, folders, files in os.walk(folder, onerror=_raise):
            folders[:] = [name for name in folders if name != ".git"]
            links = [name for name in folders if Path(parent, name).is_symlink()]
            for name in (*files, *links):
                _copy(Path(parent, name), root / Path(parent, name).relative_to(folder))
        around = next((above for above in folder.parents if (above / ".git").exists()), None)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise TemplateError(f"The template {source.url} cannot be read: {error.strerror} ({error.filename}).") from error
    if around is not None:
        note += f" To follow its releases, name it as {around}#subdir={folder.relative_to(around).as_posix()}"
    return _seal(source, root, notes=(note,))


def _raise(error: OSError) -> None:
    raise error


def _copy(file: Path, target: Path) -> None:
    """Copy a file or a link; pipes and devices are no part of a template."""
    if file.is_symlink() or file.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target, follow_symlinks=False)


def _seal(source: TemplateSource, root: Path, *, notes: tuple[str, ...]) -> Checkout:
    """Give a folder that is no commit its tree id."""
    configuration_in(root, source)
    prune(root, counted_in(root))
    # Not where a template might have brought a repository's folder along.
    git_folder = root.parent / "sealing.git"
    git = Git.at(git_folder, work_tree=root)
    git.run("init", "-q", "--template=")
    git.run(*AS_COMMITTED, "add", "-A", "-f", ".")
    tree = git.text("write-tree")
    shutil.rmtree(git_folder)
    return Checkout(source=source, lay_out=lambda: root, version=DEV, tree=tree, commit="", notes=notes)


def _commit(source: TemplateSource, ref: str | None, root: Path, channel: Channel) -> Checkout:
    repository = repository_of(source)
    with readable(source):
        known = releases_in(repository.references.tags, source.tag_prefix)
        commit, version = _resolve(repository, source, known, ref, channel)
        release = next((release for release in known if release.tag == version), None)
        notes: tuple[str, ...] = source.notes
        if release is None:
            release = _newest_within(repository.git, known, commit)
            notes = (*notes, _unreleased_note(version, known, release))
        state = committed(repository, source, commit, shown(version))
    return Checkout(
        source=source,
        lay_out=functools.cache(lambda: _lay_out(source, state, root)),
        version=version,
        tree=state.identity,
        commit=commit,
        number=release.version if release else None,
        notes=notes,
    )


def _resolve(
    repository: Repository, source: TemplateSource, known: tuple[Release, ...], ref: str | None, channel: Channel
) -> tuple[str, str]:
    """Commit and version text: the tag of a release, or the commit's id."""
    if ref is None and channel.branch:
        if (commit := repository.references.branches.get(channel.branch)) is None:
            raise no_branch(source, channel.branch)
        return commit, name_of(commit, known)
    newest = latest(known, channel)
    ref = ref or (newest.tag if newest else "HEAD")
    if (release := named_release(known, ref)) is not None:
        return release.commit, release.tag
    if commit := repository.commit_at(ref):
        return commit, name_of(commit, known)
    if ref == "HEAD":
        raise TemplateError(
            f"The template {source.url} has no version tags, and its default branch has no commit.",
            hint="Name a branch with --ref.",
        )
    raise no_version(source, ref, known)


def _newest_within(git: Git, known: tuple[Release, ...], commit: str) -> Release | None:
    """The newest release in the history of a commit."""
    within = set(git.text("tag", "--merged", commit).split("\n")) if known else set()
    return next((release for release in reversed(known) if release.tag in within), None)


def _unreleased_note(version: str, known: tuple[Release, ...], within: Release | None) -> str:
    if not known:
        return "The template has no version tags: the project cannot be updated until it has."
    newest = f"; the newest that it contains is {within.tag}" if within else ""
    return f"{shown(version)} of the template is not a release{newest}."


def _lay_out(source: TemplateSource, state: Committed, root: Path) -> Path:
    """Write what counts of a commit into a folder.

    Raises:
        TemplateError: It cannot be read, or leads out of the template.
    """
    repository = repository_of(source)
    whole = root.with_name("repository") if source.folder else root
    try:
        if state.has_submodules:
            laid_out_with_submodules(repository, source, state, whole)
        else:
            whole.mkdir()
            repository.lay_out(state.commit, source.folder, whole, root.with_name("index"))
    except GitError as error:
        if "unable to read" not in error.stderr:
            raise
        # What is missing is not fetched: from where, a stranger says.
        raise TemplateError(
            f"The template {source.url} cannot be laid out: {error.stderr}",
            hint="If it is a partial clone, clone it whole, or name the address that it was cloned from.",
        ) from error
    if whole != root:
        (whole / source.folder).rename(root)
    configuration_in(root, source)
    prune(root, state.counted)
    return root

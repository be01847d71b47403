"""One state of a template, laid out in a folder of ours: a commit, a work tree that is none, a plain folder."""

from __future__ import annotations

import errno
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TemplateError
from ..files.scratch import scratch_folder
from ..git.borrow import borrow, work_tree_files
from ..git.process import AS_COMMITTED, Git, GitError, without_credentials
from .cache import why_unusable
from .channel import RELEASES, Channel, Following
from .identity import configuration_in, counted_in, identity_of, prune, refuse_without_configuration
from .mirror import fetched, unreachable
from .source import SourceKind, TemplateSource
from .submodules import add_submodules
from .versions import DEV, Release, check_name, commit_at, latest, name_of, named_release, no_version, releases_in, shown

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["Checkout", "check_out", "is_unreleased"]



@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One state of a template, laid out in a folder."""

    source: TemplateSource
    root: Path
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
    def history(self) -> Git:
        """Git on the repository of a commit. It lies beside the files: no template reads where it came from."""
        return Git.at(_repository_of(self.root), work_tree=self.root)

    @property
    def is_dev(self) -> bool:
        """Whether it is no commit, and so never comes again."""
        return self.version == DEV


def _repository_of(root: Path) -> Path:
    return root.with_name(f"{root.name}.git")


def check_out(
    source: TemplateSource, ref: str | None, *, into: Path, cache: Path | None = None, channel: Channel = RELEASES
) -> Checkout:
    """Lay one state of a template out in the folder `into`; beside it, what git knows of a commit.

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
    made = _lay_out(source, ref, into, cache, channel)
    if cache is None or not (why := why_unusable(cache)):
        return made
    note = f"Nothing is kept between runs: {why}. MLSCAFFOLD_CACHE_DIR names another folder."
    return replace(made, notes=(*made.notes, note))


def _lay_out(source: TemplateSource, ref: str | None, into: Path, cache: Path | None, channel: Channel) -> Checkout:
    root = into / "template"
    if source.kind is SourceKind.FOLDER:
        if ref is not None:
            raise TemplateError(f"{source.url} is a plain folder, not a git repository: it has no version {ref}.")
        return _copy_folder(source, root)
    copy = fetched(source, cache, into)
    location = borrow(copy.location, into)
    dev = ref == "HEAD" or (ref is None and channel.following is not Following.BRANCH)
    if source.kind is SourceKind.REPOSITORY and dev and _is_unreleased(source, Path(location)):
        path = Path(source.location)
        names = [name for name in work_tree_files(path, Path(location)) if f"{name}/".startswith(source.below)]
        refuse_without_configuration(source, (name.removeprefix(source.below) for name in names))
        for name in names:
            _copy(path / name, root / name.removeprefix(source.below))
        return _seal(source, root, notes=("The template is an unreleased work tree.",))
    return _check_out_commit(copy, location, ref, root, channel)


def is_unreleased(source: TemplateSource) -> bool:
    """Whether a source is a work tree on this machine whose state is not exactly a release."""
    if source.kind is not SourceKind.REPOSITORY:
        return False
    with scratch_folder() as scratch:
        return _is_unreleased(source, Path(borrow(source.location, scratch)))


def _is_unreleased(source: TemplateSource, borrowed: Path) -> bool:
    path = Path(source.location)
    if not (path / ".git").exists():
        return False
    git = Git.at(borrowed, work_tree=path)
    if git.text("config", "--type=bool", "--default=false", "--get", "core.bare") == "true":
        return False
    # What lies in a submodule is never copied from there; and to look into it would take its own configuration.
    if git.text("status", "--porcelain", "--ignore-submodules=dirty"):
        return True
    here = commit_at(git, "HEAD")
    return not (here and releases_in(dict.fromkeys(git.text("tag", "--points-at", here).split("\n"), here), source.tag_prefix))


def _copy_folder(source: TemplateSource, root: Path) -> Checkout:
    """A plain folder, as it lies there. It is looked at before it is copied: it may be somebody's whole disk."""
    folder = Path(source.location, source.folder)
    note = "The template is a plain folder: the project cannot be updated."
    try:
        with os.scandir(folder) as entries:
            refuse_without_configuration(source, (entry.name for entry in entries))
        for place, folders, files in os.walk(folder, onerror=_raise):
            folders[:] = [name for name in folders if name != ".git"]
            links = [name for name in folders if Path(place, name).is_symlink()]
            for name in (*files, *links):
                _copy(Path(place, name), root / Path(place, name).relative_to(folder))
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
    prune(root)
    # Not where a template might have brought a repository's folder along.
    git_folder = root.parent / "sealing.git"
    git = Git.at(git_folder, work_tree=root)
    git.run("init", "-q", "--template=")
    git.run(*AS_COMMITTED, "add", "-A", "-f", ".")
    tree = git.text("write-tree")
    shutil.rmtree(git_folder)
    return Checkout(source=source, root=root, version=DEV, tree=tree, commit="", notes=notes)


def _check_out_commit(source: TemplateSource, location: str, ref: str | None, root: Path, channel: Channel) -> Checkout:
    notes = list(source.notes)
    whole = root.with_name("repository")
    # The clone is thrown away: it may read the objects where they are.
    shared = ["--shared"] if Path(location).is_dir() else []
    try:
        Git.outside().run(
            "clone", "-q", "--no-checkout", *shared, "--origin=origin", "--template=", "--", location, str(whole)
        )
    except GitError as error:
        raise unreachable(source, error) from error
    git = Git(whole)
    known = releases_in(_tags(git), source.tag_prefix)
    commit, version = _resolve(git, source, known, ref, channel)
    release = next((release for release in known if release.tag == version), None)
    if release is None:
        release = _newest_within(git, known, commit)
        notes.append(_unreleased_note(version, known, release))
    _lay_out_files(git, source, commit)
    root_there = whole / source.folder
    if not root_there.is_dir() or root_there.resolve() != whole.resolve() / source.folder:
        raise TemplateError(
            f"{shown(version)} of the template {source.address} has no folder {source.folder}.",
            hint="Check the `subdir` of its address. If a project's template has another folder now: mlscaffold update "
            "--template 'URL#subdir=FOLDER'",
        )
    configuration_in(root_there, source)
    tree = identity_of(git, source, root_there)
    add_submodules(source, git, counted_in(root_there))
    (whole / ".git").rename(_repository_of(root))
    root_there.rename(root)
    prune(root)
    return Checkout(
        source=source,
        root=root,
        version=version,
        tree=tree,
        commit=commit,
        number=release.version if release else None,
        notes=tuple(notes),
    )


def _tags(git: Git) -> dict[str, str]:
    form = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)"
    lines = git.text("for-each-ref", form, "refs/tags").split("\n")
    rows = (line.split("\0") for line in lines if line)
    return {name: peeled or direct for name, direct, peeled in rows}


def _resolve(
    git: Git, source: TemplateSource, known: tuple[Release, ...], ref: str | None, channel: Channel
) -> tuple[str, str]:
    """Commit and version text: the tag of a release, or the commit's id."""
    if ref is None:
        newest = latest(known, channel)
        ref = channel.branch or (newest.tag if newest else "HEAD")
    if (release := named_release(known, ref)) is not None and ref != channel.branch:
        # Of annotated tags that lead to others, too.
        if commit := commit_at(git, f"refs/tags/{release.tag}"):
            return commit, release.tag
        raise TemplateError(
            f"The tag {release.tag} of the template {source.url} leads to no commit.",
            hint="Its owners can remove it; until then name another version.",
        )
    if commit := commit_at(git, ref):
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


def _lay_out_files(git: Git, source: TemplateSource, commit: str) -> None:
    if source.folder:
        # All else of a large repository stays where it is.
        patterns = git.folder / ".git" / "info" / "sparse-checkout"
        patterns.parent.mkdir(exist_ok=True)
        escaped = re.sub(r"([*?\[\\])", r"\\\1", source.folder)
        patterns.write_text(f"/{escaped}/\n/.gitmodules\n", encoding="utf-8", errors="surrogateescape")
        git.run("config", "core.sparseCheckout", "true")
    done = git.finished(*AS_COMMITTED, "checkout", "-q", "--detach", commit)
    said = done.stderr.decode(errors="replace").strip()
    # Git may go on without a file that it cannot read. What is missing is not fetched: from where, a stranger says.
    if "unable to read" in said:
        raise TemplateError(
            f"The template {source.url} cannot be laid out: {without_credentials(said)}",
            hint="If it is a partial clone, clone it whole, or name the address that it was cloned from.",
        )
    if done.returncode:
        raise GitError(("checkout",), said)

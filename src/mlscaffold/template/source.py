"""Where a template comes from, and what identifies it.

A *source* is a git repository (URL, path or bundle) or a plain folder. A *release* is one of its version tags. A
*checkout* is one state of it, laid out in a folder of ours. The built-in template is a bundle inside the package, which
stands in for the public URL of the project, so that releases can be read with no network.

Identity is (version, git tree). Of a template with an `ownership.yml` only `copier.yml`, `ownership.yml` and the
subdirectory that holds the files count, and nothing else is laid out, so that a fork of the whole repository and the
embedded bundle are the same release. Of any other Copier template the whole tree counts.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from . import ownership
from ..git.borrow import borrow, git_folder_of, work_tree_files
from .cache import private_folder, why_unusable
from ..errors import TemplateError
from ..git.location import newest_commit
from ..git.process import Git, GitError, without_credentials
from ..files.rights import make_private
from ..files.scratch import scratch_folder
from ..preferences.trust import expand_shortcut
from ..files.write import is_ours

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = [
    "DISTRIBUTION",
    "Checkout",
    "Release",
    "SourceKind",
    "TemplateSource",
    "changed_last",
    "changes_between",
    "check_out",
    "embedded_bundle",
    "fetched",
    "find_source",
    "latest",
    "moved_sources",
    "public_url",
    "releases",
]

#: The distribution's name. The name `mlscaffold` on the public index belongs to an unrelated package.
DISTRIBUTION = "mlscaffold-cli"
_CONFIGURATION = re.compile(r"^copier\.ya?ml$", re.IGNORECASE)
#: A person's line endings and attributes do not reach a template: it renders the same bytes on every machine.
_AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", f"core.attributesFile={os.devnull}")
#: Where a remote may be: by a URL, or as `user@host:path`. Nothing in it ends the host earlier for one of its readers.
_ADDRESS = re.compile(
    r"(?i:https?|ssh|git|git\+ssh|ssh\+git|file)://(?P<url>[^/?#\\\s]*)(?:/|$)|(?P<scp>[\w.-]+@[\w.-]+):"
)


class SourceKind(StrEnum):
    """How a template is read."""

    EMBEDDED = "embedded"
    REMOTE = "remote"
    REPOSITORY = "repository"
    FOLDER = "folder"


@dataclass(frozen=True, kw_only=True)
class TemplateSource:
    """A template, any version of it."""

    kind: SourceKind
    #: What answers file and lock name; never with credentials, never relative.
    url: str
    #: What git or the file system reads; may hold credentials, so it is never shown.
    location: str = field(repr=False)
    #: What the user should be told about how it was got.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version tag."""

    tag: str
    version: Version
    prerelease: bool


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """One state of a template, laid out in a folder."""

    source: TemplateSource
    root: Path
    #: The tag, or `dev…` for a work tree or an untagged commit.
    version: str
    tree: str
    #: Information only: the tree is what identifies.
    commit: str
    #: What the user should be told about how it was got.
    notes: tuple[str, ...] = ()

    @property
    def history(self) -> Git:
        """Git on the repository of a commit. It lies beside the files: no template reads where it came from."""
        return Git.at(_repository_of(self.root), work_tree=self.root)


def _repository_of(root: Path) -> Path:
    return root.with_name(f"{root.name}.git")


def public_url() -> str:
    """The project's public URL, from the metadata of the installed package."""
    entries = metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
    return next(entry.partition(", ")[2] for entry in map(str, entries) if entry.startswith("Repository, "))


def embedded_bundle() -> Path:
    """The git bundle with every release of the built-in template."""
    return Path(str(resources.files("mlscaffold") / "embedded" / "template.bundle"))


def find_source(spec: str | None) -> TemplateSource:
    """The source that a `--template` names; None is the built-in one.

    Raises:
        TemplateError: There is no such folder, or the text is no source at all.
    """
    if spec is None or spec.rstrip("/") == public_url():
        return TemplateSource(kind=SourceKind.EMBEDDED, url=public_url(), location=str(embedded_bundle()))
    if not spec.strip() or spec.startswith("-"):
        raise TemplateError(f"{spec!r} is no template.", hint="Give a URL, the path of a repository, or a folder.")
    if (path := _existing(spec)) is not None:
        return _local_source(path.resolve())
    remote = expand_shortcut(spec)
    if not _is_address(remote):
        raise TemplateError(
            f"The template {without_credentials(spec)} was not found: there is no such folder or file, and it is no "
            "address of a kind that is read.",
            hint="Check the path, or give a URL (https, ssh, git) such as https://gitlab.com/team/template.",
        )
    return TemplateSource(kind=SourceKind.REMOTE, url=_recorded(_without_password(remote)), location=remote)


def _without_password(url: str) -> str:
    """The address without credentials; a user name is part of the address for ssh, and opens nothing."""
    user = re.match(r"ssh://([\w.-]+)(?::[^/\s]*)?@", url)
    bare = without_credentials(url)
    return bare.replace("ssh://", f"ssh://{user[1]}@", 1) if user else bare


def _existing(spec: str) -> Path | None:
    try:
        path = Path(spec).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):
        # Too long for a path, or the home of nobody.
        return None


def _is_address(remote: str) -> bool:
    """Whether git would connect by itself: an answers file may name a helper, and so a program (`ext::sh -c ...`)."""
    if any(ord(sign) < 32 for sign in remote) or not (found := _ADDRESS.match(remote)):
        return False
    try:
        urlsplit(remote)
    except ValueError:
        # A bracket that is left open, say.
        return False
    # What begins so is an option for ssh.
    host = unquote(found["url"] or found["scp"] or "")
    return not host.startswith("-") and not host.rpartition("@")[2].startswith("-")


def _recorded(url: str) -> str:
    """The URL as plain Copier takes it for a git repository's, too."""
    web = url.startswith(("http://", "https://")) and not url.endswith(".git")
    known = urlsplit(url).hostname in {"github.com", "gitlab.com"}
    return f"git+{url}" if web and not known else url


def _local_source(path: Path) -> TemplateSource:
    is_repository = path.is_file() or git_folder_of(path) is not None
    kind = SourceKind.REPOSITORY if is_repository else SourceKind.FOLDER
    return TemplateSource(kind=kind, url=str(path), location=str(path))


def releases(source: TemplateSource) -> tuple[Release, ...]:
    """The version tags (PEP 440, a leading `v` allowed) of a source, oldest first.

    Raises:
        TemplateError: The source cannot be reached.
    """
    if source.kind is SourceKind.FOLDER:
        return ()
    with scratch_folder() as scratch:
        location = borrow(source.location, scratch)
        try:
            listing = Git.outside().text("ls-remote", "--tags", "--refs", "--", location)
        except GitError as error:
            raise _unreachable(source, error) from error
    return _versions([line.rpartition("refs/tags/")[2] for line in listing.split("\n")])


def _versions(tags: Sequence[str]) -> tuple[Release, ...]:
    from packaging.version import InvalidVersion, Version

    found: list[Release] = []
    for tag in tags:
        try:
            version = Version(tag)
        except InvalidVersion:
            continue
        found.append(Release(tag=tag, version=version, prerelease=version.is_prerelease))
    return tuple(sorted(found, key=lambda release: release.version))


def latest(known: Sequence[Release]) -> Release | None:
    """The newest release; a pre-release only where there is nothing else."""
    return next((release for release in reversed(known) if not release.prerelease), known[-1] if known else None)


def check_out(source: TemplateSource, ref: str | None, *, into: Path, cache: Path | None = None) -> Checkout:
    """Lay one state of a template out in the folder `into`; beside it, what git knows of a commit.

    Args:
        source: The template.
        ref: A version, branch or commit. None is the newest release; of a work tree, its present state.
        into: An empty folder that the caller removes.
        cache: Where remote repositories are mirrored; None reads them afresh.

    Raises:
        TemplateError: There is no such state, or it is not a Copier template.
    """
    if ref is not None and (ref.startswith("-") or not ref.strip()):
        raise TemplateError(f"{ref!r} is no version of a template.")
    found = _lay_out(source, ref, into, cache)
    if cache is None or not (why := why_unusable(cache)):
        return found
    note = f"Nothing is kept between runs: {why}. MLSCAFFOLD_CACHE_DIR names another folder."
    return replace(found, notes=(*found.notes, note))


def _lay_out(source: TemplateSource, ref: str | None, into: Path, cache: Path | None) -> Checkout:
    root = into / "template"
    if source.kind is SourceKind.FOLDER:
        if ref is not None:
            raise TemplateError(f"{source.url} is a plain folder, not a git repository: it has no version {ref}.")
        shutil.copytree(source.location, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        return _seal(
            source, root, version="dev", notes=("The template is a plain folder: the project cannot be updated.",)
        )
    read = fetched(source, cache)
    location = borrow(read.location, into)
    if source.kind is SourceKind.REPOSITORY and ref in {None, "HEAD"}:
        path, borrowed = Path(source.location), Path(location)
        if _is_unreleased(path, borrowed):
            _copy_work_tree(path, borrowed, root)
            return _seal(source, root, version="dev", notes=("The template is an unreleased work tree.",))
    return _check_out_commit(read, location, ref, root)


def _is_unreleased(path: Path, borrowed: Path) -> bool:
    """Whether a path is a work tree whose state is not exactly a version tag."""
    if not (path / ".git").exists():
        return False
    git = Git.at(borrowed, work_tree=path)
    if git.text("config", "--type=bool", "--default=false", "--get", "core.bare") == "true":
        return False
    # What lies in a submodule is never copied from there; and to look into it would take its own configuration.
    if git.text("status", "--porcelain", "--ignore-submodules=dirty"):
        return True
    return not (
        newest_commit(git)
        and _versions(git.text("tag", "--points-at", "HEAD").split("\n"))
    )


def _copy_work_tree(path: Path, borrowed: Path, root: Path) -> None:
    """Copy what git would commit: tracked and new files, not the ignored ones."""
    for name in work_tree_files(path, borrowed):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path / name, target, follow_symlinks=False)


def _seal(source: TemplateSource, root: Path, *, version: str, notes: tuple[str, ...]) -> Checkout:
    """Give a folder that is no commit its tree id."""
    root.mkdir(exist_ok=True)
    _configuration(root, source)
    _prune(root)
    # Not where a template might have brought a repository's folder along.
    git_folder = root.parent / "sealing.git"
    git = Git.at(git_folder, work_tree=root)
    git.run("init", "-q", "--template=")
    git.run(*_AS_COMMITTED, "add", "-A", "-f", ".")
    tree = git.text("write-tree")
    shutil.rmtree(git_folder)
    return Checkout(source=source, root=root, version=version, tree=tree, commit="", notes=notes)


def _check_out_commit(source: TemplateSource, location: str, ref: str | None, root: Path) -> Checkout:
    notes = list(source.notes)
    # The clone is thrown away: it may read the objects where they are.
    shared = ["--shared"] if Path(location).is_dir() else []
    try:
        Git.outside().run(
            "clone", "-q", "--no-checkout", *shared, "--origin=origin", "--template=", "--", location, str(root)
        )
    except GitError as error:
        raise _unreachable(source, error) from error
    git = Git(root)
    known = _versions(git.text("tag", "--list").split("\n"))
    commit, version = _resolve(git, source, known, ref)
    if not known:
        notes.append("The template has no version tags: the project cannot be updated until it has.")
    elif version not in {release.tag for release in known}:
        notes.append(f"{version} of the template is not a release.")
    _lay_out_files(git, source, commit)
    _configuration(root, source)
    tree = _identity(git, root)
    if not _prune(root) and (root / ".gitmodules").is_file():
        _add_submodules(source, root)
    (root / ".git").rename(_repository_of(root))
    return Checkout(source=source, root=root, version=version, tree=tree, commit=commit, notes=tuple(notes))


def _lay_out_files(git: Git, source: TemplateSource, commit: str) -> None:
    done = git.finished(*_AS_COMMITTED, "checkout", "-q", "--detach", commit)
    said = done.stderr.decode(errors="replace").strip()
    # Git may go on without a file that it cannot read. What is missing is not fetched: from where, a stranger says.
    if "unable to read" in said:
        raise TemplateError(
            f"The template {source.url} cannot be laid out: {without_credentials(said)}",
            hint="If it is a partial clone, clone it whole, or name the address that it was cloned from.",
        )
    if done.returncode:
        raise GitError(("checkout",), said)


def _add_submodules(source: TemplateSource, root: Path) -> None:
    """Lay out a template's submodules: their addresses are a stranger's words, as a clone by git takes them."""
    address = source.url.removeprefix("git+") if source.kind is SourceKind.REMOTE else source.location
    # No `file:` and no helper, unless the person's own configuration allows it to strangers; a shell never.
    git = Git(root, environment={"GIT_PROTOCOL_FROM_USER": "0"})
    git.run("config", "remote.origin.url", address)
    careful = ("-c", "protocol.ext.allow=never")
    git.run(*_AS_COMMITTED, *careful, "submodule", "update", "-q", "--init", "--recursive", "--checkout")


def fetched(source: TemplateSource, cache: Path | None) -> TemplateSource:
    """A remote source, to be read from a bare copy in the cache that is brought up to date now; others as they are.

    Where the remote cannot be reached, its last known state is read, and that is noted.

    Args:
        source: The template. One that was fetched is not fetched again.
        cache: Where copies are kept; None reads remotes afresh.

    Raises:
        TemplateError: It cannot be reached, and there is no copy.
    """
    folder = private_folder(cache, "templates") if source.kind is SourceKind.REMOTE else None
    if folder is None:
        return source
    name = hashlib.sha256(source.url.encode()).hexdigest()[:24]
    mirror = folder / f"{name}.git"
    if source.location == str(mirror):
        return source
    if os.path.lexists(mirror) and not is_ours(mirror):
        note = f"{mirror} could be changed by others and is not used: the template is read afresh. Remove that folder."
        return replace(source, notes=(note,))
    known = replace(source, location=str(mirror))
    make_private(folder)
    with scratch_folder(folder) as scratch:
        if mirror.is_dir():
            try:
                _bring_up_to_date(mirror, borrow(source.location, scratch))
            except (GitError, TemplateError):
                return replace(known, notes=(f"{source.url} cannot be reached: the copy from the last time is used.",))
            return known
        _mirror(source, mirror, scratch)
    return known


def _bring_up_to_date(mirror: Path, location: str) -> None:
    Git.at(mirror).run("fetch", "-q", "--prune", "--tags", "--force", location, "+refs/heads/*:refs/heads/*")


def _mirror(source: TemplateSource, mirror: Path, scratch: Path) -> None:
    """Copy a remote repository, whole: of a borrowed one its objects, too."""
    fresh = scratch / mirror.name
    try:
        location = borrow(source.location, scratch)
        Git.outside().run("clone", "-q", "--bare", "--no-local", "--template=", "--", location, str(fresh))
        fresh.chmod(0o700)
        # The remote's address may hold a password, and the cache must not.
        Git.at(fresh).run("remote", "remove", "origin")
    except GitError as error:
        raise _unreachable(source, error) from error
    try:
        fresh.rename(mirror)
    except OSError:
        # Another run was faster.
        if not mirror.is_dir():
            raise


def _resolve(git: Git, source: TemplateSource, known: Sequence[Release], ref: str | None) -> tuple[str, str]:
    """Commit and version text: the tag, or what `git describe` says of a commit without one."""
    if ref is None and (newest := latest(known)):
        ref = newest.tag
    tag = next((release.tag for release in known if ref in {release.tag, str(release.version)}), None)
    if tag is not None:
        return git.text("rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}"), tag
    for candidate in (f"refs/remotes/origin/{ref}", ref or "HEAD"):
        if git.confirms("rev-parse", "-q", "--verify", f"{candidate}^{{commit}}"):
            commit = git.text("rev-parse", "--verify", f"{candidate}^{{commit}}")
            return commit, git.text("describe", "--tags", "--always", commit)
    raise TemplateError(
        f"The template {source.url} has no version {ref}.",
        hint="Versions: "
        + (", ".join(release.tag for release in known) or "none; the repository has no version tags")
        + ".",
    )


#: How much of a template file must be the same for it to be the same file under another name.
_ALIKE = "80%"


def moved_sources(
    old: Checkout, new: Checkout, declared: Mapping[str, Sequence[str]], used: Collection[str]
) -> Mapping[str, str]:
    """Which template files have another path since: path before -> now, relative to the template's root.

    Args:
        old: The version before.
        new: The version now; its repository knows both.
        declared: What the template says itself (`moved:`, relative to where its files are), which overrides git's
            rename detection; of several places now, the one that is used counts.
        used: The template files that the new render has.
    """
    before, after = _subdirectory(old.root), _subdirectory(new.root)
    said = {}
    for was, places in declared.items():
        now = [after + place.removeprefix(after) for place in places]
        said[before + was.removeprefix(before)] = next((place for place in now if place in used), now[0])
    if not old.commit or not new.commit or old.commit == new.commit:
        return said
    options = ("-r", "-z", f"-M{_ALIKE}", "-l0", "--diff-filter=R", "--name-status", "--no-rename-empty")
    fields = new.history.records("diff-tree", *options, old.commit, new.commit)
    return {**dict(zip(fields[1::3], fields[2::3], strict=False)), **said}


def changes_between(old: Checkout, new: Checkout) -> str:
    """What the template's authors say of the versions after `old`: their changelog, or else the subjects of commits."""
    if not old.commit or not new.commit or old.commit == new.commit:
        return ""
    git = new.history
    names = git.text("ls-tree", "--name-only", new.commit).split("\n")
    file = next((name for name in names if re.match(r"(?i)^(changelog|changes|history)(\.(md|rst|txt))?$", name)), "")
    text = git.text("cat-file", "blob", f"{new.commit}:{file}") if file else ""
    if sections := _sections(text, old.version, new.version):
        return sections
    subjects = git.text("log", "--no-merges", "--format=%s", f"-{_MOST_SUBJECTS}", f"{old.commit}..{new.commit}")
    return "\n".join(f"- {subject}" for subject in subjects.split("\n") if subject)


def changed_last(checkout: Checkout, source: str) -> str:
    """The first release that holds the last change of a template file, as of a checkout; empty if there is none."""
    if not checkout.commit:
        return ""
    git = checkout.history
    commit = git.text("log", "-1", "--format=%H", checkout.commit, "--", f":(literal){source}")
    holding = _versions(git.text("tag", "--contains", commit).split("\n")) if commit else ()
    return holding[0].tag if holding else ""


_MOST_SUBJECTS = 20
_HEADING = re.compile(r"^#{1,3}\s+\[?v?(?P<version>\d[\w.]*)", re.MULTILINE)


def _sections(changelog: str, old: str, new: str) -> str:
    """The parts of a changelog under the headings of versions after the old one, up to the new one."""
    from packaging.version import InvalidVersion, Version

    try:
        first, last = Version(old), Version(new)
    except InvalidVersion:
        return ""
    kept = []
    headings = list(_HEADING.finditer(changelog))
    ends = [*(heading.start() for heading in headings), len(changelog)][1:]
    for heading, end in zip(headings, ends, strict=True):
        try:
            version = Version(heading["version"])
        except InvalidVersion:
            continue
        if first < version <= last:
            kept.append(changelog[heading.start() : end].strip())
    return "\n\n".join(kept)


def _subdirectory(root: Path) -> str:
    """The folder that holds the files, with a slash; empty where it is the root or an expression."""
    import yaml

    file = next((file for file in root.iterdir() if _CONFIGURATION.match(file.name)), None)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8")) if file else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""
    folder = str(data.get("_subdirectory") or "") if isinstance(data, dict) else ""
    return f"{folder.rstrip('/')}/" if folder and "{" not in folder else ""


def _configuration(root: Path, source: TemplateSource) -> Path:
    found = sorted(file for file in root.iterdir() if _CONFIGURATION.match(file.name)) if root.is_dir() else []
    if not found:
        raise TemplateError(
            f"{source.url} is not a Copier template: it has no copier.yml.",
            hint="Name the repository or folder that holds copier.yml.",
        )
    # Copier takes other names for a configuration, too: `copier.ymlx`.
    for file in (*root.glob("[cC]*.*"), root / ownership.OWNERSHIP_FILE):
        if file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            raise TemplateError(
                f"{file.name} of the template {source.url} is a link to {file.readlink()}, outside of it. Refused."
            )
    return found[0]


def _counted(root: Path) -> frozenset[str] | None:
    """The top-level names that make up the identity, or None where all of them do."""
    if not (root / ownership.OWNERSHIP_FILE).is_file():
        return None
    configuration = next(file for file in root.iterdir() if _CONFIGURATION.match(file.name))
    # Empty also for what only Copier reads (`!include`, several documents), and for a mistake that it will name.
    if not (subdirectory := _subdirectory(root)):
        return None
    return frozenset({configuration.name, ownership.OWNERSHIP_FILE, subdirectory.split("/")[0]})


def _prune(root: Path) -> bool:
    """Remove what does not count. Return whether anything may have been removed."""
    counted = _counted(root)
    if counted is None:
        return False
    for entry in root.iterdir():
        if entry.name in counted or entry.name == ".git":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return True


def _identity(git: Git, root: Path) -> str:
    counted = _counted(root)
    if counted is None:
        return git.text("rev-parse", "HEAD^{tree}")
    lines = git.run("ls-tree", "-z", "HEAD").split(b"\0")
    kept = [line for line in lines if line.rpartition(b"\t")[2].decode(errors="replace") in counted]
    return git.run("mktree", "-z", stdin=b"".join(line + b"\0" for line in kept)).decode().strip()


def _unreachable(source: TemplateSource, error: GitError) -> TemplateError:
    if source.kind is SourceKind.REMOTE:
        host = urlsplit(source.url).hostname or source.url
        return TemplateError(
            f"The template {source.url.removeprefix('git+')} cannot be read: {error.stderr}",
            hint=f"Check the address, your access rights and the connection to {host}.",
        )
    return TemplateError(f"The template {source.url} cannot be read: {error.stderr}")

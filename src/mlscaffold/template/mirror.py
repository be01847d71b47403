"""Copies of remote templates in the cache: one bare repository each, as the remote is now.

One run at a time brings a copy up to date, the others wait and use it; a run that is killed holds nobody up. What the
remote no longer has, tags above all, goes from the copy, too. Where nothing can be kept, the remote is read afresh.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import TemplateError
from ..files.rights import make_private
from ..files.scratch import scratch_folder
from ..files.write import is_ours
from ..git.borrow import borrow
from ..git.process import Git, GitError
from ..git.repository import References
from .cache import private_folder
from .source import SourceKind, TemplateSource

__all__ = ["fetched", "references", "unreachable"]

#: So many seconds a run waits for another one that brings the same copy up to date; then it reads the remote itself.
_PATIENCE = 600
_FULL = re.compile("No space left on device|Out of diskspace|Disk quota exceeded")
#: Objects are never thrown away while somebody may read them, and nothing goes on in the background.
_STILL = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")


def references(source: TemplateSource, location: str) -> References:
    """The tags and branches at a location that git can read, and that is a source's: a remote one, or a bundle.

    Raises:
        TemplateError: It cannot be reached.
    """
    try:
        listing = Git.outside().text("ls-remote", "--symref", "--", location)
    except GitError as error:
        raise unreachable(source, error) from error
    tags: dict[str, str] = {}
    branches: dict[str, str] = {}
    default = ""
    for line in listing.split("\n"):
        target, _, name = line.partition("\t")
        if name == "HEAD" and target.startswith("ref: refs/heads/"):
            default = target.removeprefix("ref: refs/heads/")
        elif name.startswith("refs/heads/"):
            branches[name.removeprefix("refs/heads/")] = target
        elif name.startswith("refs/tags/"):
            # What an annotated tag leads to is listed after it.
            tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = target
    return References(tags=tags, branches=branches, default=default)


def fetched(source: TemplateSource, cache: Path | None, scratch: Path | None = None) -> TemplateSource:
    """A remote source, to be read from a bare copy that is brought up to date now; others as they are.

    Where the remote cannot be reached, its last known state is read, and that is noted.

    Args:
        source: The template. One that was fetched is not fetched again.
        cache: Where copies are kept.
        scratch: A folder of the caller's for a copy where none can be kept; without one the remote stays the source.

    Raises:
        TemplateError: It cannot be reached, and there is no copy.
    """
    if source.kind is not SourceKind.REMOTE or Path(source.location).is_absolute():
        return source
    folder = private_folder(cache, "templates")
    if folder is None:
        return _copied(source, scratch)
    mirror = folder / f"{hashlib.sha256(source.address.encode()).hexdigest()[:24]}.git"
    if os.path.lexists(mirror) and not is_ours(mirror):
        note = f"{mirror} could be changed by others and is not used: the template is read afresh. Remove that folder."
        return replace(_copied(source, scratch), notes=(note,))
    try:
        make_private(folder)
        with _alone(mirror), scratch_folder(folder) as room:
            return _refreshed(source, mirror, room)
    except (OSError, GitError, _CacheError) as error:
        why = error.reason if isinstance(error, GitError) else getattr(error, "strerror", None) or error
        note = f"The copy of the template in {folder} cannot be used ({why}): it is read afresh."
        return replace(_copied(source, scratch), notes=(note,))


class _CacheError(Exception):
    """The cache is in the way, not the remote."""


@contextlib.contextmanager
def _alone(mirror: Path) -> Iterator[None]:
    """Hold a copy; the lock ends with the process, whatever ends it."""
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(mirror.with_suffix(".lock"), timeout=_PATIENCE, mode=0o600)
        lock.acquire()
    except Timeout:
        raise _CacheError("another run holds it for too long") from None
    except RuntimeError:
        # So it says that a file system has none.
        raise _CacheError("its file system knows no locks") from None
    try:
        yield
    finally:
        lock.release()


def _refreshed(source: TemplateSource, mirror: Path, room: Path) -> TemplateSource:
    """The source, read from its mirror, which is made or brought up to date."""
    known = replace(source, location=str(mirror))
    fresh = room / mirror.name
    if not mirror.is_dir():
        _clone(source, borrow(source.location, room), fresh)
        fresh.rename(mirror)
        return known
    try:
        location = borrow(source.location, room)
        current = references(source, location)
    except TemplateError as error:
        note = f"{source.url} cannot be reached: the copy from the last time is used. {error.message}"
        return replace(known, notes=(note,))
    if not _bring_up_to_date(mirror, location, current):
        # Cut short by a full disk, say, or by a git that was killed.
        _clone(source, location, fresh)
        shutil.rmtree(mirror)
        fresh.rename(mirror)
    return known


def _bring_up_to_date(mirror: Path, location: str, current: References) -> bool:
    """Whether the mirror is as the remote is, now."""
    git = Git.at(mirror)
    try:
        head = "" if not (mirror / "HEAD").is_file() else git.text("symbolic-ref", "-q", "HEAD")
        if _here(git) != {**_named("heads", current.branches), **_named("tags", current.tags)}:
            every = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            git.run(*_STILL, "fetch", "-q", "--prune", "--no-tags", "--force", location, *every)
        if current.default and head != f"refs/heads/{current.default}":
            git.run("symbolic-ref", "HEAD", f"refs/heads/{current.default}")
    except GitError as error:
        if _FULL.search(error.stderr):
            raise _CacheError(error.stderr) from error
        return False
    return True


def _here(git: Git) -> Mapping[str, str]:
    """Every branch and tag of a mirror, with the commit that it leads to."""
    form = "%(refname) %(objectname) %(*objectname)"
    lines = git.text("for-each-ref", f"--format={form}", "refs/heads", "refs/tags").split("\n")
    return {words[0]: words[-1] for line in lines if (words := line.split())}


def _named(kind: str, commits: Mapping[str, str]) -> Mapping[str, str]:
    return {f"refs/{kind}/{name}": commit for name, commit in commits.items()}


def _copied(source: TemplateSource, scratch: Path | None) -> TemplateSource:
    """A remote source, to be read from a copy for this run alone."""
    if scratch is None:
        return source
    copy = scratch / "mirror.git"
    if not copy.is_dir():
        room = scratch / "mirroring"
        room.mkdir()
        _clone(source, borrow(source.location, room), copy)
    return replace(source, location=str(copy))


def _clone(source: TemplateSource, location: str, fresh: Path) -> None:
    """Copy a remote repository, whole: of a borrowed one its objects, too."""
    try:
        command = ("clone", "-q", "--bare", "--no-local", "--template=", "--origin=origin")
        Git.outside().run(*_STILL, *command, "--", location, str(fresh))
        fresh.chmod(0o700)
        # The remote's address may hold a password, and the cache must not.
        Git.at(fresh).run("remote", "remove", "origin")
    except GitError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        # That is this machine's fault.
        raise error if _FULL.search(error.stderr) else unreachable(source, error) from error


#: What git says of a remote, and what a person can do about it.
_CURES = (
    (
        r"Authentication failed|could not read (Username|Password)|Permission denied \(|HTTP Basic: Access denied"
        r"|error: 40[13]\b|Invalid username|terminal prompts disabled|Host key verification failed",
        "Git could not log in at {host}: set up its credential helper or your SSH key, and try `git ls-remote {url}`.",
    ),
    (
        r"Could not resolve host|Name or service not known|Temporary failure in name resolution",
        "Check the name of the host, your network (VPN, proxy) and the connection to {host}.",
    ),
    (
        r"certificate|SSL|TLS",
        "Git does not trust the certificate of {host}: name your organisation's CA with `git config --global "
        "http.sslCAInfo FILE`.",
    ),
    (
        r"not found|does not exist|not appear to be a git repository|error: 404",
        "There is no such repository, or you may not read it: check the address and your access rights at {host}.",
    ),
)


def unreachable(source: TemplateSource, error: GitError) -> TemplateError:
    """Why a source cannot be read, in git's words, and what to do about that."""
    said = " ".join(line.strip() for line in error.stderr.splitlines() if line.strip())
    if source.kind is not SourceKind.REMOTE:
        return TemplateError(f"The template {source.url} cannot be read: {said}")
    address = source.address.removeprefix("git+")
    host = urlsplit(address).hostname or address
    general = "Check the address, your access rights and the connection to {host}."
    cure = next((cure for reason, cure in _CURES if re.search(reason, said)), general)
    return TemplateError(f"The template {address} cannot be read: {said}", hint=cure.format(host=host, url=address))

"""What a `--template` names, and what answers file and lock call it.

A *source* is a git repository (URL, path or bundle) or a plain folder. The template may be a folder of the repository,
and its version tags may have a prefix: `URL#subdir=templates/ml&tag-prefix=ml-`. The built-in template is a bundle
inside the package, which stands in for the public URL of the project, so that releases can be read with no network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from ..errors import TemplateError
from ..git.borrow import git_folder_of
from ..git.process import without_credentials
from ..git.repository import Repository
from ..preferences.trust import expand_shortcut, split_address

__all__ = ["DISTRIBUTION", "SourceKind", "TemplateSource", "at_the_place_of", "embedded_bundle", "find_source", "public_url"]

#: The distribution's name. The name `mlscaffold` on the public index belongs to an unrelated package.
DISTRIBUTION = "mlscaffold-cli"
#: Longer than any path or address that is one.
_LONGEST = 4096
#: Where a remote may be: by a URL, or as `user@host:path`. Nothing in it ends the host earlier for one of its readers.
_ADDRESS = re.compile(
    r"(?i:https?|ssh|git|git\+ssh|ssh\+git|file)://(?P<url>[^/?#\\\s]*)(?:/|$)|(?P<scp>[\w.-]+@[\w.-]+):"
)
#: How a version tag may begin: git allows it, and no shell and no URL takes it for something else.
_PREFIX = re.compile(r"[A-Za-z0-9_@+][A-Za-z0-9_@+./-]*")


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
    #: Where a remote was before it was copied: what its submodules' relative addresses start from. Never shown, either.
    origin: str = field(default="", repr=False)
    #: The template's folder in the repository; empty where that is its root.
    folder: str = ""
    #: What the template's version tags begin with.
    tag_prefix: str = ""
    #: What the user should be told about how it was got.
    notes: tuple[str, ...] = ()
    #: Where its commits are read, once it is open (see `repository`).
    repository: Repository | None = field(default=None, repr=False, compare=False)

    @property
    def address(self) -> str:
        """The whole repository's address: several templates may lie in it."""
        return split_address(self.url)[0]

    @property
    def below(self) -> str:
        """How the template's paths begin in its repository: its folder, with a slash, or nothing."""
        return f"{self.folder}/" if self.folder else ""


def public_url() -> str:
    """The project's public URL, from the metadata of the installed package."""
    # Imported here, and below: it takes a tenth of the time of a check, which has no use for it.
    from importlib import metadata

    entries = metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
    return next(entry.partition(", ")[2] for entry in map(str, entries) if entry.startswith("Repository, "))


def embedded_bundle() -> Path:
    """The git bundle with every release of the built-in template."""
    from importlib import resources

    return Path(str(resources.files("mlscaffold") / "embedded" / "template.bundle"))


def find_source(spec: str | None) -> TemplateSource:
    """The source that a `--template`, a lock or an answers file names; None is the built-in one.

    Raises:
        TemplateError: There is no such folder, or the text is no source at all.
    """
    if spec is None or spec.rstrip("/") == public_url():
        return TemplateSource(kind=SourceKind.EMBEDDED, url=public_url(), location=str(embedded_bundle()))
    if why := _no_text_of_a_source(spec):
        raise TemplateError(f"{without_credentials(spec)[:80]!r} is no template: {why}.", hint=_WHAT_TO_GIVE)
    address, within = split_address(spec)
    folder, prefix = _folder_and_prefix(spec, within)
    rest = _marked(folder, prefix)
    if (path := _existing(address)) is not None:
        path = path.resolve()
        return TemplateSource(
            kind=_kind_of(path), url=f"{path}{rest}", location=str(path), folder=folder, tag_prefix=prefix
        )
    remote = expand_shortcut(address)
    if not _is_address(remote):
        raise TemplateError(
            f"The template {without_credentials(address)} was not found: there is no such folder or file, and it is no "
            "address of a kind that is read.",
            hint="Check the path, or give a URL (https, ssh, git) such as https://gitlab.com/team/template.",
        )
    url = _recorded(_without_password(remote))
    return TemplateSource(
        kind=SourceKind.REMOTE, url=f"{url}{rest}", location=remote, origin=remote, folder=folder, tag_prefix=prefix
    )


def at_the_place_of(source: TemplateSource, spec: str) -> TemplateSource:
    """The same repository, with the folder and the tag prefix that another address of the template names.

    Raises:
        TemplateError: They lead out of the repository, or can be no part of a tag.
    """
    folder, prefix = _folder_and_prefix(spec, split_address(spec)[1])
    return replace(source, url=source.address + _marked(folder, prefix), folder=folder, tag_prefix=prefix)


def _marked(folder: str, prefix: str) -> str:
    """How an address ends that names a template's folder and tag prefix."""
    marks = {name: value for name, value in (("subdir", folder), ("tag-prefix", prefix)) if value}
    rest = "&".join(f"{name}={quote(value, safe='/@+')}" for name, value in marks.items())
    return f"#{rest}" if rest else ""


_WHAT_TO_GIVE = "Give a URL, the path of a repository, or a folder."


def _no_text_of_a_source(spec: str) -> str:
    """Why a text names no source, whatever lies on this machine; empty if it may."""
    if not spec.strip():
        return "it is empty"
    if spec.startswith("-"):
        return "it begins as an option does"
    if len(spec) > _LONGEST:
        return f"it has {len(spec)} letters"
    if any(ord(sign) < 32 for sign in spec):
        return "it holds control characters"
    try:
        os.fsencode(spec)
    except UnicodeEncodeError:
        return "it holds what no name can hold"
    return ""


def _folder_and_prefix(spec: str, within: Mapping[str, str]) -> tuple[str, str]:
    """The template's folder in its repository, and what its version tags begin with.

    Raises:
        TemplateError: They lead out of the repository, or can be no part of a tag.
    """
    folder, prefix = within.get("subdir", "").strip("/"), within.get("tag-prefix", "")
    parts = PurePosixPath(folder).parts
    if any(part == ".." or part.lower() == ".git" or not part.isprintable() or "\\" in part for part in parts):
        raise TemplateError(
            f"The template {without_credentials(spec)} names {folder!r}, which is no folder of its repository.",
            hint="Name a folder relative to the repository's root: URL#subdir=templates/ml",
        )
    if prefix and (not _PREFIX.fullmatch(prefix) or ".." in prefix or "@{" in prefix):
        raise TemplateError(
            f"The template {without_credentials(spec)} names {prefix!r}, which no tag can begin with.",
            hint="Name what stands before the number in its version tags: URL#subdir=templates/ml&tag-prefix=ml-",
        )
    return "/".join(parts), prefix


def _without_password(url: str) -> str:
    """The address without credentials; a user name is part of the address for ssh, and opens nothing."""
    user = re.match(r"ssh://([\w.-]+)(?::[^/\s]*)?@", url)
    bare = without_credentials(url)
    return bare.replace("ssh://", f"ssh://{user[1]}@", 1) if user else bare


def _existing(spec: str) -> Path | None:
    try:
        path = Path(spec).expanduser()
        return path if path.exists() else None
    except PermissionError as error:
        raise TemplateError(f"The template {spec} cannot be read: {error.strerror}.") from error
    except (OSError, RuntimeError):
        # Too long for a path, or the home of nobody.
        return None


def _kind_of(path: Path) -> SourceKind:
    try:
        if path.is_file() or git_folder_of(path) is not None:
            return SourceKind.REPOSITORY
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise TemplateError(f"The template {path} cannot be read: {why or error}.") from error
    if path.is_dir():
        return SourceKind.FOLDER
    raise TemplateError(f"{path} is no template: it is neither a folder nor a file.", hint=_WHAT_TO_GIVE)


def _is_address(remote: str) -> bool:
    """Whether git would connect by itself: an answers file may name a helper, and so a program (`ext::sh -c ...`)."""
    if not (named := _ADDRESS.match(remote)):
        return False
    try:
        urlsplit(remote)
    except ValueError:
        # A bracket that is left open, say.
        return False
    # What begins so is an option for ssh.
    host = unquote(named["url"] or named["scp"] or "")
    return not host.startswith("-") and not host.rpartition("@")[2].startswith("-")


def _recorded(url: str) -> str:
    """The URL as plain Copier takes it for a git repository's, too."""
    web = url.startswith(("http://", "https://")) and not url.endswith(".git")
    known = urlsplit(url).hostname in {"github.com", "gitlab.com"}
    return f"git+{url}" if web and not known else url

"""Which templates a person trusts to run code, and to look at the machine: one canonical form of addresses, one judge.

Trust is given to

- a template: `https://gitlab.example.com/platform/ml-template`, `git@host:team/x`, `gh:team/x`, `~/template`;
- all below a folder of a host, or of this machine: the same, with a slash at the end;
- one state of a template, wherever it comes from: `tree:` and the id that `mlscaffold lock` shows.

One address is one, however it is written: with `git+` before it or `.git` behind it, with credentials, the default
port, another case of the host's name, as `git@host:team/x` or `ssh://git@host/team/x`, as `file:///x` or `/x`. `http`
and `https`, `ssh` and `https`, and two user names of `ssh` are not one: another server or folder may answer. What
cannot be compared safely (percent signs, `..`, a query, signs beyond ASCII) is an address that is never trusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

__all__ = ["Trust", "Trusted", "canonical", "expand_shortcut", "problem_of", "split_address"]

_SHORTCUTS = {"gh": "https://github.com/", "gl": "https://gitlab.com/"}
_PORTS = {"http": "80", "https": "443", "ssh": "22", "git": "9418"}
_TREE = re.compile(r"tree:(?P<id>[0-9a-f]{40}|[0-9a-f]{64})")
_URL = re.compile(
    r"(?P<scheme>https?|ssh|git)://"
    # Nothing that could end the name of the host for the one reader and not for the other.
    r"(?:(?P<user>[\w.~!$&'()*+,;=%-]*)(?::[^/\s?#\\]*)?@)?"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/.*)?",
    re.ASCII | re.IGNORECASE,
)
_SCP = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[a-z0-9][a-z0-9.-]*):(?P<path>[^:]*)", re.ASCII | re.IGNORECASE)
_FILE = re.compile(r"file://(?:localhost)?(?P<path>/[^?#%]*)", re.IGNORECASE)
_SEGMENT = re.compile(r"[A-Za-z0-9._~+-]+")
#: Where in its repository a template lies. A `#` before anything else is a letter of the address.
_WITHIN = re.compile(r"#((?:subdir|tag-prefix)=[^&#]*(?:&(?:subdir|tag-prefix)=[^&#]*)*)$")


def expand_shortcut(address: str) -> str:
    """The address that git reads: `gh:` and `gl:` written out, Copier's `git+` taken off."""
    prefix, _, rest = address.partition(":")
    if prefix in _SHORTCUTS and not rest.startswith("//"):
        return _SHORTCUTS[prefix] + rest
    return address.removeprefix("git+")


def split_address(spec: str) -> tuple[str, Mapping[str, str]]:
    """The repository's address, and where the template lies in it: its `subdir` and `tag-prefix`, if they are named."""
    if not (marks := _WITHIN.search(spec)):
        return spec, {}
    pairs = (pair.partition("=") for pair in marks[1].split("&"))
    return spec[: marks.start()], {name: unquote(value) for name, _, value in pairs}


def canonical(address: str) -> str | None:
    """The one form of an address, a folder's with a slash at the end; None if it cannot be compared.

    A path is followed through links, so that what lies behind a link is judged, not its name.
    """
    address = expand_shortcut(address)
    if match := _FILE.fullmatch(address):
        return _path(match["path"])
    if match := _URL.fullmatch(address):
        scheme, port = match["scheme"].lower(), match["port"] or ""
        user = f"{match['user']}@" if scheme == "ssh" and match["user"] else ""
        host = match["host"].lower() + (f":{port}" if port and port != _PORTS[scheme] else "")
        return _remote(f"{scheme}://{user}{host}", match["path"] or "")
    if "://" in address:
        return None
    if match := _SCP.fullmatch(address):
        return _remote(f"ssh://{match['user']}@{match['host'].lower()}", match["path"])
    return _path(address)


def _remote(start: str, path: str) -> str | None:
    folder = path.endswith("/")
    segments = path.removeprefix("/").removesuffix("/").split("/") if path.strip("/") else []
    if any(set(segment) == {"."} or not _SEGMENT.fullmatch(segment) for segment in segments):
        return None
    if segments and not folder:
        segments[-1] = segments[-1].removesuffix(".git")
    return "/".join([start, *segments]) + ("/" if folder else "")


def _path(text: str) -> str | None:
    try:
        path = Path(text).expanduser()
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    if not path.is_absolute():
        return None
    return f"{str(resolved).rstrip('/')}/" if text.endswith("/") else str(resolved)


def problem_of(entry: object) -> str:
    """What is wrong with an entry of `trust:`, or an empty text."""
    if not isinstance(entry, str) or not entry.strip():
        return "it is no text"
    if entry.startswith("tree:"):
        return "" if _TREE.fullmatch(entry) else "`tree:` is followed by the 40 hexadecimal digits of a tree's id"
    address = canonical(entry)
    if address is None:
        if "://" not in entry and "%" not in entry and not _SCP.fullmatch(entry):
            return "a path starts with / or ~/"
        return "it is no plain address (such as https://host/folder/template, without `%`, `..`, `?` and `#`)"
    if re.fullmatch(r"\w+://[^/]+", address):
        return f"it names a host and no template: to trust all of that host, write {entry}/"
    return ""


@dataclass(frozen=True)
class Trust:
    """The entries of a person's `trust:`."""

    entries: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def covers(self, url: str) -> bool:
        """Whether every state of the template at an address is trusted."""
        # A repository is trusted as a whole: who may write to one of its folders may write to all.
        address = canonical(split_address(url)[0].rstrip("/"))
        known = [canonical(entry) for entry in self.entries if not entry.startswith("tree:")]
        return address is not None and any(
            address.startswith(entry) if entry.endswith("/") else address == entry for entry in known if entry
        )

    def may_cover(self, url: str) -> bool:
        """Whether any state of the template at an address is trusted, as far as the address tells."""
        return self.covers(url) or any(entry.startswith("tree:") for entry in self.entries)

    def covers_tree(self, tree: str) -> bool:
        """Whether one state is trusted, by its tree's id."""
        return bool(tree) and f"tree:{tree}" in self.entries


#: Whether a template may: True is whatever a command meets (`--trust`), a `Trust` what its entries cover.
Trusted: TypeAlias = bool | Trust

"""Versions of a template: which of its tags are releases, and their order.

A release is a tag that is a version number (PEP 440, a leading `v` allowed) after the template's prefix. No other text
is ever read as one: a tag that moves along with releases (`v1` at `v1.4.2`), a tag of digits alone beside versions with
dots, a commit's id, what `git describe` says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import TemplateError
from .channel import RELEASES, Channel, Following

if TYPE_CHECKING:
    from packaging.version import Version

    from .source import TemplateSource

__all__ = [
    "DEV",
    "Release",
    "check_name",
    "latest",
    "name_of",
    "named_release",
    "no_branch",
    "no_version",
    "number_in",
    "releases_in",
    "shown",
]


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version tag."""

    tag: str
    version: Version
    prerelease: bool
    #: What the tag leads to.
    commit: str = ""


#: No version that anybody counts is longer; digits without end are no number for Python.
_LONGEST = 128
#: Nor is the name of a branch.
_LONGEST_NAME = 1024
#: The version of what is no commit: a plain folder, a work tree that was not released.
DEV = "dev"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def shown(version: str) -> str:
    """A version for a person: a commit's id is cut."""
    return version[:10] if _COMMIT.fullmatch(version) else version


def number_in(text: str) -> Version | None:
    """The number that a whole text is, by PEP 440; None if it is none."""
    from packaging.version import InvalidVersion, Version

    if len(text) > _LONGEST:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def check_name(text: str) -> None:
    """Refuse what git would take for an option, or what no command line can hold.

    Raises:
        TemplateError: The text names no version of any template.
    """
    odd = any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in text)
    if odd or text.startswith("-") or not text.strip() or len(text) > _LONGEST_NAME:
        raise TemplateError(f"{text[:80]!r} is no version of a template.")


def releases_in(tags: Mapping[str, str], prefix: str = "") -> tuple[Release, ...]:
    """The releases among tags, oldest first.

    Args:
        tags: The commit of each.
        prefix: What the template's version tags begin with.
    """
    numbers = {tag: number for tag in tags if tag.startswith(prefix) and (number := number_in(tag[len(prefix) :]))}
    if any("." in tag[len(prefix) :] for tag in numbers):
        # A day, a build, a ticket: such a number would be newer than every version for good.
        numbers = {tag: number for tag, number in numbers.items() if not tag[len(prefix) :].isdigit()}
    moving = _moving(tags, numbers)
    known = (
        Release(tag=tag, version=number, prerelease=number.is_prerelease, commit=tags[tag])
        for tag, number in numbers.items()
        if tag not in moving
    )
    return tuple(sorted(known, key=lambda release: (release.version, release.tag)))


def _moving(tags: Mapping[str, str], numbers: Mapping[str, Version]) -> frozenset[str]:
    """Tags that follow others: `v1` and `v1.4` at the commit of `v1.4.2`."""
    together: defaultdict[str, list[str]] = defaultdict(list)
    for tag in numbers:
        if tags[tag]:
            together[tags[tag]].append(tag)
    moving: set[str] = set()
    for group in together.values():
        parts = {tag: numbers[tag].release for tag in group}
        beginnings = {release[:length] for release in parts.values() for length in range(1, len(release))}
        moving |= {tag for tag, release in parts.items() if release in beginnings and str(numbers[tag]).count(".") < 2}
    return frozenset(moving)


def latest(known: Sequence[Release], channel: Channel = RELEASES) -> Release | None:
    """The newest release; a pre-release only where the channel has them, or where there is nothing else."""
    newest = known[-1] if known else None
    if channel.following is Following.PRERELEASES:
        return newest
    return next((release for release in reversed(known) if not release.prerelease), newest)


def named_release(known: Sequence[Release], text: str) -> Release | None:
    """The release that a text names: by its tag, or by its number."""
    by_tag = next((release for release in known if release.tag == text), None)
    return by_tag or next((release for release in known if str(release.version) == text), None)


def name_of(commit: str, known: Sequence[Release]) -> str:
    """What a commit is recorded as: the newest release that it is, or its id."""
    return next((release.tag for release in reversed(known) if release.commit == commit), commit)


def no_version(source: TemplateSource, text: str, known: Sequence[Release]) -> TemplateError:
    """A version that a template does not have, and those that it has."""
    if _COMMIT.fullmatch(text):
        return TemplateError(
            f"The template {source.url} has no commit {shown(text)}.",
            hint="Its branch may have been rewritten. Its owners can bring the commit back under a name: "
            f"git push REMOTE {text}:refs/tags/NAME",
        )
    return TemplateError(
        f"The template {source.url} has no version {text}.",
        hint="Versions: " + (", ".join(_some(known)) or "none; the repository has no version tags") + ".",
    )


def _some(known: Sequence[Release]) -> Iterator[str]:
    """The newest tags, the others counted."""
    if (more := len(known) - 20) > 0:
        yield f"{more} older ones"
    yield from (release.tag for release in known[-20:])


def no_branch(source: TemplateSource, branch: str) -> TemplateError:
    """A branch to follow that a template does not have."""
    return TemplateError(
        f"The template {source.url} has no branch {branch}.",
        hint="Follow something else: --channel releases, or --channel branch:NAME.",
    )

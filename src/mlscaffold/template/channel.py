"""Channels: what a project follows of its template. Releases, if nobody says otherwise; pre-releases too; a branch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ..errors import TemplateError

__all__ = ["RELEASES", "Channel", "Following", "parse_channel"]

_BRANCH = "branch:"
#: As git takes a branch's name, but for what it takes for something else on a command line.
_NAME = r"(?!-)(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]{1,255}(?<![./])"


class Following(StrEnum):
    """A kind of channel."""

    RELEASES = "releases"
    PRERELEASES = "prereleases"
    BRANCH = "branch"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """What a project follows; its text is that of the option, and of the lock."""

    following: Following = Following.RELEASES
    #: The branch's name; empty where none is followed.
    branch: str = ""

    def __str__(self) -> str:
        return f"{_BRANCH}{self.branch}" if self.branch else self.following.value


RELEASES = Channel()


def parse_channel(text: str) -> Channel:
    """The channel that a text names.

    Raises:
        TemplateError: It names none.
    """
    if text.startswith(_BRANCH):
        branch = text.removeprefix(_BRANCH)
        if re.fullmatch(_NAME, branch):
            return Channel(following=Following.BRANCH, branch=branch)
    elif text in {Following.RELEASES, Following.PRERELEASES}:
        return Channel(following=Following(text))
    raise TemplateError(
        f"{text!r} is no channel.", hint="Channels: releases, prereleases, and branch:NAME such as branch:main."
    )

"""Every error that leaves the engine, as a small tree, and what a process ends with.

A message says what happened, where, and what to type next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Self

from .redaction import redacted
from .visible import visible

__all__ = [
    "AnswersError",
    "DestinationError",
    "ExitCode",
    "LockError",
    "MachineError",
    "MissingAnswersError",
    "MlscaffoldError",
    "NoProjectError",
    "OwnershipError",
    "PendingError",
    "ProjectError",
    "RenderError",
    "TemplateError",
    "UntrustedTemplateError",
    "UserAbortError",
]


class ExitCode(IntEnum):
    """What a command ends with, everywhere, each with its meaning."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> Self:
        """A number that knows what it means."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning = meaning
        return code

    CLEAN = 0, "clean"
    FINDINGS = 1, "findings or drift"
    USAGE = 2, "usage or environment"
    PENDING = 3, "conflict or work pending"
    UNTRUSTED = 4, "untrusted template"
    OUTDATED = 5, "update available (only when asked)"
    BUG = 70, "a bug of ours"
    STOPPED = 130, "stopped by you"


class MlscaffoldError(Exception):
    """Something the user can mend. `hint` is what to do next; `exit_code` is what the process ends with.

    Neither of them holds a secret answer, whoever put it there.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = redacted(message)
        self.hint = redacted(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class MachineError(MlscaffoldError):
    """Git, the disk or a permission is not as needed."""


class TemplateError(MlscaffoldError):
    """The template cannot be found or read, or is not a Copier template."""


class RenderError(TemplateError):
    """The template was found, and fails while it renders."""


class OwnershipError(TemplateError):
    """The template's `ownership.yml` is not valid."""


class UntrustedTemplateError(MlscaffoldError):
    """The template wants to run code or to look at the machine, and nobody said that it may."""

    exit_code = ExitCode.UNTRUSTED

    def __init__(self, url: str, features: Sequence[str], *, tree: str = "") -> None:
        listing = "\n".join(f"  - {line}" for line in _listed(features))
        version = f", or this version alone: tree:{tree}" if tree else ""
        super().__init__(
            f"The template {visible(url)} wants to run code on this machine, or to look at it:\n{listing}",
            hint="Read that code first. If you trust it, run the command again with --trust. "
            f"For good: its address under `trust:` in the settings{version}.",
        )
        self.features = tuple(features)


#: A person decides by this list: a template can make it neither scroll by nor look shorter than it is.
_MOST_FEATURES = 100
_LONGEST_FEATURE = 2000


def _listed(features: Sequence[str]) -> Iterator[str]:
    """What a template wants to run, one line each; whatever is left out is counted."""
    for feature in features[:_MOST_FEATURES]:
        line = visible(feature)
        left = len(line) - _LONGEST_FEATURE
        yield line if left <= 0 else f"{line[:_LONGEST_FEATURE]} … and {left} more characters, not shown"
    if (more := len(features) - _MOST_FEATURES) > 0:
        yield f"… and {more} more, not shown"


class AnswersError(MlscaffoldError):
    """An answer is unknown, of the wrong type or refused by the template's own validator."""


class MissingAnswersError(AnswersError):
    """Questions without an answer, and nobody to ask."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            "These questions have no answer, and there is no terminal to ask them in: " + ", ".join(names),
            hint=(
                "Give them with --set NAME=VALUE or --answers FILE, or add --defaults where a default exists. "
                "`mlscaffold questions` explains each one."
            ),
        )
        self.names = tuple(names)


class DestinationError(MlscaffoldError):
    """The folder for the new project cannot be used."""


class LockError(MlscaffoldError):
    """`.mlscaffold.lock` is missing, damaged, hostile or of an unknown format."""


class NoProjectError(LockError):
    """There is neither a lock nor an answers file: nothing here was made from a template."""


class ProjectError(MlscaffoldError):
    """The project is not in a state that the command can work on: not in git, uncommitted edits, files in the way."""


class PendingError(MlscaffoldError):
    """An update waits to be finished or undone, or another run holds the project."""

    exit_code = ExitCode.PENDING


class UserAbortError(MlscaffoldError):
    """The user stopped the command (Ctrl-C, or "no" at the review)."""

    exit_code = ExitCode.STOPPED

    def __init__(self) -> None:
        super().__init__("Stopped. Nothing was changed.")

"""*The* recorded version of a project: found, checked out, trusted and rendered in one place, for every verb.

A `Pin` is what a project says of itself, laid out. Finding and checking out happen when it is made, and a tag that was
moved is refused then; trust is asked for when its reach is first needed, and it is rendered when the render is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from ..errors import TemplateError
from ..files.entry import Entry
from ..files.scratch import scratch_folder
from ..git.location import locate
from ..git.store import Store, open_store
from ..preferences.trust import Trusted
from ..template.answers import Answers
from ..template.checkout import Checkout, check_out
from ..template.ownership import Ownership
from ..template.reach import Reach, commit_of
from ..template.render import Render, render
from ..template.render_cache import cached_render
from ..template.source import TemplateSource, find_source
from ..template.trust import require_trust
from .lock import LOCK_FILE, Lock
from .make_lock import lock_of, ownership_of
from .record import Recorded, read_recorded

__all__ = ["MovedTagError", "Pin", "pin", "pinned"]


class MovedTagError(TemplateError):
    """A version is not what a project was made from."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(
            f"{checkout.version} of {checkout.source.url} is not what this project was made from: the tag was moved.",
            hint="Ask the template's owners to restore the tag, and to release the change under a new version.",
        )
        #: The tree that the version has now.
        self.tree = checkout.tree


@dataclass(frozen=True, kw_only=True)
class Pin:
    """The version and answers that a project records, in the template itself."""

    project: Path
    recorded: Recorded
    checkout: Checkout
    #: A folder of ours, for renders.
    into: Path
    #: The commit that wrote the record, whose files the template may look at; empty for the work tree.
    wrote: str
    trusted: Trusted
    cache: Path | None

    @cached_property
    def reach(self) -> Reach:
        """How far the template may look.

        Raises:
            UntrustedTemplateError: It wants to run code while it renders, and is not trusted.
        """
        return require_trust(
            self.checkout, trusted=self.trusted, project=self.project, at=self.wrote, rendering_only=True
        )

    @cached_property
    def ownership(self) -> Ownership:
        """Who owns which path."""
        return ownership_of(self.checkout)

    @cached_property
    def render(self) -> Render:
        """What the project was made of, as `update` renders it; from the cache if it is there.

        Raises:
            RenderError, UntrustedTemplateError: As `render` does.
        """
        return self.rendered(self.reach)

    def rendered(self, reach: Reach) -> Render:
        """The same, for a template that looks as far as is said here."""
        return cached_render(
            self.checkout,
            self._answers,
            into=self.into / "render",
            folder_name=self.project.name,
            operation="update",
            reach=reach,
            cache=self.cache,
        )

    def render_again(self, operation: Literal["copy", "update"]) -> Render:
        """Render anew, whatever is kept: what the template gives a new project, or an update."""
        return render(
            self.checkout,
            self._answers,
            into=self.into / operation,
            folder_name=self.project.name,
            operation=operation,
            reach=self.reach,
        )

    @property
    def _answers(self) -> Answers:
        return Answers(values=self.recorded.answers, questions=())

    @cached_property
    def workspace(self) -> Store | None:
        """The project in its repository; None outside of git."""
        return open_store(self.project, self.into / "git") if locate(self.project) else None

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """The render's files, with the ids that git gives them in this project."""
        return self._entries(self.render)

    def _entries(self, made: Render) -> Mapping[str, Entry]:
        return self.workspace.entries(made.root, made.entries) if self.workspace else made.entries

    @cached_property
    def lock(self) -> Lock:
        """The project's own, or one derived from its answers."""
        return self.recorded.lock or self.lock_of(self.render)

    def lock_of(self, made: Render) -> Lock:
        """The lock that a render of this version gives."""
        return lock_of(made, self.ownership, self._entries(made), channel=self.recorded.channel)


def pin(
    project: Path,
    recorded: Recorded,
    *,
    into: Path,
    wrote: str | None = None,
    source: TemplateSource | None = None,
    trusted: Trusted = False,
    cache: Path | None = None,
) -> Pin:
    """Find and check out what a project records.

    Args:
        project: Its root.
        recorded: What it records.
        into: An empty folder that the caller removes.
        wrote: The commit that wrote the record; None is found out.
        source: Where the template is now, if that is known; None is found from the record.
        trusted: What may run code and look at the machine.
        cache: Where mirrors and renders are kept between runs.

    Raises:
        MovedTagError: The version has another tree than the one recorded.
        TemplateError: The template cannot be read, or has no such version.
    """
    checkout = check_out(source or find_source(recorded.template), recorded.version, into=into, cache=cache)
    if recorded.tree and checkout.tree != recorded.tree:
        raise MovedTagError(checkout)
    if wrote is None:
        wrote = commit_of(project, LOCK_FILE if recorded.lock else recorded.answers_file)
    return Pin(
        project=project,
        recorded=recorded,
        checkout=checkout,
        into=into,
        wrote=wrote,
        trusted=trusted,
        cache=cache,
    )


@contextlib.contextmanager
def pinned(project: Path, *, trusted: Trusted = False, cache: Path | None = None) -> Iterator[Pin]:
    """What a project records, laid out in a temporary folder that is gone afterwards.

    Raises:
        LockError: The lock cannot be trusted.
        AnswersError: The answers are missing, damaged or not valid.
        TemplateError: As `pin` does.
    """
    recorded = read_recorded(project)
    with scratch_folder() as scratch:
        yield pin(project, recorded, into=scratch, trusted=trusted, cache=cache)

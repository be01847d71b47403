"""*The* recorded version of a project: found, checked out, trusted and rendered in one place, for every verb.

A `Pin` is what a project says of itself, laid out. Finding and checking out happen when it is made, and a tag that was
moved is refused then; trust is asked for when its reach is first needed, and it is rendered when the render is.
"""

from __future__ import annotations

import contextlib
import dataclasses
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
from ..template.history import moved_sources
from ..template.ownership import Ownership
from ..template.policy import Policy
from ..template.reach import Reach, commit_of
from ..template.render import Render, render
from ..template.render_cache import cached_render
from ..template.source import TemplateSource, at_the_place_of, find_source
from ..template.trust import is_trusted, looks_at_the_project, require_trust
from .lock import LOCK_FILE, Base, Lock
from .make_lock import lock_of, ownership_of
from .owned_ahead import OwnedAhead, OwnershipOfTwo, blended, owned_ahead_of
from .record import Recorded
from .waiting import read_ahead

__all__ = ["MovedTagError", "Pin", "PinOfTwo", "check_out_recorded", "pin", "pinned", "two_of"]


class MovedTagError(TemplateError):
    """A version is not what a project was made from."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(
            f"{checkout.version} of {checkout.source.url} is not what this project was made from: the tag was moved.",
            hint="Ask the template's owners to restore the tag, and to release the change under a new version.",
        )
        self.version = checkout.version


@dataclass(frozen=True, kw_only=True)
class Pin:
    """The version and answers that a project records, in the template itself."""

    project: Path
    recorded: Recorded
    checkout: Checkout
    #: A folder of ours, for renders.
    into: Path
    #: The commit that wrote the record, whose files the template may look at; empty for the work tree. None: to be
    #: found out, if the template looks at any.
    wrote: str | None
    #: Whether files that git does not know are looked at as they are now.
    loose: bool
    trusted: Trusted
    cache: Path | None

    @cached_property
    def reach(self) -> Reach:
        """How far the template may look.

        Raises:
            UntrustedTemplateError: It wants to run code while it renders, and is not trusted.
        """
        reach = require_trust(self.checkout, trusted=self.trusted, project=self.project, rendering_only=True)
        at = self.wrote
        if at is None:
            record = LOCK_FILE if self.recorded.lock else self.recorded.answers_file
            at = commit_of(self.project, record) if looks_at_the_project(self.checkout) else ""
        return dataclasses.replace(reach, at=at, loose=self.loose)

    @cached_property
    def ownership(self) -> Ownership:
        """Who owns which path."""
        return ownership_of(self.checkout, self._answers, self.project)

    @cached_property
    def render(self) -> Render:
        """What the project was made of, as `update` renders it; from the cache if it is there.

        Raises:
            RenderError, UntrustedTemplateError: As `render` does.
        """
        return cached_render(
            self.checkout,
            self._answers,
            into=self.into / "render",
            folder_name=self.project.name,
            operation="update",
            trusted=is_trusted(self.checkout, self.trusted),
            reach=lambda: self.reach,
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
        location = locate(self.project)
        return open_store(location, self.into / "git") if location else None

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

    def follows(self, path: str) -> bool:
        """Whether a path is the template's in this version."""
        policy = self.ownership.rule_for(path).policy
        return path not in self.render.secret and policy in {Policy.OWNED, Policy.KEYED}


@dataclass(frozen=True, kw_only=True)
class PinOfTwo(Pin):
    """A project of which only what the template owns is of the newest version that it records."""

    #: The version of all other files, and of the answers.
    base: Pin
    ahead: Pin

    @cached_property
    def reach(self) -> Reach:
        """How far the template may look, in both versions."""
        trusted = self.base.reach.trusted and self.ahead.reach.trusted
        return dataclasses.replace(self.base.reach, trusted=trusted)

    @cached_property
    def owned_ahead(self) -> OwnedAhead:
        """The files that are ahead."""
        return owned_ahead_of(self.base, self.ahead, self._moves)

    @cached_property
    def _moves(self) -> Mapping[str, str]:
        sources = set(self.ahead.render.sources.values())
        return moved_sources(self.base.checkout, self.ahead.checkout, self.ahead.ownership.moved, sources)

    @cached_property
    def ownership(self) -> Ownership:
        """Who owns which path, each by the version that it is of."""
        return OwnershipOfTwo.of(self.base.ownership, self.ahead.ownership, self.owned_ahead)

    @cached_property
    def render(self) -> Render:
        """What the project was made of."""
        return blended(self.base.render, self.ahead.render, self.owned_ahead, self.into / "two")

    def render_again(self, operation: Literal["copy", "update"]) -> Render:
        """Render both anew."""
        renders = self.base.render_again(operation), self.ahead.render_again(operation)
        return blended(*renders, self.owned_ahead, self.into / f"two-{operation}")

    def lock_of(self, made: Render) -> Lock:
        """The lock that a render of these versions gives."""
        return dataclasses.replace(super().lock_of(made), owned=self.recorded.owned)


def pin(
    project: Path,
    recorded: Recorded,
    *,
    into: Path,
    wrote: str | None = None,
    source: TemplateSource | None = None,
    loose: bool = True,
    trusted: Trusted = False,
    cache: Path | None = None,
) -> Pin:
    """Find and check out what a project records: one version of its template, or two.

    Args:
        project: Its root.
        recorded: What it records.
        into: An empty folder that the caller removes.
        wrote: The commit that wrote the record; None is found out.
        source: Where the template is now, if that is known; None is found from the record.
        loose: Whether the template may look at files that git does not know.
        trusted: What may run code and look at the machine.
        cache: Where mirrors and renders are kept between runs.

    Raises:
        MovedTagError: The version has another tree than the one recorded.
        TemplateError: The template cannot be read, or has no such version.
    """
    source = source or find_source(recorded.template)
    checkout = check_out_recorded(source, recorded.template, recorded.version, recorded.tree, into=into, cache=cache)
    base = Pin(
        project=project,
        recorded=recorded,
        checkout=checkout,
        into=into,
        wrote=wrote,
        loose=loose,
        trusted=trusted,
        cache=cache,
    )
    if (owned := recorded.owned) is None:
        return base
    (into / "ahead").mkdir()
    checkout = check_out_recorded(
        source, recorded.template, owned.version, owned.tree, into=into / "ahead", cache=cache
    )
    return two_of(base, dataclasses.replace(base, checkout=checkout, into=into / "ahead"))


def check_out_recorded(
    source: TemplateSource, template: str, version: str, tree: str, *, into: Path, cache: Path | None = None
) -> Checkout:
    """Lay out a version that a project records, where the template was in its repository then.

    Args:
        source: Where the template is now.
        template: The address that was recorded: the template may have had another folder and tag prefix.
        version: The version.
        tree: What it has to be; empty where that was not recorded.
        into: An empty folder that the caller removes.
        cache: Where mirrors are kept between runs.

    Raises:
        MovedTagError: The version has another tree.
        TemplateError: The template cannot be read, or has no such version.
    """
    then = at_the_place_of(source, template)
    try:
        return _proven(check_out(then, version, into=into, cache=cache), tree)
    except TemplateError:
        if then == source:
            raise
        # A template that moved to a repository of its own brought its history along.
        with contextlib.suppress(TemplateError):
            (into / "now").mkdir()
            return _proven(check_out(source, version, into=into / "now", cache=cache), tree)
        raise


def _proven(checkout: Checkout, tree: str) -> Checkout:
    if tree and checkout.tree != tree:
        raise MovedTagError(checkout)
    return checkout


def two_of(base: Pin, ahead: Pin) -> PinOfTwo:
    """One project of two versions, whose files lie in the folder of the one ahead."""
    owned = Base(version=ahead.checkout.version, tree=ahead.checkout.tree)
    recorded = base.recorded
    if recorded.lock is not None:
        recorded = dataclasses.replace(recorded, lock=dataclasses.replace(recorded.lock, owned=owned))
    return PinOfTwo(
        project=base.project,
        recorded=recorded,
        checkout=base.checkout,
        into=ahead.into,
        wrote=base.wrote,
        loose=base.loose,
        trusted=base.trusted,
        cache=base.cache,
        base=base,
        ahead=ahead,
    )


@contextlib.contextmanager
def pinned(project: Path, *, trusted: Trusted = False, cache: Path | None = None) -> Iterator[Pin]:
    """What a project records, or will once an update is finished, laid out in a temporary folder for a while.

    Raises:
        LockError: The lock cannot be trusted.
        AnswersError: The answers are missing, damaged or not valid.
        TemplateError: As `pin` does.
    """
    recorded = read_ahead(project)
    with scratch_folder() as scratch:
        yield pin(project, recorded, into=scratch, trusted=trusted, cache=cache)

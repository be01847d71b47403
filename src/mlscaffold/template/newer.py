"""Where a project stands in its template's history: is there something newer, and what?

One function answers for every verb. Releases are ordered by their numbers, all else by ancestry: what is in the history
of a project's commit is nothing new for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.scratch import scratch_folder
from ..git.repository import References
from .channel import RELEASES, Channel, Following
from .repository import opened, readable, references_of, repository_of
from .source import SourceKind, TemplateSource
from .versions import (
    Release,
    check_name,
    latest,
    name_of,
    named_release,
    no_branch,
    no_version,
    number_in,
    releases_in,
    shown,
)

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["Relation", "Standing", "releases", "standing"]


class Relation(StrEnum):
    """What a version of a template is to a project."""

    #: It comes after the project's.
    NEWER = "newer"
    #: It is the project's.
    SAME = "same"
    #: The project's comes after it, or has it in its history.
    CONTAINED = "contained"
    #: Neither comes after the other: their histories parted.
    UNRELATED = "unrelated"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a project stands in its template's history."""

    #: The version that the project records.
    recorded: str
    #: The version to compare with, as it is to be recorded: what the channel is at, or what was asked for. Empty where
    #: the channel has nothing.
    target: str
    relation: Relation
    #: The same for a person, in a sentence.
    why: str
    #: Whether the template has the recorded version no longer.
    withdrawn: bool = False

    @property
    def is_behind(self) -> bool:
        """Whether there is something newer."""
        return self.relation is Relation.NEWER

    @property
    def leads_on(self) -> bool:
        """Whether the target is neither the project's version nor in its past."""
        return self.relation in {Relation.NEWER, Relation.UNRELATED}


def releases(source: TemplateSource) -> tuple[Release, ...]:
    """The releases of a source, oldest first.

    Raises:
        TemplateError: The source cannot be reached.
    """
    return releases_in(references_of(source).tags, source.tag_prefix)


def _goal(known: Sequence[Release], channel: Channel, mine: Release | None) -> Release | None:
    """The release to go to."""
    goal = latest(known, channel)
    if mine is not None and mine.prerelease and goal is not None and goal.version < mine.version:
        # Who is on a pre-release waits for the release; until then the next pre-release is the way there.
        return known[-1]
    return goal


def standing(
    source: TemplateSource,
    recorded: str,
    *,
    ahead: str = "",
    channel: Channel = RELEASES,
    to: str | None = None,
    cache: Path | None = None,
) -> Standing:
    """Where a project stands: what its channel is at, or what was asked for, and whether that is newer.

    Who has a part that is ahead of the channel goes there: never back, and no further than the rest has to.

    Args:
        source: The template.
        recorded: The version that the project was made from.
        ahead: A newer version that a part of it is of already; empty where there is none.
        channel: What it follows.
        to: A release, branch or commit in the place of what the channel is at.
        cache: Where remote templates are mirrored.

    Raises:
        TemplateError: The template cannot be reached, or has no such version or branch.
    """
    for name in (recorded, *([] if to is None else [to])):
        check_name(name)
    if ahead and to is None and not standing(source, ahead, channel=channel, cache=cache).leads_on:
        to = ahead
    if source.kind is SourceKind.FOLDER:
        why = "The template is a plain folder: it has no versions."
        return Standing(recorded=recorded, target="", relation=Relation.SAME, why=why)
    refs = references_of(source)
    known = releases_in(refs.tags, source.tag_prefix)
    mine = named_release(known, recorded)
    goal = _asked_for(source, refs, known, mine, channel, to)
    if goal == "":
        why = "The template has no version tags: there is nothing to follow but a branch (--channel branch:NAME)."
        return Standing(recorded=recorded, target="", relation=Relation.SAME, why=why)
    if isinstance(goal, Release) and mine is not None:
        return _by_number(recorded, mine.version, goal)
    if isinstance(goal, Release) and goal.commit == recorded:
        return _same(recorded, goal.tag)
    with scratch_folder() as scratch:
        source = opened(source, cache, scratch)
        with readable(source):
            return _by_ancestry(source, known, (recorded, mine), goal)


def _asked_for(
    source: TemplateSource,
    refs: References,
    known: Sequence[Release],
    mine: Release | None,
    channel: Channel,
    to: str | None,
) -> Release | str:
    """The release, branch or commit to compare with; empty if there is none."""
    if to is not None:
        alias = refs.tags.get(to, "")
        at_alias = next((release for release in reversed(known) if alias and release.commit == alias), None)
        return named_release(known, to) or at_alias or to
    if channel.following is not Following.BRANCH:
        return _goal(known, channel, mine) or ""
    if channel.branch not in refs.branches:
        raise no_branch(source, channel.branch)
    return refs.branches[channel.branch]


def _same(recorded: str, target: str) -> Standing:
    why = f"{shown(target)} is what this project has."
    return Standing(recorded=recorded, target=target, relation=Relation.SAME, why=why)


def _by_number(recorded: str, number: Version, goal: Release, *, withdrawn: bool = False) -> Standing:
    if goal.version == number:
        return _same(recorded, goal.tag)
    newer = goal.version > number
    relation = Relation.NEWER if newer else Relation.CONTAINED
    why = f"{goal.tag} is {'newer' if newer else 'older'} than {recorded}, which this project has."
    return Standing(recorded=recorded, target=goal.tag, relation=relation, why=why, withdrawn=withdrawn)


def _by_ancestry(
    source: TemplateSource, known: Sequence[Release], known_as: tuple[str, Release | None], goal: Release | str
) -> Standing:
    recorded, mine = known_as
    repository = repository_of(source)
    there = goal.commit if isinstance(goal, Release) else repository.commit_at(goal)
    if not there:
        raise no_version(source, str(goal), known)
    if mine is not None and (reached := named_release(known, name_of(there, known))) is not None:
        return _by_number(recorded, mine.version, reached)
    here = repository.commit_at(recorded)
    if not here:
        number = number_in(recorded.removeprefix(source.tag_prefix)) if "." in recorded else None
        if isinstance(goal, Release) and number is not None:
            return _by_number(recorded, number, goal, withdrawn=True)
        raise no_version(source, recorded, known)
    target = goal.tag if isinstance(goal, Release) else name_of(there, known)
    if here == there:
        return _same(recorded, target)

    def contains(later: str, earlier: str) -> bool:
        return repository.git.confirms("merge-base", "--is-ancestor", earlier, later)

    return _apart(recorded, target, contains, here, there)


def _apart(
    recorded: str, target: str, contains: Callable[[str, str], bool], here: str, there: str
) -> Standing:
    mine, theirs = shown(recorded), shown(target)
    if contains(there, here):
        relation, why = Relation.NEWER, f"{theirs} contains {mine}, which this project has, and more."
    elif contains(here, there):
        relation, why = Relation.CONTAINED, f"{mine}, which this project has, contains {theirs}."
    else:
        relation = Relation.UNRELATED
        why = f"{theirs} and {mine}, which this project has, were made apart from each other: neither contains the other."
    return Standing(recorded=recorded, target=target, relation=relation, why=why)

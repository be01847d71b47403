"""Two branches that moved the template or the answers apart, and met: what each recorded, and what both do together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ..errors import AnswersError, LockError, MlscaffoldError
from ..git.process import Git, GitError
from ..project.lock import LOCK_FILE, Lock, parse_lock
from ..project.record import answers_in
from ..template.newer import Relation, standing
from ..template.reach import commit_of
from ..template.source import TemplateSource
from ..template.versions import shown

__all__ = ["Branch", "both_changed", "branches_of", "merged_answers", "merged_value", "newer_of"]

_Value = TypeVar("_Value")
#: Where git keeps the other side of what it merges.
_HEADS = ("MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


@dataclass(frozen=True, kw_only=True)
class Branch:
    """One side of a merge: where its project came from."""

    lock: Lock
    answers: Mapping[str, Any]
    #: The commit that wrote them.
    wrote: str


def branches_of(project: Path) -> tuple[Branch, Branch, Branch]:
    """The base of the merge that is under way in a project, our side and the other.

    Raises:
        LockError: There is no merge, or one side has no lock.
    """
    git = Git(project)
    theirs = next((head for head in _HEADS if git.confirms("rev-parse", "-q", "--verify", head)), None)
    if theirs is None:
        raise LockError(
            f"{LOCK_FILE} is in conflict, and no merge is under way.",
            hint=f"Take one side (git checkout --ours -- {LOCK_FILE}), then run: mlscaffold lock --resolve",
        )
    base = f"{theirs}^" if theirs != "MERGE_HEAD" else git.text("merge-base", "HEAD", theirs)
    try:
        return _branch(project, base), _branch(project, "HEAD"), _branch(project, theirs)
    except GitError as error:
        # Whatever else git says is no answer.
        if not re.search("does not exist in|exists on disk, but not in|invalid object name", error.stderr):
            raise
        raise LockError(
            "One of the branches has no lock of its own, so there is nothing to merge.",
            hint=f"Take the side that has one (git checkout --theirs -- {LOCK_FILE}) and `git add` it.",
        ) from error


def _branch(project: Path, commit: str) -> Branch:
    git = Git(project)
    lock = parse_lock(git.run("show", f"{commit}:./{LOCK_FILE}").decode())
    text = git.run("show", f"{commit}:./{lock.answers_file}").decode()
    answers = answers_in(text, origin=f"{lock.answers_file} of {commit}")
    return Branch(lock=lock, answers=answers, wrote=commit_of(project, LOCK_FILE, rev=commit))


def merged_answers(base: Branch, ours: Branch, theirs: Branch, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answers of both branches, and those that decide where they changed one apart.

    Raises:
        AnswersError: Nobody decided.
    """
    merged: dict[str, Any] = {}
    apart = []
    for name in {**ours.answers, **theirs.answers}:
        mine, other, before = (side.answers.get(name) for side in (ours, theirs, base))
        if mine != other and before not in (mine, other) and name not in given:
            apart.append(f"{name} ({mine} or {other})")
        if (value := merged_value(before, mine, other)) is not None:
            merged[name] = value
    if apart:
        raise AnswersError(
            f"The two branches answered differently: {', '.join(apart)}.",
            hint="Decide with --set NAME=VALUE, and run the command again.",
        )
    return {**merged, **given}


def merged_value(base: _Value, ours: _Value, theirs: _Value) -> _Value:
    """What became of a value in two branches; where both changed it, ours counts."""
    return theirs if ours == base else ours


def both_changed(base: Branch, ours: Branch, theirs: Branch) -> Iterator[str]:
    """Of which values of the lock ours counts, though the other branch changed it, too: a sentence each."""
    for name in ("template", "channel"):
        before, mine, other = (getattr(side.lock, name) for side in (base, ours, theirs))
        if before not in {mine, other} and mine != other:
            yield f"of two values of `{name}` yours counts: {mine}, not {other}"


def newer_of(source: TemplateSource, ours: Lock, theirs: Lock, cache: Path | None) -> Lock:
    """The lock of the newer version, with the newer version of owned files where that is ahead.

    Raises:
        MlscaffoldError: Neither comes after the other.
    """

    def is_newer(version: str, other: str) -> bool:
        if version == other:
            return False
        compared = standing(source, other, to=version, cache=cache)
        if compared.relation is Relation.UNRELATED:
            raise MlscaffoldError(
                f"Which is newer, {shown(other)} or {shown(version)}, cannot be told: {compared.why}",
                hint=f"Take one side: git checkout --ours -- {LOCK_FILE} {ours.answers_file}",
            )
        return compared.relation is Relation.NEWER

    newer = theirs if is_newer(theirs.version, ours.version) else ours
    ahead = [side.owned for side in (ours, theirs) if side.owned]
    owned = ahead[0] if ahead else None
    if owned is not None and is_newer(ahead[-1].version, owned.version):
        owned = ahead[-1]
    if owned is not None and not is_newer(owned.version, newer.version):
        owned = None
    return replace(newer, owned=owned)

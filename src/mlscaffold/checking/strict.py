"""What only the template can say of a project: is the lock what it renders, are the answers valid, what is newest?

This costs a clone and a render, so `check` asks for it with `--strict` and `--require-latest` alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import AnswersError, MlscaffoldError
from ..files.entry import FileMode, is_own_file
from ..files.scratch import scratch_folder
from ..git.location import locate
from ..git.process import Git
from ..preferences.trust import Trusted
from ..project.lock import LOCK_FILE, Lock
from ..project.pin import MovedTagError, Pin, pin, pinned
from ..project.record import Recorded
from ..template.answers import resolve_answers
from ..template.newer import standing
from ..template.ownership import Ownership, read_ownership
from ..template.policy import Policy
from ..template.reach import commit_of
from ..template.source import find_source
from ..template.tasks import make_derived
from ..template.versions import DEV, shown

__all__ = ["Proof", "newer_version", "prove", "render_recorded"]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The recorded version, read and rendered again."""

    #: A recorded version that has other files now; empty where none has.
    moved: str = ""
    #: What is wrong with the recorded answers; empty if nothing is.
    answers_problem: str = ""
    #: The locks that a render gives now: as `new` makes it and, where that differs from the record, as `update` does.
    #: None at all where nothing can be rendered.
    locks: tuple[Lock, ...] = ()
    #: Derived files that are not what their command makes: path -> command. None where commands did not run.
    stale: Mapping[str, str] | None = None


def prove(
    project: Path,
    recorded: Recorded,
    *,
    rev: str | None = None,
    trusted: Trusted = False,
    commands: bool = False,
    cache: Path | None = None,
) -> Proof:
    """Read the template's recorded version, judge the answers by it, and render it again.

    Args:
        project: Its root.
        recorded: What its lock and its answers say.
        rev: The commit that they are of; None for the work tree.
        trusted: Whether a template that runs code while it renders may.
        commands: Whether to make derived files again, in a copy of the project, and compare them, if that is trusted.
        cache: Where remote templates are mirrored.

    Raises:
        TemplateError: The template cannot be read or rendered.
        UntrustedTemplateError: It wants to run code.
    """
    if recorded.version == DEV:
        raise MlscaffoldError(
            "This project was made from an unreleased state of the template, which cannot be rendered again.",
            hint="Run the check without --strict, or make the project from a release.",
        )
    with scratch_folder() as scratch:
        wrote = commit_of(project, LOCK_FILE, rev=rev)
        try:
            version = pin(project, recorded, into=scratch, wrote=wrote, trusted=trusted, cache=cache)
        except MovedTagError as error:
            return Proof(moved=error.version)
        if problem := _problem(version):
            return Proof(answers_problem=problem)
        locks = [version.lock_of(version.render_again("copy"))]
        if locks[0].files != version.lock.files:
            # A template may render other things when it updates, and the lock does not say which was last.
            locks.append(version.lock_of(version.render_again("update")))
        table = read_ownership(version.checkout.root)
        may_run = not table.commands or (commands and version.reach.trusted)
        stale = _stale(project, table, scratch) if may_run else None
        return Proof(locks=tuple(locks), stale=stale)


def _problem(version: Pin) -> str:
    """What is wrong with the recorded answers."""
    try:
        # The digest fits: what is no answer to a question, the template itself writes there.
        resolve_answers(
            version.checkout,
            version.project.name,
            given={},
            recorded=version.recorded.answers,
            suggested={},
            ask=None,
            use_defaults=True,
            reach=version.reach,
        )
    except AnswersError as error:
        return error.message
    return ""


def _stale(project: Path, table: Ownership, scratch: Path) -> Mapping[str, str]:
    """Derived files that are not what their command makes of a copy of the project."""
    if not table.commands:
        return {}
    copy = scratch / "derived" / project.name
    ignore = shutil.ignore_patterns(".git")
    if locate(project) is None:
        shutil.copytree(project, copy, symlinks=True, ignore=ignore)
    else:
        for path in Git(project).records("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."):
            file, target = project / path, copy / path
            if is_own_file(project, path):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target, follow_symlinks=False)
    before = _contents(copy)
    make_derived(table.commands, copy)
    after = _contents(copy)
    rules = {path: table.rule_for(path) for path in sorted(before.keys() | after.keys())}
    return {
        path: rule.command
        for path, rule in rules.items()
        if rule.policy is Policy.DERIVED and before.get(path) != after.get(path)
    }


def _contents(root: Path) -> Mapping[str, bytes]:
    files = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in files if file.is_file()}


def render_recorded(project: Path, *, trusted: Trusted = False, cache: Path | None = None) -> Mapping[str, bytes]:
    """The content of every file that a project's recorded version renders, links left out.

    Raises:
        AnswersError: The answers are missing or damaged.
        TemplateError: The template cannot be read or rendered, or the recorded version is another one now.
        UntrustedTemplateError: It wants to run code.
    """
    with pinned(project, trusted=trusted, cache=cache) as version:
        render = version.render_again("copy")
        plain = [path for path, entry in render.entries.items() if entry.mode is not FileMode.SYMLINK]
        return {path: (render.root / path).read_bytes() for path in plain}


def newer_version(lock: Lock, *, cache: Path | None = None) -> str:
    """What a project's channel is at, if that is newer than what the project has; else empty.

    Raises:
        TemplateError: The template cannot be reached.
    """
    if lock.version == DEV:
        return ""
    ahead = lock.owned.version if lock.owned else ""
    there = standing(find_source(lock.template), lock.version, ahead=ahead, channel=lock.channel, cache=cache)
    return shown(there.target) if there.is_behind else ""

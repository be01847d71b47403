"""What a template's `before` migrations make of a project: run on a copy of its files, from which the update goes on.

So a migration that fails, or an update that is undone, leaves the project as it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MlscaffoldError, RenderError
from ..files.entry import Entry, entry_of, is_own_file, read_plain
from ..git.process import Git
from ..project.lock import LOCK_FILE
from ..project.record import answers_in
from ..template.answers import Answers
from ..template.checkout import Checkout
from ..template.tasks import run_migrations
from .project_state import ProjectState

__all__ = ["Migrated", "migrated"]

_MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """A project after the migrations."""

    answers: Mapping[str, Any]
    #: The files that they changed, as git would have them; None where one is gone.
    changed: Mapping[str, Entry | None]


def migrated(project_state: ProjectState, old: Checkout, new: Checkout, into: Path) -> Migrated:
    """Run the migrations. The caller has asked for trust.

    Args:
        project_state: The project, all committed.
        old: The version that it comes from.
        new: The version that it goes to, which has the migrations.
        into: A folder of ours.

    Raises:
        RenderError: A migration failed, or left what cannot be read.
        AnswersError: The answers cannot be read afterwards.
    """
    recorded, store = project_state.recorded, project_state.store
    project = store.project
    copy = into / project.name
    paths = [path for path in project_state.index.entries if is_own_file(project, path)]
    before = {path: entry_of(project / path) for path in paths}
    for path in paths:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / path, copy / path, follow_symlinks=False)
    git = _as_repository(copy)
    run_migrations(new, Answers(values=recorded.answers, questions=()), copy, since=old)
    known, text = _left_by_them(git, copy / recorded.answers_file)
    after = {path: entry_of(copy / path) for path in {*known, *paths} if is_own_file(copy, path)}
    changed = {path: entry for path, entry in after.items() if before.get(path) != entry}
    gone = dict.fromkeys(before.keys() - after.keys())
    entries = {**gone, **store.entries(copy, changed, write=True)}
    answers = answers_in(text, origin=f"{recorded.answers_file}, as migrated,")
    bookkeeping = {recorded.answers_file, LOCK_FILE}
    return Migrated(
        answers=answers, changed={path: entry for path, entry in entries.items() if path not in bookkeeping}
    )


def _left_by_them(git: Git, answers: Path) -> tuple[list[str], str]:
    """The files that the migrations left, and what the answers file holds.

    Raises:
        RenderError: They took away what is needed for that.
    """
    try:
        known = git.records("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return known, read_plain(answers, _MOST_BYTES).decode()
    except (OSError, ValueError, MlscaffoldError) as error:
        why = (
            error.message.rstrip(".")
            if isinstance(error, MlscaffoldError)
            else f"{answers.name} is gone, or no text any more"
        )
        raise RenderError(
            f"What the template's migrations left cannot be read: {why}. The project is as it was.",
            hint="Tell the template's authors; an update without migrations: mlscaffold update --skip-tasks",
        ) from error


def _as_repository(folder: Path) -> Git:
    """A folder as a repository of its own, with all of it committed: a migration may use git."""
    git = Git(folder)
    git.run("init", "-q", "--template=")
    git.run("add", "-A", "-f")
    who = ("-c", "user.name=mlscaffold", "-c", "user.email=mlscaffold@localhost")
    git.run(*who, "commit", "-q", "--no-verify", "--allow-empty", "-m", "Before the migrations")
    return git

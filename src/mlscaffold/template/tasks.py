"""What a template runs besides rendering: tasks and migrations, and the commands that make derived files.

Nothing here asks for trust: see `trust`. Whatever runs, runs where the project lives, in an environment that leads git
nowhere else.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import RenderError, UntrustedTemplateError
from ..git.environment import cleaned_environment
from ..redaction import redacted
from .answers import Answers
from .checkout import Checkout
from .ownership import read_ownership
from .reach import Reach

if TYPE_CHECKING:
    from .copier.settings import Command, Task

__all__ = ["make_derived", "migration_listing", "possible_tasks", "run_migrations", "run_tasks", "task_listing"]


def possible_tasks(checkout: Checkout) -> tuple[str, ...]:
    """The commands that a template may run after rendering, whatever the answers are, as it writes them."""
    from .copier.refusals import copier_errors
    from .copier.settings import settings_of, written

    with copier_errors(checkout):
        tasks = [written(task) for task in settings_of(checkout).tasks if task.condition is not False]
    return (*tasks, *read_ownership(checkout.root).commands)


def task_listing(
    checkout: Checkout, answers: Answers, project: Path, *, since: Checkout | None = None, reach: Reach | None = None
) -> tuple[str, ...]:
    """The commands that a template runs after rendering, as it writes them: tasks, then what makes derived files.

    Args:
        checkout: The template.
        answers: All answers: conditions depend on them.
        project: Where they will run.
        since: The version that a project is updated from: its migrations count, too.
        reach: How far conditions may look; None is nowhere.
    """
    from .copier.settings import settings_of

    tasks = settings_of(checkout).tasks_after(since)
    listed = _listed(checkout, answers, project, tasks, "update" if since else "copy", reach)
    return (*listed, *read_ownership(checkout.root).commands)


def migration_listing(
    checkout: Checkout, answers: Answers, project: Path, *, since: Checkout, reach: Reach | None = None
) -> tuple[str, ...]:
    """The commands that a template runs on the old files before an update, as it writes them."""
    from .copier.settings import settings_of

    tasks = settings_of(checkout).tasks_before(since)
    return tuple(_listed(checkout, answers, project, tasks, "update", reach))


def run_tasks(checkout: Checkout, answers: Answers, project: Path, *, since: Checkout | None = None) -> None:
    """Run the template's tasks (and migrations, in an update) in a project, then what makes its derived files.

    The caller has asked for trust.

    Raises:
        RenderError: One of them failed.
    """
    from .copier.settings import settings_of

    tasks = settings_of(checkout).tasks_after(since)
    _run_all(checkout, answers, project, tasks, "update" if since else "copy")
    make_derived(read_ownership(checkout.root).commands, project)


def run_migrations(checkout: Checkout, answers: Answers, project: Path, *, since: Checkout) -> None:
    """Run what is to be run on the old files, before an update. The caller has asked for trust.

    Raises:
        RenderError: One of the commands failed.
    """
    from .copier.settings import settings_of

    _run_all(checkout, answers, project, settings_of(checkout).tasks_before(since), "update")


def _listed(
    checkout: Checkout,
    answers: Answers,
    project: Path,
    tasks: Sequence[Task],
    operation: Literal["copy", "update"],
    reach: Reach | None,
) -> Iterator[str]:
    from .copier.refusals import copier_errors
    from .copier.settings import written
    from .copier.worker import worker_for

    if tasks:
        worker = worker_for(checkout, project, answers.told, reach=reach)
    for task in tasks:
        try:
            with copier_errors(checkout):
                command = worker.command_of(task, operation)
        except UntrustedTemplateError:
            # Whether it runs depends on this machine, at which nobody has said yet that it may look.
            yield written(task)
        else:
            if command is not None:
                yield written(task)


def _run_all(
    checkout: Checkout,
    answers: Answers,
    project: Path,
    tasks: Sequence[Task],
    operation: Literal["copy", "update"],
) -> None:
    from .copier.refusals import copier_errors
    from .copier.worker import worker_for

    worker = worker_for(checkout, project, answers.told, reach=Reach(trusted=True, project=project))
    for task in tasks:
        with copier_errors(checkout):
            command = worker.command_of(task, operation)
        if command is not None:
            _run(command, project)


def _run(command: Command, project: Path) -> None:
    """Run one; if it fails, say so as the template writes it: rendered, it may hold a secret answer."""
    hint = "Run again without it, or tell the template's authors."
    is_line = isinstance(command.words, str)
    try:
        done = subprocess.run(  # noqa: S602 - a task is a line for the shell, and was trusted as one
            command.words,
            shell=is_line,
            cwd=project / command.folder,
            check=False,
            env={**cleaned_environment(), **command.variables},
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        message = f"A task of the template failed: `{command.written}` cannot be run: {why}."
        raise RenderError(message, hint=hint) from None
    if done.returncode:
        message = f"A task of the template failed: `{command.written}` ended with {done.returncode}."
        raise RenderError(message, hint=hint)


def make_derived(commands: Iterable[str], project: Path) -> None:
    """Run the commands that make derived files, at the root of a project and without a shell.

    Raises:
        RenderError: One of them is not there, or failed.
    """
    import shlex

    for command in commands:
        try:
            words = shlex.split(command)
            done = subprocess.run(
                words,
                cwd=project,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=cleaned_environment(),
            )
        except (OSError, ValueError) as error:
            raise RenderError(f"`{command}`, which makes a derived file, cannot be run: {error}") from error
        if done.returncode:
            said = redacted((done.stderr or done.stdout).decode(errors="replace")).strip().splitlines()
            last = f": {said[-1]}" if said else "."
            raise RenderError(f"`{command}`, which makes a derived file, ended with {done.returncode}{last}")

"""What a template runs after rendering: its tasks and migrations, and the commands that make derived files.

Nothing here asks for trust: see `trust`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import RenderError
from ..git.environment import cleaned_environment
from ..redaction import redacted
from .answers import Answers
from .ownership import read_ownership
from .reach import Reach
from .checkout import Checkout

__all__ = ["make_derived", "run_tasks", "task_listing"]


def task_listing(checkout: Checkout, *, since: Checkout | None = None) -> tuple[str, ...]:
    """The commands that the template runs after rendering, as it writes them: tasks, then what makes derived files.

    Args:
        checkout: The template.
        since: The version that a project is updated from: its migrations count, too.
    """
    from .copier.refusals import copier_errors
    from .copier.settings import settings_of

    with copier_errors(checkout):
        tasks = settings_of(checkout).tasks_since(settings_of(since) if since else None)
    written = [task.cmd if isinstance(task.cmd, str) else " ".join(map(str, task.cmd)) for task in tasks]
    return (*written, *read_ownership(checkout.root).commands)


def run_tasks(checkout: Checkout, answers: Answers, project: Path, *, since: Checkout | None = None) -> None:
    """Run the template's tasks (and migrations, in an update) in a project, then what makes its derived files.

    The caller has asked for trust.

    Raises:
        RenderError: One of them failed.
    """
    from .copier.refusals import copier_errors
    from .copier.worker import worker_for

    with copier_errors(checkout):
        reach = Reach(trusted=True, project=project)
        worker_for(checkout, project, answers.values, reach=reach).run_tasks("update" if since else "copy", since)
    make_derived(read_ownership(checkout.root).commands, project)


def make_derived(commands: Iterable[str], project: Path) -> None:
    """Run the commands that make derived files, at the root of a project and without a shell.

    Raises:
        RenderError: One of them is not there, or failed.
    """
    import shlex
    import subprocess

    for command in commands:
        try:
            words = shlex.split(command)
            done = subprocess.run(
                words,
                cwd=project,
                env=cleaned_environment(),
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except (OSError, ValueError) as error:
            raise RenderError(f"`{command}`, which makes a derived file, cannot be run: {error}") from error
        if done.returncode:
            said = redacted((done.stderr or done.stdout).decode(errors="replace")).strip().splitlines()
            last = f": {said[-1]}" if said else "."
            raise RenderError(f"`{command}`, which makes a derived file, ended with {done.returncode}{last}")

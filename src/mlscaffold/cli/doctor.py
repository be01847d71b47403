"""`mlscaffold doctor`."""

from __future__ import annotations

import typer

from ..errors import ExitCode
from .console import say
from .options import DestArgument, ProjectOption, project_folder

__all__ = ["doctor"]


def doctor(
    dest: DestArgument = None,
    project: ProjectOption = None,
) -> None:
    """Look at all that the tool needs here: git, Python, template, lock, hooks; each with what to do.

    Exit code 0: nothing is in the way. 1: something is.
    """
    from ..files.user_folders import cache_folder
    from ..look.doctor import Health, diagnose

    ailments = diagnose(project_folder(dest, project).resolve(), cache=cache_folder())
    for each in ailments:
        say(f"{each.health.value:<8} {each.subject}: {each.message}")
        if each.cure:
            say(f"         {each.cure}")
    if any(each.health is Health.BAD for each in ailments):
        raise typer.Exit(ExitCode.FINDINGS)

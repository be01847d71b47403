"""`mlscaffold eject`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from .console import say
from .options import ProjectOption, project_folder
from .waive import OwnerOption, ReasonOption

__all__ = ["eject"]


def eject(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="A file of the template, from the project's root.", show_default=False)
    ],
    *,
    reason: ReasonOption,
    owner: OwnerOption = None,
    project: ProjectOption = None,
) -> None:
    """Take a file out of the template's hands for good: it is yours, never judged and never updated."""
    from ..project.exempt import default_owner
    from ..project.exempt import eject as write
    from ..project.settings import SETTINGS_FILE

    root = project_folder(None, project)
    today = dt.datetime.now(tz=dt.UTC).date()
    made = write(root, path=path, reason=reason, owner=owner or default_owner(root), today=today)
    say(f"{made.path} is yours now: never judged, never updated.")
    say(f"Commit {SETTINGS_FILE}, so that the reason is reviewed.")

"""`mlscaffold waive`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from ..errors import MlscaffoldError
from .console import say
from .options import ProjectOption, project_folder

__all__ = ["OwnerOption", "ReasonOption", "waive"]

ReasonOption = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why, for whoever reads it next year.", show_default=False),
]
OwnerOption = Annotated[
    str | None,
    typer.Option("--owner", metavar="NAME", help="Who answers for it. Default: git's user.email.", show_default=False),
]


def waive(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A rule, such as MLS002.", show_default=False)],
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="A path or glob in the project. Default: all.", show_default=False)
    ] = "",
    *,
    reason: ReasonOption,
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="The last day, such as 2027-01-31.", show_default=False)
    ],
    owner: OwnerOption = None,
    project: ProjectOption = None,
) -> None:
    """Excuse the project from a rule for a time; written to .mlscaffold.toml, to be committed and reviewed."""
    from ..project.exempt import default_owner
    from ..project.exempt import waive as write
    from ..project.settings import SETTINGS_FILE

    root = project_folder(None, project)
    try:
        day = dt.date.fromisoformat(until)
    except ValueError as error:
        raise MlscaffoldError(f"--until {until}: that is no date.", hint="Write it as 2027-01-31.") from error
    today = dt.datetime.now(tz=dt.UTC).date()
    made = write(root, code=code, path=path, reason=reason, until=day, owner=owner or default_owner(root), today=today)
    say(f"{made.rule} is waived for {made.path or 'every path'} until {made.until}, by {made.owner}.")
    say(f"Commit {SETTINGS_FILE}, so that the reason is reviewed.")

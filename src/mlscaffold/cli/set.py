"""`mlscaffold set`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    MergeOption,
    MergeStyle,
    ProjectOption,
    TrustOption,
    given_answers,
    trusted_by,
)

__all__ = ["set_answers"]


def set_answers(
    assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="New answers.", show_default=False)],
    dest: ProjectOption = Path(),
    merge: MergeOption = MergeStyle.STRUCTURED,
    trust: TrustOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan and every file's diff; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON.")] = False,
) -> None:
    """Change answers, at the version that the project has: components come or go, and every edit is kept.

    The result is left uncommitted for review. `mlscaffold update --continue` and `--abort` work for it, too.
    """
    from ..files.user_folders import cache_folder
    from ..preferences.settings import read_settings
    from ..update.request import UpdateRequest
    from .update import run_update

    settings = read_settings()
    project = dest.absolute()
    request = UpdateRequest(
        project=project,
        same_version=True,
        given=given_answers(None, assignments),
        defaults=settings.defaults,
        trusted=trusted_by(trust=trust),
        lines_only=merge is MergeStyle.GIT,
        cache=cache_folder(),
    )
    run_update(request, dry_run=dry_run, as_json=as_json)

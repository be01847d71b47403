"""`mlscaffold set`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import MergeOption, MergeStyle, TrustOption, given_answers

__all__ = ["set_answers"]


def set_answers(
    assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE…", help="New answers.", show_default=False)],
    dest: Annotated[
        Path, typer.Option("--project", metavar="DEST", help="The project's root folder.", show_default=False)
    ] = Path(),
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
    from ..settings import cache_folder, read_settings
    from ..update import UpdateRequest
    from .update import run_update

    settings = read_settings()
    request = UpdateRequest(
        project=dest.absolute(),
        same_version=True,
        given=given_answers(None, assignments),
        defaults=settings.defaults,
        trusted=trust,
        lines_only=merge is MergeStyle.GIT,
        cache=cache_folder(),
    )
    run_update(request, trust_of=settings.trusts, dry_run=dry_run, as_json=as_json)

"""`mlscaffold set`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import AnswersError
from .options import (
    DiffOption,
    DryRunOption,
    MergeOption,
    MergeStyle,
    ProjectOption,
    TrustOption,
    given_answers,
    project_folder,
    trusted_by,
)

__all__ = ["set_answers"]


def set_answers(
    assignments: Annotated[
        list[str],
        typer.Argument(metavar="[DEST] KEY=VALUE…", help="The project's root folder, new answers.", show_default=False),
    ],
    project: ProjectOption = None,
    merge: MergeOption = MergeStyle.STRUCTURED,
    trust: TrustOption = False,
    dry_run: DryRunOption = False,
    diffs: DiffOption = False,
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
    dest, given = _split(assignments)
    request = UpdateRequest(
        project=project_folder(dest, project),
        same_version=True,
        given=given_answers(None, given),
        defaults=settings.defaults,
        trusted=trusted_by(trust=trust),
        lines_only=merge is MergeStyle.GIT,
        dry_run=dry_run,
        cache=cache_folder(),
    )
    run_update(request, diffs=diffs, as_json=as_json)


def _split(words: list[str]) -> tuple[Path | None, list[str]]:
    """The project's folder, where the first word names one, and the answers.

    Raises:
        AnswersError: There are none.
    """
    first, *others = words
    if "=" in first or not Path(first).is_dir():
        return None, words
    if not others:
        raise AnswersError("No answer is given.", hint="Write at least one as KEY=VALUE.")
    return Path(first), others

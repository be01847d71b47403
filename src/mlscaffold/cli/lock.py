"""`mlscaffold lock`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ExitCode, MlscaffoldError
from .console import say
from .options import (
    AssignmentsOption,
    DestArgument,
    DiffOption,
    DryRunOption,
    ProjectOption,
    TrustOption,
    given_answers,
    project_folder,
    trusted_by,
)

__all__ = ["lock"]


def lock(
    dest: DestArgument = None,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Make the lock fit again: after a merge, or after plain `copier update`.")
    ] = False,
    assignments: AssignmentsOption = None,
    dry_run: DryRunOption = False,
    diffs: DiffOption = False,
    trust: TrustOption = False,
    project: ProjectOption = None,
) -> None:
    """Show what the lock records, or make it fit the project again (--resolve).

    Two branches that moved the template or the answers apart conflict in the lock: resolve and `git add` the other
    files, then run `mlscaffold lock --resolve`, and commit the merge.
    """
    root = project_folder(dest, project).resolve()
    if not resolve:
        if assignments or dry_run or diffs:
            raise MlscaffoldError(
                "--set, --dry-run and --diff belong to --resolve.", hint="To change answers: mlscaffold set."
            )
        _show(root)
        return
    from ..files.user_folders import cache_folder
    from ..template.copier.headless import import_copier
    from ..update.apply import apply_update
    from ..update.relock import prepare_lock
    from ..update.request import UpdateRequest
    from . import changes

    request = UpdateRequest(
        project=root,
        given=given_answers(None, assignments or []),
        trusted=trusted_by(trust=trust),
        cache=cache_folder(),
    )
    import_copier()
    with prepare_lock(request) as relocking:
        reason, update = relocking.reason, relocking.update
        if not reason:
            say("The lock fits: nothing to do.")
            return
        if relocking.is_merge:
            changes.print_plan(update)
            if diffs:
                changes.print_details(update)
        else:
            say(f"{update.template} {update.project.recorded.version}: the lock is written anew ({reason}).")
        if dry_run:
            changes.print_dry_run()
            raise typer.Exit(ExitCode.PENDING if update.plan.conflicts else ExitCode.CLEAN)
        done = apply_update(update)
    if done.conflicts:
        changes.print_done(done)
        raise typer.Exit(ExitCode.PENDING)
    say(f"The lock fits again ({reason}). Review it (git status, git diff), then commit.")


def _show(project: Path) -> None:
    from collections import Counter

    from ..project.lock import read_lock

    recorded = read_lock(project)
    counts = Counter(file.policy.value for file in recorded.files.values())
    facts = {
        "template": recorded.template,
        "version": recorded.version,
        "tree": recorded.tree,
        **(
            {"owned": f"{recorded.owned.version} {recorded.owned.tree} (what the template owns is ahead)"}
            if recorded.owned
            else {}
        ),
        "renderer": recorded.renderer,
        "answers": recorded.answers_file,
        "files": ", ".join(f"{number} {policy}" for policy, number in sorted(counts.items())),
    }
    for name, value in facts.items():
        say(f"{name:<9} {value}")

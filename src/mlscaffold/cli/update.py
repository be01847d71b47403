"""`mlscaffold update`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ..errors import ExitCode, MlscaffoldError
from .console import is_interactive, say, say_json, stderr
from .options import (
    AnswersOption,
    AssignmentsOption,
    ChannelOption,
    DefaultsOption,
    DestArgument,
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

if TYPE_CHECKING:
    from ..update.request import UpdateRequest

__all__ = ["run_update", "update"]


def update(
    dest: DestArgument = None,
    to: Annotated[
        Optional[str],  # noqa: UP045 - Typer reads the annotation at run time
        typer.Option("--to", metavar="VERSION", help="Default: the newest of its channel.", show_default=False),
    ] = None,
    channel: ChannelOption = None,
    assignments: AssignmentsOption = None,
    answers: AnswersOption = None,
    defaults: DefaultsOption = False,
    template: Annotated[
        Optional[str],  # noqa: UP045 - Typer reads the annotation at run time
        typer.Option("--template", metavar="SRC", help="Where the template is now, if it moved.", show_default=False),
    ] = None,
    merge: MergeOption = MergeStyle.STRUCTURED,
    trust: TrustOption = False,
    dry_run: DryRunOption = False,
    diffs: DiffOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON.")] = False,
    resume: Annotated[bool, typer.Option("--continue", help="Finish an update: conflicts are resolved.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Undo an update that is not finished.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say what waits to be finished.")] = False,
    project: ProjectOption = None,
) -> None:
    """Follow the template to a newer version, and keep every edit.

    The result is left uncommitted for review. Exit code 0 is done, 3 is conflicts that wait for you.
    """
    root = project_folder(dest, project)
    chosen = [name for name, on in (("--continue", resume), ("--abort", abort), ("--status", status)) if on]
    others = [
        name
        for name, on in (
            ("--to", to),
            ("--channel", channel),
            ("--set", assignments),
            ("--answers", answers),
            ("--template", template),
            ("--dry-run", dry_run),
        )
        if on
    ]
    if len(chosen) > 1 or (chosen and others):
        raise MlscaffoldError(f"{chosen[0]} goes with none of {', '.join([*chosen[1:], *others])}.")
    if status:
        _status(root)
    elif abort:
        _abort(root)
    elif resume:
        _resume(root, trust=trust)
    else:
        from ..files.user_folders import cache_folder
        from ..preferences.settings import read_settings
        from ..template.channel import parse_channel
        from ..update.request import UpdateRequest

        settings = read_settings()
        request = UpdateRequest(
            project=root,
            to=to,
            channel=None if channel is None else parse_channel(channel),
            template=template,
            given=given_answers(answers, assignments or []),
            defaults=settings.defaults,
            use_defaults=defaults,
            trusted=trusted_by(trust=trust),
            lines_only=merge is MergeStyle.GIT,
            cache=cache_folder(),
        )
        run_update(request, dry_run=dry_run, diffs=diffs, as_json=as_json)


def run_update(request: UpdateRequest, *, dry_run: bool, diffs: bool, as_json: bool) -> None:
    """Plan, show, apply: what `update` and `set` have in common."""
    from threading import Thread

    from ..template.copier.headless import import_copier
    from ..update.apply import apply_update
    from ..update.solve import prepare_update
    from . import changes
    from .progress import Progress

    ask = None
    if is_interactive() and not request.use_defaults:
        from .wizard import Wizard

        ask = Wizard(request.project).ask
    else:
        Thread(target=import_copier, daemon=True).start()
    console = stderr()
    with (
        Progress(console) as progress,
        prepare_update(request, ask=progress.pausing(ask), step=progress.step) as prepared,
    ):
        progress.pause()
        for remark in prepared.notes:
            console.say(f"Note: {remark}", style="yellow")
        if as_json:
            say_json(changes.plan_as_data(prepared))
        else:
            changes.print_plan(prepared)
            if diffs:
                changes.print_details(prepared)
            if dry_run:
                changes.print_dry_run("" if diffs or prepared.is_empty else " To see every file: --diff.")
        if dry_run or prepared.is_empty:
            raise typer.Exit(ExitCode.PENDING if prepared.plan.conflicts or prepared.left else 0)
        done = apply_update(prepared, step=progress.step)
        progress.pause()
    if not as_json:
        changes.print_done(done)
    if done.conflicts or done.left:
        raise typer.Exit(ExitCode.PENDING)


def _status(project: Path) -> None:
    from ..apply.journal import Phase, pending

    waiting = pending(project)
    if waiting is None:
        say("Nothing waits: the project is as the last command left it.")
        return
    said = {
        Phase.APPLYING: "was interrupted while its files were written",
        Phase.CONFLICTS: "waits for you to resolve its conflicts",
        Phase.TASKS: "is applied, and its last steps are not done",
    }
    say(f"The {waiting.title} {said[waiting.phase]}.")
    for path in waiting.conflicts:
        say(f"  conflict  {path}")
    for task in waiting.tasks:
        say(f"  will run  {task}")
    say("Finish it: mlscaffold update --continue. Undo it: mlscaffold update --abort.")
    raise typer.Exit(ExitCode.PENDING)


def _abort(project: Path) -> None:
    from ..update.apply import abort_update

    for kept in abort_update(project):
        say(f"Your edits since are kept: {kept}")
    say("Undone: files, index and modes are as before.")


def _resume(project: Path, *, trust: bool) -> None:
    from ..files.user_folders import cache_folder
    from ..update.apply import continue_update
    from . import changes

    done = continue_update(project, trusted=trusted_by(trust=trust), cache=cache_folder())
    changes.print_done(done)
    if done.conflicts or done.left:
        raise typer.Exit(ExitCode.PENDING)

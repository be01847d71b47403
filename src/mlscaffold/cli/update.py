"""`mlscaffold update`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    SkipTasksOption,
    TrustOption,
    given_answers,
    project_folder,
    takes,
    trusted_by,
)

if TYPE_CHECKING:
    from ..update.prepare import PreparedUpdate
    from ..update.request import UpdateRequest
    from .screen import Screen

__all__ = ["run_update", "update"]


@dataclass(frozen=True, kw_only=True)
class UpdateOptions:
    """The command line of `update`."""

    dest: DestArgument = None
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="VERSION", help="Default: the newest of its channel.", show_default=False),
    ] = None
    channel: ChannelOption = None
    owned_only: Annotated[
        bool,
        typer.Option(
            "--owned-only", help="Move only the files that the template owns; all others, and the answers, stay."
        ),
    ] = False
    assignments: AssignmentsOption = None
    answers: AnswersOption = None
    defaults: DefaultsOption = False
    template: Annotated[
        str | None,
        typer.Option("--template", metavar="SRC", help="Where the template is now, if it moved.", show_default=False),
    ] = None
    merge: MergeOption = MergeStyle.STRUCTURED
    skip_tasks: SkipTasksOption = False
    trust: TrustOption = False
    dry_run: DryRunOption = False
    diffs: DiffOption = False
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON.")] = False
    resume: Annotated[bool, typer.Option("--continue", help="Finish an update: conflicts are resolved.")] = False
    abort: Annotated[bool, typer.Option("--abort", help="Undo an update that is not finished.")] = False
    status: Annotated[bool, typer.Option("--status", help="Say what waits to be finished.")] = False
    project: ProjectOption = None

    @property
    def root(self) -> Path:
        """The project's root folder."""
        return project_folder(self.dest, self.project)

    @property
    def of_the_waiting(self) -> tuple[str, ...]:
        """What is asked of an update that waits."""
        asked = {"--continue": self.resume, "--abort": self.abort, "--status": self.status}
        return tuple(name for name, on in asked.items() if on)

    @property
    def of_a_new_one(self) -> tuple[str, ...]:
        """What is said of an update that begins."""
        said = {
            "--to": self.to,
            "--channel": self.channel,
            "--owned-only": self.owned_only,
            "--set": self.assignments,
            "--answers": self.answers,
            "--template": self.template,
            "--dry-run": self.dry_run,
        }
        return tuple(name for name, on in said.items() if on)

    def request(self) -> UpdateRequest:
        """What the engine is asked for, with what the settings say."""
        from ..files.user_folders import cache_folder
        from ..preferences.settings import read_settings
        from ..template.channel import parse_channel
        from ..update.request import UpdateRequest

        return UpdateRequest(
            project=self.root,
            to=self.to,
            channel=None if self.channel is None else parse_channel(self.channel),
            owned_only=self.owned_only,
            template=self.template,
            given=given_answers(self.answers, self.assignments or []),
            defaults=read_settings().defaults,
            use_defaults=self.defaults,
            trusted=trusted_by(trust=self.trust),
            skip_tasks=self.skip_tasks,
            lines_only=self.merge is MergeStyle.GIT,
            dry_run=self.dry_run,
            cache=cache_folder(),
        )


@takes(UpdateOptions)
def update(options: UpdateOptions) -> None:
    """Follow the template to a newer version, and keep every edit.

    The result is left uncommitted for review. Exit code 0 is done, 3 is conflicts that wait for you.
    """
    chosen, others = options.of_the_waiting, options.of_a_new_one
    if len(chosen) > 1 or (chosen and others):
        raise MlscaffoldError(f"{chosen[0]} goes with none of {', '.join([*chosen[1:], *others])}.")
    if options.status:
        _status(options.root)
    elif options.abort:
        _abort(options.root)
    elif options.resume:
        _resume(options.root, trust=options.trust)
    else:
        run_update(options.request(), diffs=options.diffs, as_json=options.as_json)


def run_update(request: UpdateRequest, *, diffs: bool, as_json: bool) -> None:
    """Plan, show, apply: what `update` and `set` have in common."""
    from threading import Thread

    from ..template.copier.headless import import_copier
    from ..update.apply import apply_update
    from ..update.prepare import prepare_update
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
        _print_remarks(console, prepared)
        if as_json:
            say_json(changes.plan_as_data(prepared))
        else:
            changes.print_plan(prepared)
            if diffs:
                changes.print_details(prepared)
            if request.dry_run:
                changes.print_dry_run("" if diffs or prepared.is_empty else " To see every file: --diff.")
        if request.dry_run or prepared.is_empty:
            raise typer.Exit(ExitCode.PENDING if prepared.plan.conflicts or prepared.plan.left else 0)
        done = apply_update(prepared, step=progress.step)
        progress.pause()
    if not as_json:
        changes.print_done(done)
    if done.conflicts or done.left:
        raise typer.Exit(ExitCode.PENDING)


def _print_remarks(console: Screen, prepared: PreparedUpdate) -> None:
    """What a person should know before, and what the template wants to be said."""
    if (refusal := prepared.project.refusal) is not None:
        console.say(f"The update itself will refuse this project as it is. {refusal.message}", style="yellow")
        for line in refusal.hint.splitlines():
            console.say(line)
    if prepared.ends.new.greeting:
        console.say_lines(prepared.ends.new.greeting)
    for remark in prepared.notes:
        console.say(f"Note: {remark}", style="yellow")


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
    from ..update.resume import abort_update

    for kept in abort_update(project):
        say(f"Your edits since are kept: {kept}")
    say("Undone: files, index and modes are as before.")


def _resume(project: Path, *, trust: bool) -> None:
    from ..files.user_folders import cache_folder
    from ..update.resume import continue_update
    from . import changes

    done = continue_update(project, trusted=trusted_by(trust=trust), cache=cache_folder())
    changes.print_done(done)
    if done.conflicts or done.left:
        raise typer.Exit(ExitCode.PENDING)

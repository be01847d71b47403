"""`mlscaffold new`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import DestinationError
from .console import is_interactive, stderr
from .options import (
    AnswersOption,
    AssignmentsOption,
    ChannelOption,
    DefaultsOption,
    RefOption,
    SkipTasksOption,
    TemplateOption,
    TrustOption,
    given_answers,
    trusted_by,
)

if TYPE_CHECKING:
    from ..new.create import NewProject

__all__ = ["new"]


def new(
    dest: Annotated[
        Path | None,
        typer.Argument(
            metavar="DEST",
            help="Folder of the new project; absent or empty. Asked for where it is left out.",
            show_default=False,
        ),
    ] = None,
    template: TemplateOption = None,
    ref: RefOption = None,
    channel: ChannelOption = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", metavar="NAME", help="Start from a named set of answers.", show_default=False),
    ] = None,
    assignments: AssignmentsOption = None,
    answers: AnswersOption = None,
    defaults: DefaultsOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List every file with its ownership; write nothing.")
    ] = False,
    no_git: Annotated[bool, typer.Option("--no-git", help="No git init and no first commit.")] = False,
    skip_tasks: SkipTasksOption = False,
    trust: TrustOption = False,
) -> None:
    """Make a new project: a few questions, then a repository that works at once."""
    from ..files.user_folders import cache_folder
    from ..new.create import NewProject
    from ..preferences.settings import read_settings
    from ..template.channel import RELEASES, parse_channel

    settings = read_settings()
    source = settings.template if template is None else template
    request = NewProject(
        destination=_destination(_folder() if dest is None else dest),
        template=source,
        ref=ref,
        channel=RELEASES if channel is None else parse_channel(channel),
        given=given_answers(answers, assignments or [], **({} if preset is None else {"preset": preset})),
        defaults=settings.defaults,
        use_defaults=defaults,
        trusted=trusted_by(trust=trust),
        skip_tasks=skip_tasks,
        with_git=not no_git,
        cache=cache_folder(),
    )
    _run(request, dry_run=dry_run)


def _folder() -> Path:
    """The folder that a person names.

    Raises:
        DestinationError: There is nobody to ask.
    """
    if not is_interactive():
        raise DestinationError(
            "The folder of the new project is not named, and there is no terminal to ask for it in.",
            hint="Name it: mlscaffold new DEST",
        )
    from .wizard import ask_folder

    return ask_folder()


def _destination(dest: Path) -> Path:
    """The destination as an absolute path without links.

    Raises:
        DestinationError: No file system can hold a folder of that name.
    """
    try:
        destination = dest.expanduser().resolve()
        str(destination).encode()
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            destination.lstat()
    except (OSError, RuntimeError, UnicodeEncodeError) as error:
        not_text = isinstance(error, UnicodeEncodeError)
        reason = "it is not UTF-8" if not_text else getattr(error, "strerror", None) or str(error).rstrip(".")
        raise DestinationError(
            f"{str(Path.cwd() / dest)!a} cannot be the folder of a project: {reason}.", hint="Choose another name."
        ) from error
    return destination


def _run(request: NewProject, *, dry_run: bool) -> None:
    from ..new.create import create, prepare
    from ..template.copier.headless import import_copier
    from . import report
    from .progress import Progress

    ask = review = None
    if is_interactive() and not request.use_defaults:
        from .wizard import Wizard

        wizard = Wizard(request.destination)
        ask, review = wizard.ask, wizard.review
    else:
        import_copier()
    console = stderr()
    with (
        Progress(console) as progress,
        prepare(request, ask=progress.pausing(ask), review=progress.pausing(review), step=progress.step) as prepared,
    ):
        progress.pause()
        if prepared.render.greeting:
            console.say_lines(prepared.render.greeting)
        for note in prepared.notes:
            console.say(f"Note: {note}", style="yellow")
        if dry_run:
            report.print_plan(prepared)
            return
        for task in prepared.tasks:
            console.say(f"Will run: {task}", style="yellow")
        created = create(prepared, step=progress.step)
    report.print_created(created)

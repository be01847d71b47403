"""Options that several verbs share."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from ..errors import AnswersError, MlscaffoldError

if TYPE_CHECKING:
    from ..preferences.trust import Trusted

__all__ = [
    "AnswersOption",
    "AssignmentsOption",
    "ChannelOption",
    "DefaultsOption",
    "DestArgument",
    "DiffOption",
    "DryRunOption",
    "MergeOption",
    "MergeStyle",
    "ProjectOption",
    "RefOption",
    "SkipTasksOption",
    "TemplateOption",
    "TrustOption",
    "given_answers",
    "path_in",
    "project_folder",
    "takes",
    "trusted_by",
]

TemplateOption = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="SRC",
        envvar="MLSCAFFOLD_TEMPLATE",
        help="URL, path or git bundle of any Copier template; in a folder of it: SRC#subdir=FOLDER&tag-prefix=PREFIX. "
        "Default: the built-in one.",
        show_default=False,
    ),
]
RefOption = Annotated[
    str | None,
    typer.Option(
        "--ref", metavar="VERSION", help="Version, branch or commit. Default: the newest release.", show_default=False
    ),
]
DestArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[DEST]", help="The project's root folder. Default: this one.", show_default=False),
]
ChannelOption = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="CHANNEL",
        help="What to follow from now on: releases, prereleases or branch:NAME.",
        show_default=False,
    ),
]
ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", metavar="DEST", help="The project's root folder. Default: this one.", show_default=False),
]
TrustOption = Annotated[
    bool, typer.Option("--trust", help="Let the template run code (extensions, tasks) and look at this machine.")
]

SkipTasksOption = Annotated[
    bool,
    typer.Option("--skip-tasks", help="Run none of the template's tasks and migrations, and make no derived file."),
]


class MergeStyle(StrEnum):
    """How far an update decides by itself."""

    STRUCTURED = "structured"
    GIT = "git"


AssignmentsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Answer a question. Can be repeated.", show_default=False),
]
AnswersOption = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", help="Answers from a YAML or JSON file.", show_default=False),
]
DefaultsOption = Annotated[bool, typer.Option("--defaults", help="Take the default of every other question.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the plan; write nothing.")]
DiffOption = Annotated[bool, typer.Option("--diff", help="Show every file's diff as well, and the tool's own news.")]
MergeOption = Annotated[
    MergeStyle,
    typer.Option(
        "--merge", help="`git` decides no more than git's line merge; `structured` knows TOML, YAML and JSON."
    ),
]


def project_folder(dest: Path | None, project: Path | None) -> Path:
    """The project that a command line names: by an argument, or by an option that every verb has.

    Raises:
        MlscaffoldError: It names two.
    """
    if dest is not None and project is not None and dest.absolute() != project.absolute():
        raise MlscaffoldError(f"Two projects are named: {dest} and {project}.", hint="Leave one of them out.")
    return (dest or project or Path()).absolute()


def path_in(project: Path, path: str) -> str:
    """A path as the project calls it, whatever folder the shell stands in."""
    absolute = Path(path).absolute()
    return absolute.relative_to(project).as_posix() if absolute.is_relative_to(project) else Path(path).as_posix()


def given_answers(file: Path | None, assignments: Sequence[str], **known: Any) -> Mapping[str, Any]:
    """All answers that a command line holds; the most specific one wins.

    Raises:
        AnswersError: The file is not valid, or an assignment is none.
    """
    from ..template.answers import read_answers_file

    given: dict[str, Any] = dict(read_answers_file(file)) if file else {}
    given |= known
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise AnswersError(f"{assignment!r} is no answer: write it as KEY=VALUE.")
        given[name.strip()] = value
    return given


def trusted_by(*, trust: bool) -> Trusted:
    """What this command may trust: with `--trust` whatever it meets, else what the settings name.

    Raises:
        SettingsError: The settings are not valid.
    """
    from ..preferences.settings import read_settings

    settings = read_settings()
    return trust or settings.trust


_T = TypeVar("_T")


def takes(options: type[_T]) -> Callable[[Callable[[_T], None]], Callable[..., None]]:
    """Make a command of a function of one value: a dataclass, each field of which is an argument or an option."""

    def command_of(function: Callable[[_T], None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**values: Any) -> None:
            function(options(**values))

        hints = get_type_hints(options, include_extras=True)
        parameters = [
            inspect.Parameter(
                each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
            )
            for each in dataclasses.fields(options)  # type: ignore[arg-type]
        ]
        command.__annotations__ = hints
        vars(command)["__signature__"] = inspect.Signature(parameters)
        return command

    return command_of

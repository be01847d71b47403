"""The command line: a command for each step of pipelines/, for each module of commands/, and `pipeline` for all steps."""

from __future__ import annotations

import time

#: Before anything else is imported: the time that is shown is that of the whole command.
STARTED = time.perf_counter()

import inspect  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Annotated  # noqa: E402

import typer  # noqa: E402

from .discovery import PACKAGE, names_in, summary  # noqa: E402
from .errors import ALARM, BLOCKED, ProjectError  # noqa: E402
from .steps import Project, Step  # noqa: E402
from .workflow import all_steps, execute, execute_briefly  # noqa: E402

Params = Annotated[Path, typer.Option("--params", help="The settings; paths are relative to their folder.")]
Brief = Annotated[bool, typer.Option("--brief", help="As `pipeline` does it: a little, and nothing if it is current.")]
PARAMS = Path("params.yaml")
#: The exit code after Ctrl-C, as shells expect it.
STOPPED = 130


def build_app(*asked: str) -> typer.Typer:
    """Every command that is there, in the order of the work; if what is asked for begins with the name of one, that one.

    The others are not even imported then, and what they import would be the largest part of a service's memory.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Train, judge, export and serve a model. Each step reads what the one before it wrote. "
        f"Exit codes: 0 done, 1 refused, 2 wrong settings, {BLOCKED} a gate refuses the model, "
        f"{ALARM} an alarm; `decide` says what came of it.",
    )
    app.command(help="Run all steps from raw data to the registered model, and show the result.")(pipeline)
    commands = names_in("commands")
    named = [name for name in commands if [name.replace("_", "-")] == [*asked[:1]]]
    for step in [] if named else all_steps():
        if step.name not in commands:
            app.command(step.name, help=_help("pipelines", step.name))(_command(step))
    for name in named or commands:
        module = import_module(f"{PACKAGE}.commands.{name}")
        if hasattr(module, "app"):
            for each in module.app.registered_commands:
                # What a command raises is for who calls it in Python.
                each.help = each.help or (inspect.getdoc(each.callback) or "").partition("\n\n")[0]
            app.add_typer(module.app, name=name, help=_help("commands", name))
        else:
            app.command(name.replace("_", "-"), help=_help("commands", name))(module.run)
    return app


def _help(folder: str, name: str) -> str:
    """The first line of a module, without the name with which it begins."""
    line = summary(folder, name).removeprefix(f"`{name}`: ")
    return line[:1].upper() + line[1:]


def _command(step: Step) -> Callable[..., None]:
    def run(params: Params = PARAMS) -> None:
        typer.echo(f"{step.name:<9} {execute(step, Project(params.parent, Path(params.name)))}")

    def run_or_less(params: Params = PARAMS, brief: Brief = False) -> None:  # noqa: FBT002 - an option
        do = execute_briefly if brief else execute
        typer.echo(f"{step.name:<9} {do(step, Project(params.parent, Path(params.name)))}")

    return run_or_less if step.brief else run


def pipeline(params: Params = PARAMS) -> None:
    """Run all steps, then show what came of them."""
    project = Project(params.parent, Path(params.name))
    for step in all_steps():
        typer.echo(f"{step.name:<9} {execute_briefly(step, project)}")
    from .evaluation.summary import print_summary

    print_summary(project, seconds=time.perf_counter() - STARTED)


def main() -> None:
    """Entry point of the command: errors that a user can mend are shown without a traceback."""
    try:
        build_app(*sys.argv[1:])()
    except ProjectError as error:
        typer.echo(f"Error: {error}\nNext:  {error.advice}", err=True)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == STOPPED:
            typer.echo("Stopped.", err=True)
        raise
    except KeyboardInterrupt:
        # While commands are being found; typer turns later ones into the above.
        typer.echo("Stopped.", err=True)
        sys.exit(STOPPED)


if __name__ == "__main__":
    main()

"""The command line as Typer knows it: all verbs, or the one that a call names."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

from .. import __version__
from ..errors import ExitCode

__all__ = ["VERBS", "command_line"]

_HELP = f"""Generate machine-learning repositories, and keep them true to their template for years.

Start with `mlscaffold new my-project`.

Exit codes: {", ".join(f"{code} {code.meaning}" for code in ExitCode)}.

Environment: MLSCAFFOLD_TEMPLATE (template of all commands), MLSCAFFOLD_SETTINGS (settings file), MLSCAFFOLD_CACHE_DIR
(what is kept between runs; safe to delete), MLSCAFFOLD_TEMPLATE_SECONDS, MLSCAFFOLD_TEMPLATE_MEMORY and
MLSCAFFOLD_TEMPLATE_OUTPUT (what a template's expressions may take: processor time, MiB, MiB), NO_COLOR (no colours).
"""

#: In the order of `--help`. Each is a module of this package, with a function of its name.
VERBS = (
    *("new", "check", "diff", "update", "set", "why", "explain"),
    *("waive", "eject", "lock", "doctor", "versions", "questions"),
)


def command_line(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line; with the arguments of a call that names a verb, that verb alone: it takes half the time."""
    app = typer.Typer(
        name="mlscaffold",
        help=_HELP,
        no_args_is_help=True,
        # Rich's help costs 200 ms at every start.
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # Without colours Typer drops escapes from what it quotes; `print_usage_error` shows them.
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "color": True},
    )
    named = [verb for verb in VERBS if verb in arguments[:1]]
    for verb in named or VERBS:
        # `set` is a name of Python's.
        function = "set_answers" if verb == "set" else verb
        app.command(verb)(vars(import_module(f".{verb}", __package__))[function])
    app.callback()(_options)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from .console import say

        say(f"mlscaffold {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version

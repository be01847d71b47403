"""The command line: parse, call the engine, print. One module a verb; no verb has logic of its own."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from .. import __version__
from ..errors import ExitCode, MachineError, MlscaffoldError

__all__ = ["command_line", "run"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
#: What a machine refuses; all else that fails on disk is unforeseen.
_ENVIRONMENT = _FULL | {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EBUSY, errno.ESTALE),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG),
}
_HELP = f"""Generate machine-learning repositories, and keep them true to their template for years.

Start with `mlscaffold new my-project`.

Exit codes: {", ".join(f"{code} {code.meaning}" for code in ExitCode)}.

Environment: MLSCAFFOLD_TEMPLATE (template of all commands), MLSCAFFOLD_SETTINGS (settings file), MLSCAFFOLD_CACHE_DIR
(what is kept between runs; safe to delete), MLSCAFFOLD_TEMPLATE_SECONDS, MLSCAFFOLD_TEMPLATE_MEMORY and
MLSCAFFOLD_TEMPLATE_OUTPUT (what a template's expressions may take: processor time, MiB, MiB), NO_COLOR (no colours).
"""

#: In the order of `--help`. Each is a module of this package, with a function of its name.
_VERBS = (
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
    named = [verb for verb in _VERBS if verb in arguments[:1]]
    for verb in named or _VERBS:
        # `set` is a name of Python's.
        function = "set_answers" if verb == "set" else verb
        app.command(verb)(vars(import_module(f".{verb}", __name__))[function])
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


def run() -> NoReturn:
    """Run the command line. Every error leaves through here, with its documented exit code."""
    _prepare_process()
    try:
        code = command_line(sys.argv[1:])(standalone_mode=False)
        # What is still buffered may meet a full disk or a reader who left: that has to be said here.
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output left; that is its right.
        _drop_output()
        code = ExitCode.CLEAN
    except Exception as error:  # noqa: BLE001 - the last door
        code = _told(error)
    if code == ExitCode.STOPPED:
        from .console import note

        note("")
        note("Stopped.")
    # All is done and said: an impatient Ctrl-C from here on ends the process, and nothing more is said of it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(code)


def _told(error: Exception) -> ExitCode:
    """Tell of an error; what the process ends with."""
    from .console import print_error, print_usage_error, report_bug

    match error:
        case MlscaffoldError():
            known = error
        case typer.TyperException():
            print_usage_error(error)
            return ExitCode.USAGE
        case UnicodeEncodeError():
            # YAML, Jinja and a command line can hold half a character; no file, hash or program takes it.
            half = error.object[error.start : error.start + 1]
            message = f"A text of the template, the project or the command line holds {half}, which is no character."
            known = MlscaffoldError(message, hint="Look there for what is written like that, and replace it.")
        case RuntimeError(args=[str(said), *_]) if said.startswith("Symlink loop"):
            # So `pathlib` says until Python 3.13; later it is an OSError as others.
            known = MachineError(f"{said}.", hint="Remove the link that leads to itself.")
        case OSError() if not _has_current_folder():
            known = MachineError("The folder that you are in no longer exists.", hint="Go to another one first.")
        case OSError(errno=number) if number in _ENVIRONMENT:
            if error.filename is None:
                _drop_output()
            hint = "Make room first." if number in _FULL else "Mend that, then run the command again."
            known = MachineError(f"{error.strerror}: {error.filename or 'standard output'}.", hint=hint)
        case _:
            report_bug()
            return ExitCode.BUG
    print_error(known)
    return known.exit_code


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _drop_output() -> None:
    """What is still buffered has nowhere to go, and Python would complain about it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _prepare_process() -> None:
    # A polite kill cleans up as Ctrl-C does.
    for polite in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, polite, None):
            signal.signal(number, _stop)
    _fill_closed_streams()
    # A terminal without Unicode shows `\\xef` rather than a failure.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _fill_closed_streams() -> None:
    """What a caller closed leads nowhere: a file that is opened would take its place, and get what is printed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8"))


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt

"""The command line: parse, call the engine, print. One module a verb; no verb has logic of its own."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from ..errors import ExitCode, MachineError, MlscaffoldError

__all__ = ["run"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
#: What a machine refuses; all else that fails on disk is unforeseen.
_ENVIRONMENT = _FULL | {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EBUSY, errno.ESTALE),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG),
}


def run() -> NoReturn:
    """Run the command line. Every error leaves through here, with its documented exit code."""
    _prepare_process()
    try:
        code = _answer(sys.argv[1:])
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


def _answer(arguments: Sequence[str]) -> int | None:
    """Do what a command line asks for; what the process ends with."""
    if arguments == ["check"]:
        # What hooks and pipelines run at every commit has nothing to parse, which would take a quarter of its time.
        from .check_here import check_here

        if (code := check_here()) is not None:
            return code
    from .command_line import command_line

    ended: int | None = command_line(arguments)(standalone_mode=False)
    return ended


def _told(error: Exception) -> ExitCode:
    """Tell of an error; what the process ends with."""
    from typer import TyperException

    from .console import print_error, print_usage_error, report_bug

    match error:
        case MlscaffoldError():
            known = error
        case TyperException():
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

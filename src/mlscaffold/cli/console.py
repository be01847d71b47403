"""The door to the terminal: every word that a command prints goes through here, and is made visible.

Plain functions for verbs that start fast, screens (Rich) for those that show colours. A test of the repository looks
that no verb prints by other ways.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .. import __version__
from ..errors import MlscaffoldError
from ..redaction import redacted
from ..visible import visible, visible_lines

if TYPE_CHECKING:
    from typer import TyperException

    from .screen import Screen

__all__ = [
    "is_interactive",
    "note",
    "out",
    "print_error",
    "print_usage_error",
    "report_bug",
    "say",
    "say_json",
    "say_json_text",
    "say_lines",
    "stderr",
]


def _write(text: str, stream: TextIO) -> None:
    stream.write(text)
    # At once: what is said on the other stream comes before or after.
    stream.flush()


def say(text: str) -> None:
    """Print one line."""
    _write(f"{visible(text)}\n", sys.stdout)


def say_lines(text: str, *, indent: str = "") -> None:
    """Print several lines; a line break at the end is not doubled. For the indent see `visible_lines`."""
    _write(visible_lines(text.removesuffix("\n"), indent=indent) + "\n", sys.stdout)


def say_json(data: Any) -> None:
    """Print data for programs; ASCII only, so that a terminal takes nothing in it for an order."""
    import json

    say_json_text(json.dumps(data, indent=2, default=str))


def say_json_text(text: str) -> None:
    """Print JSON that is ASCII; what a CI system would take for an order is written otherwise, and means the same."""
    _write(text.removesuffix("\n").replace("##", r"#\u0023") + "\n", sys.stdout)


def note(text: str) -> None:
    """Print one line to standard error."""
    _write(f"{visible(text)}\n", sys.stderr)


def out() -> Screen:
    """Standard output, with colours."""
    from .screen import Screen

    return Screen()


def stderr() -> Screen:
    """Standard error with colours, for progress and remarks."""
    from .screen import Screen

    return Screen(stderr=True)


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def print_error(error: MlscaffoldError) -> None:
    """An error as its two parts: what happened, and what to do. Whatever it quotes cannot begin a line."""
    screen = stderr()
    for head, text in (("Error: ", error.message), ("", error.hint)):
        first, *rest = re.split(r"\r?\n", text)
        if text:
            screen.say((head, "bold red"), first)
        if rest:
            screen.say_lines("\n".join(each if each.startswith("  ") else f"  {each}" for each in rest))


def print_usage_error(error: TyperException) -> None:
    """A wrong option or argument, as Typer says it."""
    error.message = visible(error.message)
    said = io.StringIO()
    error.show(file=said)  # type: ignore[attr-defined]
    _write(visible_lines(said.getvalue()), sys.stderr)


def report_bug() -> None:
    """Keep the traceback in a file, and say where: it is our bug, not the user's text to read."""
    import os
    import platform
    import tempfile
    import traceback

    versions = f"mlscaffold {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    story = visible_lines(versions + redacted(traceback.format_exc()))
    last = redacted(traceback.format_exception_only(sys.exc_info()[1])[-1].strip())
    note(f"This is a bug in mlscaffold: {last}")
    try:
        handle, name = tempfile.mkstemp(prefix="mlscaffold-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(story)
    except OSError as error:
        note(f"Please report it; no file for the details can be written ({error.strerror}).")
        return
    note(f"Please report it with the file {Path(name)}")

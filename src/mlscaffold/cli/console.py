"""What all commands print with: consoles, errors, the bug report."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..errors import MlscaffoldError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["is_interactive", "out", "print_error", "report_bug", "stderr"]


def out() -> Console:
    """Standard output; no colours when piped or when NO_COLOR is set."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """Standard error, for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def print_error(error: MlscaffoldError) -> None:
    """An error as its two parts: what happened, and what to do."""
    from rich.text import Text

    console = stderr()
    console.print(Text.assemble(("Error: ", "bold red"), error.message))
    if error.hint:
        console.print(Text(error.hint))


def report_bug() -> None:
    """Keep the traceback in a file, and say where: it is our bug, not the user's text to read."""
    import os

    handle, name = tempfile.mkstemp(prefix="mlscaffold-bug-", suffix=".txt")
    versions = f"mlscaffold {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(versions + traceback.format_exc())
    last = traceback.format_exception_only(sys.exc_info()[1])[-1].strip()
    sys.stderr.write(f"This is a bug in mlscaffold: {last}\nPlease report it with the file {Path(name)}\n")

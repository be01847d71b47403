"""`mlscaffold check` without an argument, as hooks and pipelines run it."""

from __future__ import annotations

from pathlib import Path

from ..checking.reports import ReportFormat, write_report
from ..checking.run import check
from ..errors import ExitCode
from ..project.lock import LOCK_FILE
from .console import say_lines

__all__ = ["check_here"]


def check_here() -> ExitCode | None:
    """Check the current folder, and print what is found; None where it has no lock, and one has to be derived."""
    project = Path.cwd()
    if not (project / LOCK_FILE).exists():
        return None
    result = check(project)
    say_lines(write_report(result, ReportFormat.TEXT))
    return result.exit_code

"""A check's result in the tongues of people and CI systems. Each format is a pure function from result to text.

Paths, keys and reasons come from somebody else's repository: every format makes them harmless for its reader.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..findings import CheckResult

__all__ = ["ReportFormat", "write_report"]


class ReportFormat(StrEnum):
    """The formats, by the name that `--report` takes."""

    #: For a terminal.
    TEXT = "text"
    #: Ours, with a published schema.
    JSON = "json"
    #: SARIF 2.1.0: code scanning.
    SARIF = "sarif"
    #: GitLab Code Quality.
    GITLAB = "gitlab"
    #: JUnit: any CI system's test view.
    JUNIT = "junit"
    #: For a merge request or a chat.
    MARKDOWN = "markdown"


_HOMES = {
    ReportFormat.TEXT: "plain",
    ReportFormat.JSON: "native",
    ReportFormat.SARIF: "sarif",
    ReportFormat.GITLAB: "code_quality",
    ReportFormat.JUNIT: "junit",
    ReportFormat.MARKDOWN: "markdown",
}


def write_report(result: CheckResult, wanted: ReportFormat) -> str:
    """The text of one report, with a line break at its end."""
    # Only what is asked for is imported: `check` starts in a fraction of a second.
    module = import_module(f".{_HOMES[wanted]}", __name__)
    render: Callable[[CheckResult], str] = module.render
    return render(result)

"""GitLab Code Quality: a list of degradations, which GitLab compares with the target branch by fingerprint.

The format knows no suppression, so that a waived finding is kept as `info`, and says that it is waived.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...rules import Severity
from ...visible import visible
from .wording import in_repository, waiver_text

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(result: CheckResult) -> str:
    """The findings as a Code Quality report."""
    return json.dumps([_degradation(result, finding) for finding in result.findings], indent=2) + "\n"


def _degradation(result: CheckResult, finding: Finding) -> dict[str, Any]:
    excuse = f" ({waiver_text(finding)})" if finding.waiver else ""
    return {
        "description": visible(f"{finding.rule}: {finding.message}{excuse}"),
        "check_name": finding.rule.code,
        "fingerprint": finding.fingerprint,
        "severity": "info" if finding.waiver else _SEVERITIES[finding.severity],
        "location": {"path": visible(in_repository(result, finding)), "lines": {"begin": finding.line or 1}},
    }

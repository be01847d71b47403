"""Our own JSON, for programs; `schemas/report.schema.json` describes it. The same result gives the same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...rules import Severity

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]

#: Counts up when a reader of the earlier format would misunderstand.
_FORMAT = 1


def render(result: CheckResult) -> str:
    """The result as JSON, ASCII only."""
    counts: dict[str, int] = {severity.value: result.count(severity) for severity in Severity}
    counts["waived"] = len(result.waived)
    report = {
        "format": _FORMAT,
        "tool": {"name": "mlscaffold", "version": __version__},
        "project": {"prefix": result.prefix, "rev": result.rev},
        "template": {"url": result.lock.template, "version": result.lock.version} if result.lock else None,
        "clean": result.is_clean,
        "exit_code": result.exit_code,
        "judged": result.judged,
        "skipped": [rule.code for rule in result.skipped],
        "counts": counts,
        "findings": [_finding(finding) for finding in result.findings],
    }
    return json.dumps(report, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    waiver = finding.waiver
    return {
        "rule": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.line,
        "key": finding.key,
        "message": finding.message,
        "fix": finding.fix,
        "fixable": finding.rule.fixer is not None,
        "fingerprint": finding.fingerprint,
        "waiver": {"reason": waiver.reason, "owner": waiver.owner, "until": waiver.until.isoformat()}
        if waiver
        else None,
    }

"""SARIF 2.1.0, for code scanning. Waived findings are there, suppressed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ... import __version__
from ...rules import RULES, Rule
from ...visible import visible
from .wording import in_repository, waiver_text

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(result: CheckResult) -> str:
    """The result as one SARIF run."""
    from ...template.source import public_url

    url = public_url()
    driver = {
        "name": "mlscaffold",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": url,
        "rules": [_rule(rule, url) for rule in RULES.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": result.lock is not None, "exitCode": result.exit_code}],
        "results": [_result(result, finding) for finding in result.findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule, url: str) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.title() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.how},
        "helpUri": f"{url}/-/blob/main/docs/rules.md#{rule.code.lower()}",
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(result: CheckResult, finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "artifactLocation": {"uri": _uri(in_repository(result, finding)), "uriBaseId": "%SRCROOT%"}
    }
    if finding.line:
        location["region"] = {"startLine": finding.line}
    entry: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": list(RULES).index(finding.rule.code),
        "level": finding.severity.value,
        "message": {"text": visible(f"{finding.message}. {finding.fix}")},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"mlscaffold/v1": finding.fingerprint},
    }
    if finding.waiver:
        reason = visible(waiver_text(finding))
        entry["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return entry


def _uri(path: str) -> str:
    return quote(path.encode(errors="surrogateescape"), safe="/")

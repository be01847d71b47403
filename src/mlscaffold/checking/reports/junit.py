"""JUnit XML: each rule that was asked is a test. One without findings passed; a finding is a test of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from ...rules import RULES, Severity
from ...visible import visible
from .wording import in_repository, remark, waiver_text

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]


def render(result: CheckResult) -> str:
    """The result as one test suite."""
    cases = [*_findings(result), *_passed(result)]
    # The usual schemas of JUnit want a time everywhere; nothing is timed here.
    totals = f'tests="{len(cases)}" failures="{result.count(Severity.ERROR)}" errors="0"'
    suite = f'name="mlscaffold check" {totals} skipped="{len(result.waived)}" time="0"'
    body = "\n".join(cases)
    said = "".join(f"{escape(visible(line))}\n" for line in remark(result))
    out = f"\n    <system-out>{said}</system-out>" if said else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="mlscaffold" {totals} time="0">\n  <testsuite {suite}>\n{body}{out}\n'
        "  </testsuite>\n</testsuites>\n"
    )


def _findings(result: CheckResult) -> Iterator[str]:
    for finding in result.findings:
        key = f" {finding.key}" if finding.key else ""
        path = in_repository(result, finding)
        yield _case(f"{finding.rule} {path}{key}", finding.rule.name, _outcome(finding))


def _outcome(finding: Finding) -> str:
    told = visible(f"{finding.message}. {finding.fix}")
    if finding.waiver:
        return f"<skipped message={_quoted(waiver_text(finding))}/>"
    if finding.severity is Severity.ERROR:
        kind = _quoted(finding.rule.code)
        return f"<failure message={_quoted(finding.message)} type={kind}>{escape(told)}</failure>"
    return f"<system-out>{escape(f'{finding.severity}: {told}')}</system-out>"


def _passed(result: CheckResult) -> Iterator[str]:
    """The rules that found nothing; none where the lock or the settings stopped the check."""
    not_passed = {finding.rule for finding in result.findings} | set(result.skipped)
    for rule in RULES.values() if result.judged else ():
        if rule not in not_passed:
            yield _case(f"{rule.code} {rule.title}", rule.name, "")


def _case(name: str, group: str, inside: str) -> str:
    attributes = f'name={_quoted(name)} classname={_quoted(f"mlscaffold.{group}")} time="0"'
    return f"    <testcase {attributes}>{inside}</testcase>" if inside else f"    <testcase {attributes}/>"


def _quoted(text: str) -> str:
    return quoteattr(visible(text))

"""The report that a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...rules import Severity
from ...visible import visible
from .wording import headline, remark, waiver_text

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]


def render(result: CheckResult) -> str:
    """The findings, each with what to do, and the outcome."""
    lines = [line for finding in result.findings for line in _lines(finding)]
    lines += [headline(result), *remark(result)]
    return "".join(f"{visible(line)}\n" for line in lines)


def _lines(finding: Finding) -> Iterator[str]:
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    weight = "" if finding.severity is Severity.ERROR else f"{finding.severity}: "
    if finding.waiver:
        yield f"{finding.rule} {where}: waived: {finding.message}"
        yield f"       {waiver_text(finding)[:1].upper()}{waiver_text(finding)[1:]}"
        return
    yield f"{finding.rule} {where}: {weight}{finding.message}"
    yield f"       {finding.fix}"

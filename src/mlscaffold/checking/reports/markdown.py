"""Markdown, for a merge request or a chat: a table of findings. Nobody is mentioned, nothing is linked by accident."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ...visible import visible
from .wording import headline, remark, waiver_text

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["render"]


def render(result: CheckResult) -> str:
    """The outcome, a table of what counts, and a folded one of what is waived."""
    lines = [f"**{_prose(headline(result))}**"]
    if result.active:
        lines += ["", *_table(result.active, ("Rule", "Severity", "Where", "What", "What to do"), _row)]
    if result.waived:
        title = f"<details><summary>Waived: {len(result.waived)}</summary>"
        table = _table(result.waived, ("Rule", "Where", "What", "Why"), _waived_row)
        lines += ["", title, "", *table, "", "</details>"]
    for line in remark(result):
        lines += ["", _prose(line)]
    return "\n".join(lines) + "\n"


def _table(
    findings: Sequence[Finding], heads: tuple[str, ...], row: Callable[[Finding], tuple[str, ...]]
) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for finding in findings:
        yield f"| {' | '.join(row(finding))} |"


def _row(finding: Finding) -> tuple[str, ...]:
    severity = finding.severity.value
    return finding.rule.code, severity, _position(finding), _prose(finding.message), _prose(finding.fix)


def _waived_row(finding: Finding) -> tuple[str, ...]:
    return finding.rule.code, _position(finding), _prose(finding.message), _prose(waiver_text(finding))


def _position(finding: Finding) -> str:
    return _code(f"{finding.path}:{finding.line}" if finding.line else finding.path)


def _code(text: str) -> str:
    """A text as code: inside a fence longer than any in it, the table's own sign escaped."""
    shown = visible(text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{'`' * (longest + 1)}{pad}{shown}{pad}{'`' * (longest + 1)}"


def _prose(text: str) -> str:
    """A text in which no sign means anything: no table, code, link, HTML, and no `@name` that calls somebody."""
    escaped = re.sub(r"([\\`*_{}\[\]()|~])", r"\\\1", visible(text))
    escaped = escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Forges look for mentions and references in the text that results, so an escape is not enough: they find
    # a space without width, which is written as an entity, since whoever reads the source has to see it.
    return re.sub(r"([@#!])(?=\w)", "\\1&#8203;", escaped)

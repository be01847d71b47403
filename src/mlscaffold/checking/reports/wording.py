"""What several reports say in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...rules import Needs, Severity

if TYPE_CHECKING:
    from ..findings import CheckResult, Finding

__all__ = ["counted", "headline", "in_repository", "remark", "waiver_text"]


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_repository(result: CheckResult, finding: Finding) -> str:
    """The path of a finding from the top of the repository, which is where CI systems count from."""
    return result.prefix + finding.path


def waiver_text(finding: Finding) -> str:
    """Why, until when and by whom a finding is excused; empty if it is not."""
    waiver = finding.waiver
    return f"waived until {waiver.until} by {waiver.owner}: {waiver.reason}" if waiver else ""


def headline(result: CheckResult) -> str:
    """The outcome in one line."""
    if result.lock is None:
        return "Not judged: the lock cannot be trusted."
    origin = f"{result.lock.template} {result.lock.version}"
    errors = result.count(Severity.ERROR)
    judged = counted(result.judged, "file")
    if errors:
        return f"Drift: {counted(errors, 'finding')}; {judged} judged by {origin}."
    if unknown := len(result.unverifiable):
        return f"No drift seen, {counted(unknown, 'file')} could not be judged here; {judged} judged by {origin}."
    return f"Clean: {judged} as {origin} rendered them."


def remark(result: CheckResult) -> Iterable[str]:
    """What the headline leaves out: lighter findings, waivers, and what was not asked."""
    lighter = [(result.count(Severity.WARNING), "warning"), (result.count(Severity.NOTE), "note")]
    lighter.append((len(result.waived), "waived finding"))
    if said := [counted(number, noun) for number, noun in lighter if number]:
        yield f"Also: {', '.join(said)}."
    if result.lock is None:
        return
    left_out = {rule.needs for rule in result.skipped}
    if Needs.RENDER in left_out:
        yield f"Judged by the lock alone: {Needs.RENDER} renders the template and compares."
    elif Needs.COMMANDS in left_out:
        yield f"Derived files are not compared: {Needs.COMMANDS} makes them again."

"""What a check says: findings, each with its rule, its place and what to do, and the result that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import rules
from ..errors import ExitCode
from ..rules import Rule, Severity

if TYPE_CHECKING:
    from ..project.lock import Lock
    from ..project.settings import Waiver

__all__ = ["CheckResult", "Finding"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: what, where, and what to do."""

    rule: Rule
    #: POSIX, relative to the project.
    path: str
    message: str
    fix: str
    #: What tells findings of one rule in one file apart.
    key: str = ""
    #: The first line of it, from 1, where there is one.
    line: int | None = None
    #: What excuses it.
    waiver: Waiver | None = None
    #: The same for the same finding in every run, wherever its lines have moved; differs between any two findings.
    fingerprint: str = ""

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return self.rule.severity


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What a check found, and against what."""

    #: None where it cannot be trusted; the findings say so then.
    lock: Lock | None
    findings: tuple[Finding, ...]
    #: How many files were judged.
    judged: int
    #: From the top of the repository to the project, with a slash at its end.
    prefix: str = ""
    #: The commit that was judged; None is the work tree.
    rev: str | None = None
    #: Rules that were not asked for.
    skipped: tuple[Rule, ...] = ()

    @property
    def active(self) -> tuple[Finding, ...]:
        """The findings that nothing excuses."""
        return tuple(finding for finding in self.findings if finding.waiver is None)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that a waiver excuses."""
        return tuple(finding for finding in self.findings if finding.waiver is not None)

    def count(self, severity: Severity) -> int:
        """How many findings of a severity nothing excuses."""
        return sum(finding.severity is severity for finding in self.active)

    @property
    def unverifiable(self) -> tuple[str, ...]:
        """The paths that could not be judged here."""
        return tuple(finding.path for finding in self.active if finding.rule is rules.UNVERIFIABLE)

    @property
    def is_clean(self) -> bool:
        """Whether everything was judged, and nothing is wrong that counts."""
        return not self.count(Severity.ERROR) and not self.unverifiable

    @property
    def exit_code(self) -> ExitCode:
        """What a check ends with: a newer version counts only where there are no errors."""
        if self.count(Severity.ERROR):
            return ExitCode.FINDINGS
        is_outdated = any(finding.rule is rules.NEWER_VERSION for finding in self.active)
        return ExitCode.OUTDATED if is_outdated else ExitCode.CLEAN

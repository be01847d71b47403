"""`check`: are the files that the template owns still what it rendered? Judged by the lock alone.

No clone, no render, no network. Git's index answers for every file that did not change; only the others are read.
What needs the template (see `strict.py`) is judged on request, and named as not judged otherwise.

The flow is one way: evidence (`evidence.py`) -> findings (`judge.py`) -> excused findings -> result.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import rules
from ..errors import LockError
from ..git.location import Location, named_location
from ..project.lock import LOCK_FILE, Lock, parse_lock, read_lock
from ..project.settings import (
    LONGEST_DAYS,
    SETTINGS_FILE,
    SOON_DAYS,
    ProjectSettingsError,
    Waiver,
    parse_settings,
    read_project_settings,
)
from ..project.waiting import Waiting, waiting_at
from ..rules import Needs, Rule
from .evidence import look_at_commit, look_at_work_tree
from .findings import CheckResult, Finding
from .judge import (
    FREE,
    Case,
    judge,
    judge_proof,
    judge_version,
    prove_case,
)
from .waiting import advised, finding_of, with_answers

if TYPE_CHECKING:
    from ..preferences.trust import Trusted

__all__ = ["CheckResult", "Finding", "check"]


def check(
    project: Path,
    *,
    rev: str | None = None,
    strict: bool = False,
    require_latest: bool = False,
    trusted: Trusted = False,
    cache: Path | None = None,
    lock: Lock | None = None,
    today: dt.date | None = None,
) -> CheckResult:
    """Judge a project by its own lock.

    Args:
        project: The folder that holds the lock.
        rev: A commit to judge in the place of the work tree.
        strict: Render the recorded version again, and prove the lock and the answers by it.
        require_latest: Find out whether the template has a newer version.
        trusted: With `strict`: let a template run code that needs to in order to render.
        cache: With `strict`: where remote templates are mirrored.
        lock: What to judge by, for a project without one.
        today: The day that waivers are compared with.

    Raises:
        LockError: There is no lock, or a newer mlscaffold wrote it.
        MlscaffoldError: git fails, there is no such commit, or (strict) the template cannot be read.
    """
    location = named_location(project)
    prefix = location.prefix if location else ""
    waiting = waiting_at(location) if rev is None and location is not None else None
    try:
        case = _open(project, location, rev, lock, waiting)
    except _UnreadableError as error:
        return CheckResult(lock=error.lock, findings=_sealed([error.finding], prefix), judged=0, prefix=prefix, rev=rev)
    findings = list(judge(case))
    if waiting is not None:
        findings = [*advised(findings), finding_of(waiting)]
    # Commands work on files that are there; a commit's are not.
    # A trusted template's commands run what lies in the project: that is for whoever says so of this one.
    commands = rev is None and trusted is True
    proof = prove_case(case, rev=rev, trusted=trusted, commands=commands, cache=cache) if strict else None
    if proof is not None:
        findings += judge_proof(case, proof)
    ran = proof is not None and proof.stale is not None
    if require_latest:
        findings += judge_version(case.lock, cache=cache)
    asked = {Needs.RENDER: strict, Needs.COMMANDS: ran, Needs.RELEASES: require_latest, Needs.NOTHING: True}
    skipped = tuple(rule for rule in rules.RULES.values() if not asked[rule.needs])
    judged = [path for path, file in case.files.items() if strict or file.policy not in FREE]
    return CheckResult(
        lock=case.lock,
        findings=_sealed(_excused(findings, case, skipped, today or dt.datetime.now(tz=dt.UTC).date()), prefix),
        judged=len(judged) + 1,
        prefix=prefix,
        rev=rev,
        skipped=skipped,
    )


class _UnreadableError(Exception):
    """Lock or settings are damaged: one finding, and nothing else can be judged."""

    def __init__(self, finding: Finding, lock: Lock | None = None) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.lock = lock


def _open(
    project: Path, location: Location | None, rev: str | None, lock: Lock | None, waiting: Waiting | None
) -> Case:
    if rev is not None:
        return _open_commit(project, rev, lock)
    if lock is None:
        try:
            lock = read_lock(project)
        except LockError as error:
            raise _damaged(project / LOCK_FILE, error) from error
    if waiting is not None and waiting.is_half_written:
        raise _UnreadableError(finding_of(waiting), lock)
    lock = (waiting.lock if waiting else None) or lock
    try:
        settings = read_project_settings(project)
    except ProjectSettingsError as error:
        raise _UnreadableError(_settings_finding(error), lock) from error
    files = {path: file for path, file in lock.files.items() if path not in settings.ejected}
    evidence = look_at_work_tree(project, [*files, lock.answers_file], location=location)
    evidence = with_answers(evidence, waiting, lock) if waiting else evidence
    return Case(project=project, lock=lock, settings=settings, files=files, evidence=evidence, in_commit=False)


def _open_commit(project: Path, rev: str, lock: Lock | None) -> Case:
    from ..git.revision import open_commit

    revision = open_commit(project, rev)
    contents = revision.read([LOCK_FILE, SETTINGS_FILE])
    if lock is None:
        if LOCK_FILE not in contents:
            raise LockError(f"{rev} has no {LOCK_FILE} in {project}.", hint="Name a commit that has one.")
        text = contents[LOCK_FILE].decode(errors="replace")
        try:
            lock = parse_lock(text)
        except LockError as error:
            raise _as_finding(text, error) from error
    try:
        settings = parse_settings(contents.get(SETTINGS_FILE, b"").decode(errors="replace"))
    except ProjectSettingsError as error:
        raise _UnreadableError(_settings_finding(error), lock) from error
    files = {path: file for path, file in lock.files.items() if path not in settings.ejected}
    evidence = look_at_commit(revision, [*files, lock.answers_file], contents)
    return Case(project=project, lock=lock, settings=settings, files=files, evidence=evidence, in_commit=True)


def _damaged(file: Path, error: LockError) -> Exception:
    if file.is_symlink() or not file.is_file():
        return error
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return error
    return _as_finding(text, error)


def _as_finding(text: str, error: LockError) -> Exception:
    """A damaged lock is a finding; one of a format that we do not know yet is none of ours to judge."""
    if re.match(r"mlscaffold-lock (?!1 )\S+ ", text):
        return error
    marker = next((number for number, line in enumerate(text.split("\n"), 1) if line.startswith("<<<<<<< ")), None)
    fix = "Run: mlscaffold lock --resolve" if marker else error.hint or f"Restore it: git checkout -- {LOCK_FILE}"
    message = error.message.removeprefix("MLS001: ")
    return _UnreadableError(Finding(rule=rules.LOCK_DAMAGED, path=LOCK_FILE, message=message, fix=fix, line=marker))


def _settings_finding(error: ProjectSettingsError) -> Finding:
    fix = error.hint or "Mend it: nothing else is judged before."
    return Finding(rule=rules.SETTINGS_INVALID, path=SETTINGS_FILE, message=error.message, fix=fix, line=error.line)


def _excused(findings: Sequence[Finding], case: Case, skipped: Sequence[Rule], today: dt.date) -> Iterator[Finding]:
    """The findings, those that a waiver in force covers marked so, then what is to be said of the waivers."""
    waivers = case.settings.waivers
    used: set[int] = set()
    for finding in findings:
        covering = [number for number, waiver in enumerate(waivers) if waiver.covers(finding.rule, finding.path)]
        used.update(covering)
        excuse = next((waivers[number] for number in covering if waivers[number].until >= today), None)
        yield dataclasses.replace(finding, waiver=excuse) if excuse and finding.rule.waivable else finding
    for number, waiver in enumerate(waivers):
        if (about := _judge_waiver(waiver, today, used=number in used, judged=waiver.rule not in skipped)) is not None:
            yield about
    for eject in case.settings.ejects:
        if eject.path not in case.lock.files:
            message = f"{eject.path} is ejected, and the template no longer has it"
            fix = f"Delete the block from {SETTINGS_FILE}."
            key = f"eject {eject.path}"
            rule = rules.WAIVER_UNUSED
            yield Finding(rule=rule, path=SETTINGS_FILE, message=message, fix=fix, key=key, line=eject.line)


#: What is there on one machine and not on another, so that "unused" would be a matter of where.
_LOCAL = frozenset({rules.UNVERIFIABLE, rules.OWNED_IGNORED, rules.LOCK_NOT_KEPT})


def _judge_waiver(waiver: Waiver, today: dt.date, *, used: bool, judged: bool) -> Finding | None:
    what = f"{waiver.rule} for {waiver.path or 'every path'}"
    left = (waiver.until - today).days
    if left < 0:
        rule, message = rules.WAIVER_EXPIRED, f"the waiver of {what} ended on {waiver.until} (owner: {waiver.owner})"
    elif not used and judged and waiver.rule not in _LOCAL:
        rule, message = rules.WAIVER_UNUSED, f"the waiver of {what} excuses nothing"
    elif left > LONGEST_DAYS:
        rule, message = rules.WAIVER_TOO_LONG, f"the waiver of {what} ends on {waiver.until}, in {left} days"
    elif left <= SOON_DAYS:
        rule, message = rules.WAIVER_ENDS_SOON, f"the waiver of {what} ends on {waiver.until} (owner: {waiver.owner})"
    else:
        return None
    key = f"{waiver.rule} {waiver.path}"
    return Finding(rule=rule, path=SETTINGS_FILE, message=message, fix=rule.how, key=key, line=waiver.line)


def _sealed(findings: Iterable[Finding], prefix: str) -> tuple[Finding, ...]:
    """In order of path, each with its fingerprint."""
    occurrences: Counter[tuple[str, str, str]] = Counter()
    sealed: list[Finding] = []
    for finding in sorted(findings, key=lambda each: (each.path, each.rule.code, each.key)):
        key = (finding.rule.code, prefix + finding.path, finding.key)
        occurrences[key] += 1
        text = "\0".join((*key, str(occurrences[key])))
        digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:40]
        sealed.append(dataclasses.replace(finding, fingerprint=digest))
    return tuple(sealed)

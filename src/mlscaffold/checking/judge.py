"""One judgement a rule: evidence in, findings out. Nothing is read here but what a rule asks the evidence for."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import rules
from ..files.entry import Entry
from ..project.lock import LOCK_FILE, Lock, LockedFile, answers_digest
from ..project.settings import ProjectSettings
from ..template.policy import Policy
from .evidence import Evidence
from .findings import Finding

if TYPE_CHECKING:
    from ..preferences.trust import Trusted
    from .strict import Proof

__all__ = ["FREE", "Case", "judge", "judge_proof", "judge_version", "prove_case"]

#: Policies whose files are not judged without the template, but for conflict markers.
FREE = frozenset({Policy.MERGED, Policy.DERIVED})


@dataclass(frozen=True, kw_only=True)
class Case:
    """Everything that is judged."""

    project: Path
    lock: Lock
    settings: ProjectSettings
    #: The lock's files without the ejected ones.
    files: Mapping[str, LockedFile]
    evidence: Evidence
    in_commit: bool


def judge(case: Case) -> Iterator[Finding]:
    """What is wrong with the files of a project, and with its answers."""
    evidence = case.evidence
    for path, file in case.files.items():
        present = evidence.here.get(path)
        conflict = _conflict(case, path, file.entry, present)
        if conflict is not None:
            yield conflict
            continue
        if file.policy in FREE:
            continue
        if (vague := _vague(case, path, file, present)) is not None:
            yield vague
            continue
        here = list(_judge_file(case, path, file, present))
        yield from here or _judge_staged(case, path, file)
    yield from _judge_answers(case)
    yield from _judge_kept(case)


def _judge_kept(case: Case) -> Iterator[Finding]:
    """Lock and answers that git does not hold, though it holds the project: a clone would not know where it is from."""
    for path in (LOCK_FILE, case.lock.answers_file):
        if path in case.evidence.ignored | case.evidence.dropped:
            why = "an ignore file keeps it out of git" if path in case.evidence.ignored else "it was not added to git"
            message = f"{why}: a clone of the project will lack it"
            fix = f"Add it: git add --force -- {shlex.quote(path)}"
            yield Finding(rule=rules.LOCK_NOT_KEPT, path=path, message=message, fix=fix)


def _vague(case: Case, path: str, file: LockedFile, present: Entry | None) -> Finding | None:
    """A file whose content git cannot know here: only what is in the index is known, and that must be right."""
    if file.entry is None or present is None or file.policy not in {Policy.OWNED, Policy.KEYED}:
        return None
    fix = "Install the filter, then check again; or check a commit: mlscaffold check --rev HEAD"
    name = case.evidence.unfiltered.get(path)
    if name is not None and case.evidence.staged.get(path, present) == file.entry:
        message = f"its git filter {name!r} is not installed here: what it holds is not known"
        return Finding(rule=rules.UNVERIFIABLE, path=path, message=message, fix=fix)
    if len(present.blob) != len(file.entry.blob):
        message = "the lock was written in a repository with another kind of object ids"
        return Finding(rule=rules.UNVERIFIABLE, path=path, message=message, fix="Run: mlscaffold lock --resolve")
    return None


def _judge_file(case: Case, path: str, locked: LockedFile, present: Entry | None) -> Iterator[Finding]:
    restore = "Run: mlscaffold check --fix. If the change is meant, propose it to the template, or take the file over: "
    restore += f"mlscaffold eject {shlex.quote(path)} --reason …"
    match locked.policy:
        case Policy.OWNED if present is None:
            message = "owned by the template, and missing"
            yield Finding(rule=rules.OWNED_MISSING, path=path, message=message, fix=restore)
        case Policy.OWNED if locked.entry is not None and present != locked.entry:
            what = "its mode" if present is not None and present.blob == locked.entry.blob else "its content"
            message = f"owned by the template, and {what} was changed"
            yield Finding(rule=rules.OWNED_CHANGED, path=path, message=message, fix=restore)
        case Policy.OWNED if path in case.evidence.ignored:
            message = "owned by the template and as rendered here, but .gitignore keeps it out of git"
            fix = f"Add it: git add --force -- {shlex.quote(path)}"
            yield Finding(rule=rules.OWNED_IGNORED, path=path, message=message, fix=fix)
        case Policy.OWNED | Policy.KEYED if path in case.evidence.dropped:
            message = "shared with the template" if locked.policy is Policy.KEYED else "owned by the template"
            message += " and here, but not in git's index: no commit and no clone will have it"
            fix = f"Add it: git add -- {shlex.quote(path)}"
            yield Finding(rule=rules.OWNED_MISSING, path=path, message=message, fix=fix, key="index")
        case Policy.KEYED if present is None:
            message = "shares keys with the template, and is missing"
            yield Finding(rule=rules.OWNED_MISSING, path=path, message=message, fix=restore)
        case Policy.KEYED if present != locked.entry:
            yield from _judge_keys(case, path, locked)
        case Policy.SEEDED if locked.required and present is None:
            fix = f"Bring it back: git log --diff-filter=D -- {shlex.quote(path)} shows the commit that removed it. "
            fix += f"If none did, an update left it to you: mlscaffold explain {rules.REQUIRED_MISSING.code}"
            yield Finding(rule=rules.REQUIRED_MISSING, path=path, message="required, and missing", fix=fix)
        case Policy.RETIRED if present is not None:
            fix = f"Remove it: git rm -- {shlex.quote(path)}, or mlscaffold check --fix"
            message = "retired by the template, and still here"
            yield Finding(rule=rules.RETIRED_PRESENT, path=path, message=message, fix=fix)


def _judge_staged(case: Case, path: str, locked: LockedFile) -> Iterable[Finding]:
    staged = case.evidence.staged.get(path) if path in case.evidence.carried else None
    if locked.policy is Policy.OWNED and locked.entry is not None and staged not in {None, locked.entry}:
        message = "as rendered here, but git's index holds a change of it: the next commit would carry it"
        fix = f"Take it out: git add {shlex.quote(path)}"
        yield Finding(rule=rules.OWNED_CHANGED, path=path, message=message, fix=fix, key="staged")


def _judge_keys(case: Case, path: str, locked: LockedFile) -> Iterator[Finding]:
    # Imported here: nearly always no file is to be read.
    from ..documents.keys import KeyedFileError, digests_by_text, key_digests, line_of_key

    fix = "Run: mlscaffold check --fix, or set it back to what the template renders."
    content = case.evidence.read(path)
    if content is None:
        message = "shares keys with the template, and is no file that can be read"
        yield Finding(rule=rules.KEYS_CHANGED, path=path, message=message, fix=fix)
        return
    try:
        digests = key_digests(path, content, list(locked.keys))
    except KeyedFileError as error:
        fix = error.hint or fix
        yield Finding(rule=rules.KEYS_CHANGED, path=path, message=error.message, fix=fix, line=error.line)
        return
    changed = [key for key, digest in locked.keys.items() if digests[key] != digest]
    by_text = digests_by_text(path, content, changed) if changed else {}
    for key in changed:
        if locked.keys[key] != by_text[key]:
            message = f"the template owns the key {key}, and its value was changed"
            line = line_of_key(path, content, key)
            yield Finding(rule=rules.KEYS_CHANGED, path=path, message=message, fix=fix, key=key, line=line)


def _conflict(case: Case, path: str, locked: Entry | None, present: Entry | None) -> Finding | None:
    """Markers of a conflict that somebody left behind. Files that are as rendered are not even read."""
    fix = f"Resolve it in an editor or with git mergetool, then: git add {shlex.quote(path)}"
    line = None
    if present is not None and present != locked and not case.in_commit:
        content = case.evidence.read(path)
        line = None if content is None else _marked_line(content)
    if line is not None:
        message = "a conflict was left in it"
        return Finding(rule=rules.CONFLICT_MARKERS, path=path, message=message, fix=fix, line=line)
    if path in case.evidence.unmerged:
        return Finding(rule=rules.CONFLICT_MARKERS, path=path, message="unmerged in git's index", fix=fix)
    return None


def _marked_line(content: bytes) -> int | None:
    """The first line of a whole conflict: opened, parted and closed. A row of `=` alone is a heading."""
    if b"<<<<<<< " not in content or b"\0" in content[:8000]:
        return None
    opened: int | None = None
    parted = False
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.startswith(b"<<<<<<< "):
            opened, parted = number, False
        elif opened is not None and line.rstrip(b"\r") == b"=======":
            parted = True
        elif line.startswith(b">>>>>>> ") or line.rstrip(b"\r") == b">>>>>>>":
            if parted:
                return opened
            opened = None
    return None


def _judge_answers(case: Case) -> Iterator[Finding]:
    lock = case.lock
    path, present = lock.answers_file, case.evidence.here.get(lock.answers_file)
    rule = rules.ANSWERS_MOVED
    if present is not None and present.blob == lock.answers_blob:
        return
    fix = f"Restore it: git checkout <commit> -- {shlex.quote(path)}. To accept it: mlscaffold lock --resolve"
    if present is None:
        yield Finding(rule=rule, path=path, message="the answers file is missing", fix=fix)
        return
    if (conflict := _conflict(case, path, None, present)) is not None:
        yield dataclasses.replace(conflict, fix="Run: mlscaffold lock --resolve")
        return
    answers, problem, line = _read_answers(case)
    if answers is None:
        yield Finding(rule=rule, path=path, message=f"the answers do not parse: {problem}", fix=fix, line=line)
    elif answers_digest(answers) != lock.answers:
        message = "the answers moved without the lock: edited by hand, or by plain `copier update`"
        yield Finding(rule=rule, path=path, message=message, fix=fix)


def _read_answers(case: Case) -> tuple[Mapping[str, Any] | None, str, int | None]:
    """The answers, or what is wrong with their file and in which line."""
    import yaml

    from ..documents.data import line_of

    content = case.evidence.read(case.lock.answers_file)
    if content is None:
        return None, "it is no file of a reasonable size", None
    try:
        answers = yaml.safe_load(content.decode())
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        return None, " ".join(str(error).split()), line_of(error)
    if not isinstance(answers, dict):
        return None, "they are not a mapping", None
    return answers, "", None


def prove_case(case: Case, *, rev: str | None, trusted: Trusted, commands: bool, cache: Path | None) -> Proof | None:
    """The recorded version, rendered again; None where the answers moved.

    Raises:
        TemplateError: The template cannot be read or rendered.
        UntrustedTemplateError: It wants to run code, and is not trusted.
    """
    from ..project.record import Recorded
    from .strict import prove

    lock = case.lock
    answers, _, _ = _read_answers(case) if lock.answers_file in case.evidence.here else (None, "", None)
    if answers is None or answers_digest(answers) != lock.answers:
        # MLS007 says so; a render of other answers proves nothing.
        return None
    given = {str(name): value for name, value in answers.items() if not str(name).startswith("_")}
    recorded = Recorded.of(lock, given)
    return prove(case.project, recorded, rev=rev, trusted=trusted, commands=commands, cache=cache)


def judge_proof(case: Case, proof: Proof) -> Iterator[Finding]:
    """What only a render of the recorded version can tell."""
    lock = case.lock
    if proof.moved:
        message = f"{proof.moved} of {lock.template} has other files than this project was made from: a moved tag"
        fix = "Ask the template's owners to restore the tag, and to release the change as a new version."
        yield Finding(rule=rules.TEMPLATE_MOVED, path=LOCK_FILE, message=message, fix=fix)
    if proof.answers_problem:
        fix = "Run: mlscaffold set KEY=VALUE with a valid answer"
        message = f"not valid for {lock.version}: {proof.answers_problem}"
        yield Finding(rule=rules.ANSWERS_INVALID, path=lock.answers_file, message=message, fix=fix)
    if proof.locks:
        yield from _compare(case, proof.locks)
    for path, command in (proof.stale or {}).items():
        message = "not what its command makes of the project"
        yield Finding(rule=rules.DERIVED_STALE, path=path, message=message, fix=f"Run: {command}")


def _compare(case: Case, locks: Sequence[Lock]) -> Iterator[Finding]:
    """Each line of the lock against those that renders give; one that fits is enough."""
    fresh = locks[-1]
    fix = "Run: mlscaffold lock --resolve, then look at what mlscaffold check finds"
    old = "" if case.lock.renderer == fresh.renderer else f" (written by {case.lock.renderer}, now {fresh.renderer})"
    for path in sorted(case.lock.files.keys() | fresh.files.keys()):
        locked, wanted = case.lock.files.get(path), fresh.files.get(path)
        if (
            _is_derived(locked, wanted)
            or _is_secret(locked, wanted)
            or any(each.files.get(path) == locked for each in locks)
        ):
            continue
        if wanted is None:
            message = f"the lock records it, and the template does not render it{old}"
        elif locked is None:
            message = f"the template has it as {wanted.policy}, and the lock does not record it{old}"
        elif locked.policy is not wanted.policy or locked.required is not wanted.required:
            message = f"the lock records it as {locked.policy}, and the template says {wanted.policy}"
        elif (locked.entry, locked.keys) != (wanted.entry, wanted.keys):
            message = f"the lock records other content than the template renders{old}"
        else:
            message = f"the lock records that {locked.source} made it, and {wanted.source} does"
        yield Finding(rule=rules.LOCK_NOT_RENDERED, path=path, message=message, fix=fix)


def _is_secret(locked: LockedFile | None, wanted: LockedFile | None) -> bool:
    """Rendered with a secret answer or without one alone: that answer is not recorded, so a render cannot tell."""
    there = [file for file in (locked, wanted) if file is not None]
    return len(there) == 1 and there[0].policy is Policy.SEEDED and there[0].entry is None


def _is_derived(locked: LockedFile | None, wanted: LockedFile | None) -> bool:
    """Made by a command afterwards: a render has nothing to say."""
    return any(file is not None and file.policy is Policy.DERIVED for file in (locked, wanted))


def judge_version(lock: Lock, *, cache: Path | None = None) -> Iterator[Finding]:
    """Whether the template has a newer version.

    Raises:
        TemplateError: The template cannot be reached.
    """
    from .strict import newer_version

    if newest := newer_version(lock, cache=cache):
        message = f"{newest} of {lock.template} is out; this project is at {lock.said_version}"
        yield Finding(
            rule=rules.NEWER_VERSION, path=LOCK_FILE, message=message, fix="Run: mlscaffold update", key=newest
        )

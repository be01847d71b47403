"""`check`: are the files that the template owns still what it rendered? Judged by the lock alone.

No clone, no render, no network. Git's index answers for every file that did not change; only the others are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .entries import Entry, FileMode, blob_id, entry_of
from .git import Git, blob_ids, enclosing_repository
from .keys import KeyedFileError, key_digests
from .lock import Lock, LockedFile, answers_digest, read_lock
from .ownership import Policy

__all__ = ["CheckResult", "Finding", "Rule", "check"]


class Rule(StrEnum):
    """What can be wrong, by stable code. MLS001, a damaged lock, is an error before anything can be judged."""

    OWNED_CHANGED = "MLS002"
    OWNED_MISSING = "MLS003"
    KEYS_CHANGED = "MLS004"
    REQUIRED_MISSING = "MLS005"
    RETIRED_PRESENT = "MLS006"
    ANSWERS_MOVED = "MLS007"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong: what, where, and what to do."""

    rule: Rule
    path: str
    message: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What a check found, and against what."""

    lock: Lock
    findings: tuple[Finding, ...]
    #: How many files were judged.
    judged: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def check(project: Path) -> CheckResult:
    """Judge a project by its own lock.

    Args:
        project: The folder that holds the lock.

    Raises:
        LockError: There is no lock, or it cannot be trusted.
    """
    lock = read_lock(project)
    judged = {path: file for path, file in lock.files.items() if file.policy not in {Policy.MERGED, Policy.DERIVED}}
    state = _state(project, [*judged, lock.answers_file])
    findings: list[Finding] = []
    for path, file in judged.items():
        here = list(_judge(project, path, file, state.here.get(path)))
        findings += here or _judge_staged(path, file, state.staged.get(path))
    findings += _judge_answers(project, lock, state.here.get(lock.answers_file))
    return CheckResult(lock=lock, findings=tuple(findings), judged=len(judged) + 1)


def _judge(project: Path, path: str, locked: LockedFile, found: Entry | None) -> Iterable[Finding]:
    restore = f"Restore it: git checkout <commit> -- {path}. If the change is meant, propose it to the template."
    match locked.policy:
        case Policy.OWNED if found is None:
            yield Finding(rule=Rule.OWNED_MISSING, path=path, message="owned by the template, and missing", fix=restore)
        case Policy.OWNED if locked.entry is not None and found != locked.entry:
            what = "its mode" if found is not None and found.blob == locked.entry.blob else "its content"
            message = f"owned by the template, and {what} was changed"
            yield Finding(rule=Rule.OWNED_CHANGED, path=path, message=message, fix=restore)
        case Policy.KEYED if found is None:
            message = "shares keys with the template, and is missing"
            yield Finding(rule=Rule.OWNED_MISSING, path=path, message=message, fix=restore)
        case Policy.KEYED if found != locked.entry:
            yield from _judge_keys(project, path, locked)
        case Policy.SEEDED if locked.required and found is None:
            message = "required, and missing"
            yield Finding(rule=Rule.REQUIRED_MISSING, path=path, message=message, fix=restore)
        case Policy.RETIRED if found is not None:
            message = "retired by the template, and still here"
            yield Finding(rule=Rule.RETIRED_PRESENT, path=path, message=message, fix=f"Remove it: git rm {path}")


def _judge_staged(path: str, locked: LockedFile, staged: Entry | None) -> Iterable[Finding]:
    if locked.policy is Policy.OWNED and locked.entry is not None and staged not in {None, locked.entry}:
        message = "owned by the template, and a change of it is staged: the next commit would carry it"
        yield Finding(
            rule=Rule.OWNED_CHANGED, path=path, message=message, fix=f"Unstage it: git restore --staged {path}"
        )


def _judge_keys(project: Path, path: str, locked: LockedFile) -> Iterable[Finding]:
    fix = "Set the keys back to what the template renders."
    try:
        now = key_digests(path, (project / path).read_bytes(), list(locked.keys))
    except KeyedFileError as error:
        yield Finding(rule=Rule.KEYS_CHANGED, path=path, message=error.message, fix=error.hint or fix)
        return
    if changed := [key for key, digest in locked.keys.items() if now[key] != digest]:
        message = f"keys that the template owns were changed: {', '.join(changed)}"
        yield Finding(rule=Rule.KEYS_CHANGED, path=path, message=message, fix=fix)


def _judge_answers(project: Path, lock: Lock, found: Entry | None) -> Iterable[Finding]:
    path = lock.answers_file
    if found is not None and found.blob == lock.answers_blob:
        return
    fix = f"Restore it: git checkout <commit> -- {path}"
    if found is None:
        yield Finding(rule=Rule.ANSWERS_MOVED, path=path, message="the answers file is missing", fix=fix)
        return
    import yaml

    try:
        answers = yaml.safe_load((project / path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        yield Finding(rule=Rule.ANSWERS_MOVED, path=path, message=f"the answers do not parse: {error}", fix=fix)
        return
    if not isinstance(answers, dict) or answers_digest(answers) != lock.answers:
        message = "the answers moved without the lock: edited by hand, or by plain `copier update`"
        yield Finding(rule=Rule.ANSWERS_MOVED, path=path, message=message, fix=fix)


@dataclass(frozen=True, kw_only=True)
class _State:
    """Files as git sees them: its attributes and filters applied."""

    #: In the work tree.
    here: Mapping[str, Entry]
    #: In the index, where that differs from the work tree.
    staged: Mapping[str, Entry]


def _state(project: Path, paths: list[str]) -> _State:
    """The entries of those paths that exist."""
    if enclosing_repository(project) is None:
        here = {path: entry_of(project / path) for path in paths if _exists(project, path)}
        return _State(here=here, staged={})
    git = Git(project)
    index = _index(git)
    changed = set(git.run("diff-files", "--name-only", "-z", "--relative").decode(errors="surrogateescape").split("\0"))
    settled = {path: index[path] for path in paths if path in index and path not in changed}
    read = [path for path in paths if path not in settled and _exists(project, path)]
    # `git add --intent-to-add` stages a name, and no content.
    staged = {path: index[path] for path in read if path in index and index[path].blob != blob_id(b"")}
    return _State(here={**settled, **_hash(project, read)}, staged=staged)


def _index(git: Git) -> Mapping[str, Entry]:
    """Stage 0 of the index below the project's folder; other kinds of entries (submodules, conflicts) are left out."""
    entries: dict[str, Entry] = {}
    for line in git.run("ls-files", "-s", "-v", "-z").decode(errors="surrogateescape").split("\0"):
        meta, _, path = line.partition("\t")
        tag, _, rest = meta.partition(" ")
        mode, _, rest = rest.partition(" ")
        blob, _, number = rest.partition(" ")
        # Any other tag: git was told to overlook changes (assume-unchanged, skip-worktree). We are not.
        if tag == "H" and number == "0" and mode in list(FileMode):
            entries[path] = Entry(mode=FileMode(mode), blob=blob)
    return entries


def _hash(project: Path, paths: list[str]) -> Mapping[str, Entry]:
    plain = {path: entry_of(project / path) for path in paths}
    files = [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK]
    if not files:
        return plain
    seen = blob_ids(project, files)
    return {path: Entry(mode=entry.mode, blob=seen.get(path, entry.blob)) for path, entry in plain.items()}


def _exists(project: Path, path: str) -> bool:
    """Whether a file is there, without following a link out of the project."""
    file = project / path
    inside = file.parent.resolve().is_relative_to(project.resolve())
    return inside and (file.is_symlink() or file.is_file())

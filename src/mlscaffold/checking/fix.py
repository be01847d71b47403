"""`check --fix`: bring back what the template owns, and remove what it retired. Nothing that exists only once is lost.

`fixes` is pure: findings -> one repair a path. `repair` reads the contents from git's own objects (what was committed
once is there), or from a render of the recorded version, and applies all of them with one journal. A file whose edits
no commit holds is refused, together with everything else.
"""

from __future__ import annotations

import functools
import os
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..apply.journal import Journal, Outcome, begin, exclusive, pending
from ..documents.keys import KeyedFileError
from ..errors import MlscaffoldError, PendingError, ProjectError
from ..files.entry import Entry, FileMode
from ..files.put import State
from ..files.scratch import scratch_folder
from ..git.index import SEE_AGAIN, ignored_paths, read_index
from ..git.location import Location, located, named_location
from ..git.process import Git, listing
from ..git.revision import open_commit
from ..git.store import Store, open_store
from ..project.lock import Lock
from ..rules import Fixer
from .evidence import Evidence, look_at_work_tree
from .findings import CheckResult

__all__ = ["Fixed", "Rendered", "Repair", "fixes", "repair"]


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What shall become of one path."""

    path: str
    #: What the template rendered there; None: nothing shall be there.
    wanted: Entry | None
    #: Only these keys are set; the rest of the file stays.
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What was done."""

    paths: tuple[str, ...]
    #: Path -> reason: what has to be mended by a person.
    unmended: Mapping[str, str] = field(default_factory=dict)


#: The contents of a project's recorded version, by path: asked for where git has them no longer.
Rendered = Callable[[], Mapping[str, bytes]]


def fixes(result: CheckResult) -> tuple[Repair, ...]:
    """The repairs of a result, by path. Waived findings are left alone."""
    files = result.lock.files if result.lock else {}
    repairs: dict[str, Repair] = {}
    for finding in result.active:
        path = finding.path
        match finding.rule.fixer:
            case Fixer.RESTORE_FILE if path in files and files[path].entry is not None:
                repairs[path] = Repair(path=path, wanted=files[path].entry)
            case Fixer.RESTORE_KEYS if finding.key and path in files and files[path].entry is not None:
                keys = (*repairs[path].keys, finding.key) if path in repairs else (finding.key,)
                repairs[path] = Repair(path=path, wanted=files[path].entry, keys=keys)
            case Fixer.REMOVE_FILE:
                repairs[path] = Repair(path=path, wanted=None)
    return tuple(repairs[path] for path in sorted(repairs))


def repair(project: Path, result: CheckResult, *, rendered: Rendered) -> Fixed:
    """Do the repairs of a result of the work tree, and stage them.

    Args:
        project: Its root.
        result: From `check`, just now.
        rendered: The contents of the recorded version, for what git has no longer.

    Raises:
        ProjectError: Edits would be lost that no commit holds, or the project is not in git; nothing was changed.
        PendingError: Another run holds the project.
        MlscaffoldError: The template cannot be rendered, or the disk refuses; nothing was changed.
    """
    wanted = fixes(result)
    if pending(project) is not None:
        raise _unfinished()
    if not wanted or result.lock is None:
        return Fixed(paths=())
    evidence = look_at_work_tree(project, [each.path for each in wanted], location=named_location(project))
    _refuse_losses(project, wanted, evidence, result.lock)
    with scratch_folder() as scratch:
        workspace = open_store(located(project), scratch / "git")
        repairing = _Repairing(workspace=workspace, evidence=evidence, scratch=scratch)
        outcomes, unmended = repairing.outcomes(wanted, rendered)
        if outcomes:
            _with_journal(workspace.location, outcomes, evidence)
    paths = tuple(outcome.path for outcome in outcomes)
    _set_modes(workspace, [each for each in wanted if each.path in paths and not each.keys])
    return Fixed(paths=paths, unmended=unmended)


def _set_modes(workspace: Store, done: Collection[Repair]) -> None:
    """Stage the modes that a disk without links or executable bits does not tell: git keeps those that it knows."""
    known = read_index(workspace.project).entries
    lines = [
        f"{each.wanted.mode} {known[each.path].blob}\t{workspace.location.prefix}{each.path}"
        for each in done
        if each.wanted is not None and each.path in known and known[each.path].mode is not each.wanted.mode
    ]
    if lines:
        workspace.git.run("update-index", "-z", "--index-info", stdin=listing(lines))


def _refuse_losses(project: Path, wanted: Collection[Repair], evidence: Evidence, lock: Lock) -> None:
    try:
        committed = open_commit(project, "HEAD").entries
    except MlscaffoldError as error:
        raise ProjectError(
            f"{project} has no commit yet, and without one nothing could be taken back.",
            hint="Commit first: git init && git add -A && git commit",
        ) from error
    lost = []
    for each in wanted:
        known = {committed.get(each.path), each.wanted, lock.files[each.path].entry, None}
        here = evidence.here.get(each.path)
        if here not in known or evidence.staged.get(each.path) not in {*known, here}:
            lost.append(each.path)
    if lost:
        overlooked = sorted(read_index(project).overlooked & set(lost))
        shown = f"Let git see them again: {SEE_AGAIN} {shlex.join(overlooked)}. Then c" if overlooked else "C"
        raise ProjectError(
            f"Edits that no commit holds would be lost: {', '.join(lost)}.",
            hint=f"{shown}ommit them first, or drop them: git restore --staged --worktree {shlex.join(lost)}",
        )


@dataclass(frozen=True, kw_only=True)
class _Repairing:
    """From repairs to files on disk that only have to be put in place."""

    workspace: Store
    evidence: Evidence
    scratch: Path

    def outcomes(self, wanted: Sequence[Repair], rendered: Rendered) -> tuple[list[Outcome], Mapping[str, str]]:
        """What is put in place or removed, by path; and path and reason of what cannot be mended."""
        known = self._known({each.path: each.wanted for each in wanted if each.wanted is not None}, rendered)
        decided = {each.path: self._decide(each, each.wanted, known) for each in wanted if each.wanted is not None}
        entries = {path: entry for path, entry in decided.items() if isinstance(entry, Entry)}
        files = self.workspace.export(entries, self.scratch / "out")
        removed = [each.path for each in wanted if each.wanted is None]
        outcomes = [Outcome(path=path, file=files.get(path)) for path in sorted([*removed, *entries])]
        return outcomes, {path: reason for path, reason in decided.items() if isinstance(reason, str)}

    def _decide(self, each: Repair, wanted: Entry, known: Collection[str]) -> Entry | str:
        """What is put in the place of a file, or why nothing can be."""
        if reason := _in_the_way(self.workspace.project, each.path):
            return reason
        if each.path not in known:
            return "what the template rendered there is neither in git nor rendered any more"
        try:
            return self._with_keys(each, wanted) if each.keys else wanted
        except KeyedFileError as error:
            return error.message

    def _known(self, needed: Mapping[str, Entry], rendered: Rendered) -> frozenset[str]:
        """The paths whose content can be read from the workspace; what git lacks is rendered into it."""
        missing = self._missing(needed)
        if not missing:
            return frozenset(needed)
        contents = rendered()
        root = self.scratch / "rendered"
        for path in missing & contents.keys():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(contents[path])
        ids = self.workspace.hash(root, sorted(missing & contents.keys()), write=True)
        made = {path for path, blob in ids.items() if blob == needed[path].blob}
        return frozenset((needed.keys() - missing) | made)

    def _missing(self, needed: Mapping[str, Entry]) -> set[str]:
        if not needed:
            return set()
        ids = "".join(f"{entry.blob}\n" for entry in needed.values())
        answers = self.workspace.git.text_of("cat-file", "--batch-check", stdin=ids.encode()).split("\n")
        return {path for path, line in zip(needed, answers, strict=True) if line.endswith(" missing")}

    def _with_keys(self, each: Repair, wanted: Entry) -> Entry:
        from ..documents.set_keys import set_keys

        mine = self.evidence.here[each.path]
        content = self.evidence.read(each.path)
        if content is None or mine.mode is FileMode.SYMLINK:
            raise KeyedFileError(f"{each.path} is no file that can be read.")
        template = self.workspace.read([wanted.blob])[wanted.blob]
        changed = set_keys(each.path, mine=content, template=template, keys=each.keys)
        # Through the attributes, and back on the way out: line endings stay what they are.
        file = self.scratch / "keyed" / each.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(changed)
        blob = self.workspace.hash(self.scratch / "keyed", [each.path], write=True)[each.path]
        return Entry(mode=mine.mode, blob=blob)


def _in_the_way(project: Path, path: str) -> str:
    """What a file cannot be put in the place of; empty if nothing."""
    target = project / path
    if os.path.lexists(target) and not (target.is_symlink() or target.is_file() or target.is_dir()):
        return "something that is no file stands in its place"
    if target.is_dir() and not target.is_symlink() and any(target.iterdir()):
        return "a folder that is not empty stands in its place"
    for parent in PurePosixPath(path).parents:
        above = project / parent
        if above != project and (above.is_symlink() or above.is_file()):
            return f"{parent} is in the way"
    return ""


def _with_journal(location: Location, outcomes: Sequence[Outcome], evidence: Evidence) -> None:
    with exclusive(location, "check --fix"):
        if Journal.load(location) is not None:
            raise _unfinished()
        journal = begin(
            location,
            title="repair of drift",
            outcomes=outcomes,
            conflicts={},
            stage=_stageable(location.folder, outcomes),
            changed=functools.partial(_changed, location.folder, evidence),
        ).carry_out()
        try:
            journal.close()
        except BaseException:
            # Without its file it is done, and only rubbish is left.
            if Journal.load(location) is not None:
                journal.abort()
            raise


def _unfinished() -> PendingError:
    return PendingError(
        "An update of this project was begun and not finished: its files are not to be mended yet.",
        hint="Run: mlscaffold update --status, then --continue or --abort.",
    )


def _changed(project: Path, evidence: Evidence, before: Mapping[str, State | None]) -> Collection[str]:
    """The paths that are not what the repair was decided from."""
    present = look_at_work_tree(project, list(before), location=named_location(project))
    return {
        path
        for path, state in before.items()
        if evidence.here.get(path) != present.here.get(path)
        or evidence.staged.get(path) != present.staged.get(path)
        or (state is not None and path not in present.here)
    }


def _stageable(project: Path, outcomes: Sequence[Outcome]) -> Sequence[str]:
    """What is staged after a repair: else the next commit would still carry the drift. What git ignores is left."""
    paths = [outcome.path for outcome in outcomes]
    ignored = ignored_paths(project, paths)
    tracked = frozenset(Git(project).records("ls-files", "-z"))
    return [each.path for each in outcomes if each.path in tracked or (each.file and each.path not in ignored)]

"""Apply in one step: a journal under `.git/`, so that whatever happens one command finishes the work or undoes it.

Before the first effect the journal holds, beside each file's state before, its state after; so from any instant the
work can go on (`resume`) or back (`abort`) without asking anything else. The phases, each written by one rename:

    (no journal)  the project is as it was; what lies in the folder is rubbish
    applying      effects are under way; `resume` finishes them, `abort` undoes them
    conflicts     all is applied, and a person resolves; the lock moves when `resume` finds no conflict left
    tasks         the template's own commands are to run
    (no journal)  the project is as the plan said

Only this module writes into a project that exists.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from .entries import Entry, check_contained
from .errors import MachineError, PendingError, ProjectError
from .git import Git
from .placing import (
    copy,
    duplicate,
    folders_of,
    make_folder,
    make_parents,
    mode_like,
    move,
    near,
    prune,
    remove,
    state_of,
    sync,
)
from .writing import disk_errors

__all__ = ["Journal", "Outcome", "Pending", "Phase", "begin", "exclusive", "journal_folder", "pending"]

_FILE = "journal.json"
_FORMAT = 1
#: Kind, permissions, digest.
_STATE_FIELDS = 3


class Phase(StrEnum):
    """How far a journal is."""

    APPLYING = "applying"
    CONFLICTS = "conflicts"
    TASKS = "tasks"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What shall become of one path: a file laid out on disk already, or nothing."""

    path: str
    #: None: the path is removed.
    file: Path | None


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What the journal says, for those who only look."""

    phase: Phase
    #: What is being done, for a person: "update 0.1.0 -> 0.2.0".
    title: str
    #: Files with conflicts that a person resolves.
    conflicts: tuple[str, ...]
    #: The commands of the template that are still to run.
    tasks: tuple[str, ...]
    #: What the caller wanted to find again.
    note: Mapping[str, Any]


def journal_folder(project: Path) -> Path | None:
    """Where the journal of a project is, if any; None outside of git."""
    git = Git(project)
    try:
        words = git.run("rev-parse", "--git-path", "mlscaffold", "--show-prefix").decode(errors="surrogateescape")
    except MachineError:
        return None
    folder, prefix = words.split("\n")[:2]
    name = hashlib.sha256(prefix.encode(errors="surrogateescape")).hexdigest()[:12] if prefix else "project"
    return (project / folder / name).resolve()


def pending(project: Path) -> Pending | None:
    """What waits to be finished in a project."""
    folder = journal_folder(project)
    return _describe(_load(folder)) if folder is not None and (folder / _FILE).is_file() else None


def _load(folder: Path) -> dict[str, Any]:
    file = folder / _FILE
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] == _FORMAT:
            _check(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MachineError(
            f"The journal {file} cannot be read: {error}.", hint=f"The files from before are in {folder / 'before'}."
        ) from error
    if data["format"] != _FORMAT:
        raise MachineError(f"{file} was written by another version of mlscaffold: finish with that one.")
    return data


def _check(data: Mapping[str, Any]) -> None:
    """Refuse a journal that is damaged, or that would lead out of the project.

    Raises:
        MachineError: It names a place outside.
        ValueError: It is not of the shape that we write; or TypeError, KeyError, AttributeError.
    """
    effects = [*data["effects"], *(data["final"] or ())]
    for path in [*(effect["path"] for effect in effects), *data["conflicts"], *data["stage"]]:
        check_contained(path, error=MachineError, origin="The journal")
    for effect in effects:
        states = [state for state in (effect["before"], effect["after"]) if state is not None]
        shaped = all(isinstance(state, list) and len(state) == _STATE_FIELDS for state in states)
        if not shaped or not isinstance(effect["number"], int) or not isinstance(effect["folders"], dict):
            raise ValueError(f"it is damaged at {effect['path']!r}")
    _describe(data)
    if not isinstance(data["head"], str) or not isinstance(data["id"], str) or not data["id"].isalnum():
        raise ValueError("it is damaged")


def _describe(data: Mapping[str, Any]) -> Pending:
    return Pending(
        phase=Phase(data["phase"]),
        title=data["title"],
        conflicts=tuple(sorted(data["conflicts"])),
        tasks=tuple(data["tasks"]),
        note=data["note"],
    )


@contextlib.contextmanager
def exclusive(project: Path, command: str) -> Iterator[Path]:
    """Hold a project: nobody else updates it meanwhile. Gives the journal's folder.

    Raises:
        PendingError: Somebody else holds it, with who.
        ProjectError: The project is not in git.
    """
    folder = journal_folder(project)
    if folder is None:
        raise ProjectError(f"{project} is not in a git repository.")
    with disk_errors(project):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "holder", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _lock_file(handle):
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise PendingError(
                f"{holder or 'Another run of mlscaffold'} is at work in {project}.", hint="Wait for it to end."
            )
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"mlscaffold {command} (process {os.getpid()})\n".encode(), 0)
        if not (folder / _FILE).exists():
            _sweep(folder)
        yield folder
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _lock_file(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows has no fcntl
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove what a run left that was killed before its journal was written, or after its end."""
    for name in ("before", "after"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("passing", f"{_FILE}.passing"):
        remove(folder / name)


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The work on one project, held exclusively."""

    project: Path
    folder: Path
    data: Mapping[str, Any]

    @classmethod
    def load(cls, project: Path, folder: Path) -> Journal | None:
        """The journal that waits in a folder."""
        return cls(project=project, folder=folder, data=_load(folder)) if (folder / _FILE).is_file() else None

    @property
    def pending(self) -> Pending:
        """What it says."""
        return _describe(self.data)

    def apply(self) -> Journal:
        """Bring every path to its state after, then the index; what is done already is left."""
        finishing = self.data["final"] is not None
        with self._unfinished() if finishing else disk_errors(self.project):
            self._bring_all(self.data["final"] if finishing else self.data["effects"], "after")
            if not finishing:
                self._stage_conflicts()
            waiting = self.data["conflicts"] and not finishing
            return self._write(phase=Phase.CONFLICTS if waiting else Phase.TASKS)

    def finish(self, outcomes: Sequence[Outcome]) -> Journal:
        """After the conflicts: move the lock and the answers, by the same means."""
        first = len(self.data["effects"])
        with self._unfinished():
            final = [
                _record(self.project, self.folder, outcome, number) for number, outcome in enumerate(outcomes, first)
            ]
            return self._write(final=final, phase=Phase.APPLYING).apply()

    def close(self) -> None:
        """All is done: stage what is to be staged, and forget the rest."""
        paths = [f":(literal){path}" for path in self.data["stage"]]
        if paths:
            Git(self.project).run("add", "-A", "--", *paths)
        self._forget()

    def _forget(self) -> None:
        (self.folder / _FILE).unlink()
        _sweep(self.folder)

    def abort(self) -> tuple[str, ...]:
        """Bring everything back to its state before. Return where edits made meanwhile were kept.

        Raises:
            ProjectError: HEAD moved meanwhile: going back would lose commits' meaning.
        """
        git = Git(self.project)
        head = git.text("rev-parse", "HEAD")
        if head != self.data["head"]:
            raise ProjectError(
                "You have committed since: there is nothing left to undo file by file.",
                hint="Take it back with git (git revert, git reset), or finish with --continue.",
            )
        with self._unfinished():
            # First lock and answers, so that a kill in the midst leaves the effects alone to be done again or undone.
            if self.pending.phase is not Phase.APPLYING:
                self._write(phase=Phase.APPLYING)
            if self.data["final"] is not None:
                self._bring_all(self.data["final"], "before")
                self._write(phase=Phase.APPLYING, final=None)
            self._bring_all(self.data["effects"], "before")
            self._restore_index()
        saved = self.saved
        self._forget()
        return saved

    @contextlib.contextmanager
    def _unfinished(self) -> Iterator[None]:
        """Say of a disk that refuses halfway that both ways are still open."""
        try:
            yield
        except OSError as error:
            place = error.filename or self.project
            raise MachineError(
                f"Writing failed at {place}: {error.strerror or error}. The {self.data['title']} is not finished.",
                hint="Make room or get the right to write there, then: mlscaffold update --continue, or --abort.",
            ) from error

    def _bring_all(self, effects: Sequence[Mapping[str, Any]], side: str) -> None:
        for effect in _ordered(effects, side):
            self._save(effect)
            self._bring(effect, side)

    def _bring(self, effect: Mapping[str, Any], side: str) -> None:
        target = self.project / effect["path"]
        wanted = effect[side]
        remove(near(target))
        if wanted is None:
            self._clear(effect, side)
            return
        if state_of(target) == wanted:
            return
        passing = self.folder / "passing"
        duplicate(self.folder / side / str(effect["number"]), passing)
        make_parents(self.project, target, effect["folders"])
        if target.is_dir() and not target.is_symlink():
            # Only empty folders are left of what was removed.
            target.rmdir()
        move(passing, target)

    def _clear(self, effect: Mapping[str, Any], side: str) -> None:
        """Leave nothing at a path, nor folders that are there for its sake alone."""
        target = self.project / effect["path"]
        if state_of(target) is not None:
            target.unlink()
        kept = effect["folders"] if side == "before" else {}
        prune(self.project, target.parent, kept)
        mode = effect["folders"].get(effect["path"])
        if side == "before" and mode is not None and not target.exists():
            make_folder(target, mode)

    def _save(self, effect: Mapping[str, Any]) -> None:
        """Keep what a person wrote into a file of ours since."""
        here = state_of(self.project / effect["path"])
        if here is None or here in (effect["before"], effect["after"]):
            return
        kept = self._kept(effect)
        kept.parent.mkdir(exist_ok=True)
        shutil.copy2(self.project / effect["path"], kept, follow_symlinks=False)

    def _kept(self, effect: Mapping[str, Any]) -> Path:
        return self.folder / "saved" / f"{self.data['id']}-{effect['number']}-{PurePosixPath(effect['path']).name}"

    @property
    def saved(self) -> tuple[str, ...]:
        """Where edits made meanwhile are kept, in this run or in one that was killed: path and place."""
        effects = [*self.data["effects"], *(self.data["final"] or ())]
        return tuple(f"{effect['path']}: {kept}" for effect in effects if os.path.lexists(kept := self._kept(effect)))

    def _stage_conflicts(self) -> None:
        lines = []
        top, prefix = _place(self.project)
        for path, stages in self.data["conflicts"].items():
            full = prefix + path
            lines.append(f"0 {'0' * len(self.data['head'])}\t{full}")
            lines += [f"{mode} {blob} {number}\t{full}" for number, (mode, blob) in stages.items()]
        if lines:
            stream = "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")
            Git(top).run("update-index", "-z", "--index-info", stdin=stream)

    def _restore_index(self) -> None:
        ours = sorted({*self.data["conflicts"], *self.data["stage"]})
        if not ours:
            return
        git = Git(self.project)
        saved = self.folder / "before" / "index"
        top, prefix = _place(self.project)
        full = {prefix + path for path in ours}
        if saved.is_file() and _staged(top, without=full) == _staged(top, without=full, index=saved):
            passing = self.folder / "passing"
            duplicate(saved, passing)
            move(passing, _index_file(git, self.project))
        else:
            # Somebody staged other files meanwhile: those stay staged.
            git.run("reset", "-q", "--", *(f":(literal){path}" for path in ours))

    def _write(self, **changes: Any) -> Journal:
        data = {**self.data, **changes, "phase": str(changes.get("phase", self.data["phase"]))}
        _store(self.folder, data)
        return dataclasses.replace(self, data=data)


def begin(
    project: Path,
    folder: Path,
    *,
    title: str,
    outcomes: Sequence[Outcome],
    conflicts: Mapping[str, Mapping[str, Entry]],
    tasks: Sequence[str] = (),
    stage: Sequence[str] = (),
    note: Mapping[str, Any],
) -> Journal:
    """Write the journal: after this the work is bound to be finished or undone.

    Args:
        project: Its root.
        folder: From `exclusive`.
        title: What is being done, for a person.
        outcomes: What shall become of each path.
        conflicts: For each path with a conflict the entries of its stages ("1" base, "2" yours, "3" the template's).
        tasks: Commands of the template that run at the end.
        stage: Paths that are staged at the end; each is a file then, or tracked now.
        note: For the caller to find again; JSON.

    Raises:
        MachineError: No room, or no right to write; nothing has been changed.
    """
    try:
        with disk_errors(project):
            data = _write_down(project, folder, outcomes)
            data |= {
                "title": title,
                "conflicts": {
                    path: {number: (entry.mode.value, entry.blob) for number, entry in stages.items()}
                    for path, stages in conflicts.items()
                },
                "tasks": list(tasks),
                "stage": list(stage),
                "note": dict(note),
            }
            _store(folder, data)
    except BaseException:
        # Nothing is applied yet; and on a full disk what is left here would keep it full.
        remove(folder / _FILE)
        _sweep(folder)
        raise
    return Journal(project=project, folder=folder, data=data)


def _write_down(project: Path, folder: Path, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Copy the states before and after; what the journal says of them."""
    git = Git(project)
    _sweep(folder)
    for name in ("before", "after"):
        (folder / name).mkdir()
    effects = [_record(project, folder, outcome, number) for number, outcome in enumerate(outcomes)]
    index = _index_file(git, project)
    if index.is_file():
        copy(index, folder / "before" / "index")
    return {
        "format": _FORMAT,
        "id": hashlib.sha256(os.urandom(16)).hexdigest()[:8],
        "phase": Phase.APPLYING.value,
        "head": git.text("rev-parse", "HEAD"),
        "effects": effects,
        # The effects that finish the work after conflicts: the lock and the answers.
        "final": None,
    }


def _store(folder: Path, data: Mapping[str, Any]) -> None:
    passing = folder / f"{_FILE}.passing"
    passing.write_text(json.dumps(data, indent=1), encoding="utf-8")
    sync(passing)
    # The copies that it speaks of must not be lost after it is found.
    for name in ("before", "after"):
        sync(folder / name)
    passing.replace(folder / _FILE)
    sync(folder)


def _record(project: Path, folder: Path, outcome: Outcome, number: int) -> dict[str, Any]:
    """Copy both states of a path beside the journal."""
    check_contained(outcome.path, error=MachineError, origin="The plan")
    here = project / outcome.path
    before = state_of(here)
    if before is not None:
        copy(here, folder / "before" / str(number))
    if outcome.file is not None:
        after = folder / "after" / str(number)
        copy(outcome.file, after)
        if before is not None and not after.is_symlink() and not here.is_symlink():
            after.chmod(mode_like(here, outcome.file))
    after_state = None if outcome.file is None else state_of(folder / "after" / str(number))
    folders = folders_of(project, outcome.path)
    return {"path": outcome.path, "number": number, "before": before, "after": after_state, "folders": folders}


def _index_file(git: Git, project: Path) -> Path:
    return project / git.text("rev-parse", "--git-path", "index")


def _place(project: Path) -> tuple[Path, str]:
    """The top of the work tree, and the project's folder in it with a slash at its end."""
    said = Git(project).run("rev-parse", "--show-toplevel", "--show-prefix").decode(errors="surrogateescape")
    top, prefix = said.split("\n")[:2]
    return Path(top), prefix


def _staged(top: Path, *, without: Collection[str], index: Path | None = None) -> frozenset[str]:
    git = Git(top, environment={"GIT_INDEX_FILE": str(index)} if index else {})
    listing = git.run("ls-files", "-s", "-z").decode(errors="surrogateescape").split("\0")
    return frozenset(line for line in listing if line.partition("\t")[2] not in without)


def _ordered(effects: Sequence[Mapping[str, Any]], side: str) -> Sequence[Mapping[str, Any]]:
    """Removals first, deepest first, so that a file can become a folder and a folder a file."""
    gone = [effect for effect in effects if effect[side] is None]
    come = [effect for effect in effects if effect[side] is not None]
    return [*sorted(gone, key=lambda effect: str(effect["path"]), reverse=True), *come]

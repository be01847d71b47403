"""The journal as it lies on disk: where, who holds it, and what it says, checked as a stranger's word is.

A repository may come from anywhere (an archive, a shared folder), and its `.git` with it. So no link is followed here,
and no path leads out of the project.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..errors import MachineError, PendingError, ProjectError
from ..files.entry import FileMode, check_contained
from ..files.place import remove, sync
from ..files.scratch import lock_file
from ..files.write import disk_errors
from ..git.process import Git

__all__ = [
    "FILE",
    "FORMAT",
    "Pending",
    "Phase",
    "clear_out",
    "describe",
    "exclusive",
    "journal_folder",
    "load",
    "pending",
    "store",
]

FILE = "journal.json"
FORMAT = 1
_LARGEST_MODE = 0o7777
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-z]{1,64}")


class Phase(StrEnum):
    """How far a journal is."""

    APPLYING = "applying"
    CONFLICTS = "conflicts"
    TASKS = "tasks"


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
    place = project / folder
    # `.git` itself may be a link, as git allows; what lies in it may not.
    return place.parent.resolve() / place.name / name


def _refuse_links(folder: Path) -> None:
    """Refuse a journal that lies elsewhere.

    Raises:
        MachineError: A link stands where we keep a folder.
    """
    for place in (folder.parent, folder, *(folder / name for name in ("before", "after", "saved"))):
        if place.is_symlink():
            raise MachineError(
                f"{place} is a link; mlscaffold makes a folder there. Refused.", hint=f"Remove the link: rm {place}"
            )


def pending(project: Path) -> Pending | None:
    """What waits to be finished in a project.

    Raises:
        MachineError: The journal is damaged, or leads out of the project.
    """
    folder = journal_folder(project)
    return describe(data) if folder is not None and (data := load(folder)) is not None else None


def load(folder: Path) -> Mapping[str, Any] | None:
    """What the journal in a folder says; None if there is none.

    Raises:
        MachineError: It is damaged, or leads out of the project.
    """
    file = folder / FILE
    if not file.is_file() or file.is_symlink():
        return None
    _refuse_links(folder)
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] == FORMAT:
            _check(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MachineError(
            f"The journal {file} cannot be read: {error}.", hint=f"The files from before are in {folder / 'before'}."
        ) from error
    if data["format"] != FORMAT:
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
    if not all(_is_effect(effect) for effect in effects):
        raise ValueError("it is damaged at an effect")
    if not all(_are_stages(stages) for stages in data["conflicts"].values()):
        raise ValueError("it is damaged at a conflict")
    describe(data)
    if not isinstance(data["title"], str) or not isinstance(data["note"], dict):
        raise TypeError("it is damaged")
    if not _BLOB.fullmatch(data["head"]) or not _ID.fullmatch(data["id"]):
        raise ValueError("it is damaged")


def _is_effect(effect: Mapping[str, Any]) -> bool:
    return (
        type(effect["number"]) is int
        and all(_is_state(effect[side]) for side in ("before", "after"))
        and isinstance(effect["folders"], dict)
        and all(_is_mode(mode) for mode in effect["folders"].values())
    )


def _is_state(state: object) -> bool:
    match state:
        case None:
            return True
        case ["file" | "link", mode, str()]:
            return _is_mode(mode)
        case _:
            return False


def _is_mode(mode: object) -> bool:
    return type(mode) is int and 0 <= mode <= _LARGEST_MODE


def _are_stages(stages: Mapping[str, tuple[str, str]]) -> bool:
    modes = set(FileMode)
    return all(
        number in {"1", "2", "3"} and mode in modes and _BLOB.fullmatch(blob) is not None
        for number, (mode, blob) in stages.items()
    )


def describe(data: Mapping[str, Any]) -> Pending:
    """What a journal says, for those who only look."""
    return Pending(
        phase=Phase(data["phase"]),
        title=data["title"],
        conflicts=tuple(sorted(data["conflicts"])),
        tasks=tuple(data["tasks"]),
        note=data["note"],
    )


def store(folder: Path, data: Mapping[str, Any]) -> None:
    """Write a journal, in one step."""
    passing = folder / f"{FILE}.passing"
    remove(passing)
    with passing.open("x", encoding="utf-8") as stream:
        json.dump(data, stream, indent=1)
    sync(passing)
    # The copies that it speaks of must not be lost after it is found.
    for name in ("before", "after"):
        sync(folder / name)
    passing.replace(folder / FILE)
    sync(folder)


@contextlib.contextmanager
def exclusive(project: Path, command: str) -> Iterator[Path]:
    """Hold a project: nobody else updates it meanwhile. Gives the journal's folder.

    Raises:
        PendingError: Somebody else holds it, with who.
        ProjectError: The project is not in git.
        MachineError: A link stands where the journal is to be, or the disk refuses.
    """
    folder = journal_folder(project)
    if folder is None:
        raise ProjectError(f"{project} is not in a git repository.")
    _refuse_links(folder)
    with disk_errors(project):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _open_plain(folder / "holder")
    try:
        if not lock_file(handle):
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise PendingError(
                f"{holder or 'Another run of mlscaffold'} is at work in {project}.", hint="Wait for it to end."
            )
        os.ftruncate(handle, 0)
        with contextlib.suppress(OSError):
            # On a full disk nobody learns who holds it; but the way back is open.
            os.pwrite(handle, f"mlscaffold {command} (process {os.getpid()})\n".encode(), 0)
        if not (folder / FILE).exists():
            clear_out(folder)
        yield folder
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _open_plain(file: Path) -> int:
    """A file of ours to write into; whatever else lies there is removed, not followed."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(file.lstat().st_mode):
            remove(file)
    return os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)


def clear_out(folder: Path) -> None:
    """Remove what a run left that was killed before its journal was written, or after its end."""
    for name in ("before", "after"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("passing", f"{FILE}.passing"):
        remove(folder / name)

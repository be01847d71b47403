"""The owner's edits: a project against the render that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import ProjectError
from ..files.entry import Entry, is_own_file
from ..git.index import files_of
from ..project.lock import LockedFile
from ..project.pin import Pin
from ..template.policy import Policy

__all__ = ["Edit", "EditKind", "edits"]


class EditKind(StrEnum):
    """What the owner did to a file."""

    EDITED = "edited"
    DELETED = "deleted"
    MODE = "mode"
    #: Its content depends on a secret answer: it is neither compared for good nor shown.
    HIDDEN = "secret"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One difference between the project and its render."""

    path: str
    policy: Policy
    kind: EditKind
    #: The contents; empty where there is none, or where it may not be shown.
    before: bytes
    after: bytes


def edits(pin: Pin, paths: Sequence[str] = ()) -> tuple[Edit, ...]:
    """The owner's edits, by policy and path.

    Args:
        pin: The project, pinned.
        paths: Files or folders to look at; all if empty.

    Raises:
        ProjectError: One of the paths is not from the template.
    """
    files = {path: file for path, file in pin.lock.files.items() if path in pin.entries}
    for path in paths:
        if not any(_covers(path, each) for each in files):
            raise ProjectError(f"{path} is not from the template: all of it is yours.")
    chosen = [path for path in files if not paths or any(_covers(each, path) for each in paths)]
    present = files_of(pin.project, chosen)
    # A file of secrets is in no clone: that it is not here is no edit.
    secret = {path for path in chosen if path in pin.render.secret or _is_unrecorded(files[path])}
    changed = [
        path for path in chosen if present.get(path) != pin.entries[path] and (path in present or path not in secret)
    ]
    order = {policy: number for number, policy in enumerate(Policy)}
    return tuple(
        Edit(path=path, policy=files[path].policy, kind=EditKind.HIDDEN, before=b"", after=b"")
        if path in secret
        else _edit(pin, path, present.get(path), files[path].policy)
        for path in sorted(changed, key=lambda path: (order[files[path].policy], path))
    )


def _is_unrecorded(file: LockedFile) -> bool:
    return file.policy is Policy.SEEDED and file.entry is None


def _covers(chosen: str, path: str) -> bool:
    folder = chosen.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or folder in {"", "."}


def _edit(pin: Pin, path: str, here: Entry | None, policy: Policy) -> Edit:
    wanted = pin.entries[path]
    kind = EditKind.DELETED if here is None else EditKind.MODE if here.blob == wanted.blob else EditKind.EDITED
    before = _content(pin.render.root / path)
    after = b"" if here is None else _here(pin, path, here)
    return Edit(path=path, policy=policy, kind=kind, before=before, after=after)


def _here(pin: Pin, path: str, entry: Entry) -> bytes:
    """A file of the project; what a sparse checkout leaves out is in git alone."""
    if pin.workspace is not None and not is_own_file(pin.project, path):
        return pin.workspace.read([entry.blob])[entry.blob]
    return _content(pin.project / path)


def _content(file: Path) -> bytes:
    return bytes(file.readlink()) if file.is_symlink() else file.read_bytes()

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


def edits(then: Pin, paths: Sequence[str] = ()) -> tuple[Edit, ...]:
    """The owner's edits, by policy and path.

    Args:
        then: The project, pinned.
        paths: Files or folders to look at; all if empty.

    Raises:
        ProjectError: One of the paths is not from the template.
    """
    ours = {path: file for path, file in then.lock.files.items() if path in then.entries}
    for path in paths:
        if not any(_covers(path, each) for each in ours):
            raise ProjectError(f"{path} is not from the template: all of it is yours.")
    chosen = [path for path in ours if not paths or any(_covers(each, path) for each in paths)]
    seen = files_of(then.project, chosen)
    # A file of secrets is in no clone: that it is not here is no edit.
    secret = {path for path in chosen if path in then.render.secret or _is_unrecorded(ours[path])}
    changed = [path for path in chosen if seen.get(path) != then.entries[path] and (path in seen or path not in secret)]
    order = {policy: number for number, policy in enumerate(Policy)}
    return tuple(
        Edit(path=path, policy=ours[path].policy, kind=EditKind.HIDDEN, before=b"", after=b"")
        if path in secret
        else _edit(then, path, seen.get(path), ours[path].policy)
        for path in sorted(changed, key=lambda path: (order[ours[path].policy], path))
    )


def _is_unrecorded(file: LockedFile) -> bool:
    return file.policy is Policy.SEEDED and file.entry is None


def _covers(chosen: str, path: str) -> bool:
    folder = chosen.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or folder in {"", "."}


def _edit(then: Pin, path: str, here: Entry | None, policy: Policy) -> Edit:
    wanted = then.entries[path]
    kind = EditKind.DELETED if here is None else EditKind.MODE if here.blob == wanted.blob else EditKind.EDITED
    before = _content(then.render.root / path)
    after = b"" if here is None else _here(then, path, here)
    return Edit(path=path, policy=policy, kind=kind, before=before, after=after)


def _here(then: Pin, path: str, entry: Entry) -> bytes:
    """A file of the project; what a sparse checkout leaves out is in git alone."""
    if then.workspace is not None and not is_own_file(then.project, path):
        return then.workspace.read([entry.blob])[entry.blob]
    return _content(then.project / path)


def _content(file: Path) -> bytes:
    return bytes(file.readlink()) if file.is_symlink() else file.read_bytes()

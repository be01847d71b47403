"""Where one file of a project comes from, and what is to become of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import MlscaffoldError
from ..files.entry import Entry
from ..files.scratch import scratch_folder
from ..git.index import files_of
from ..preferences.trust import Trusted
from ..project.lock import LOCK_FILE
from ..project.pin import PinOfTwo, pin, pinned
from ..project.record import Recorded
from ..project.settings import ProjectSettings, read_project_settings
from ..project.waiting import read_ahead
from ..template.history import changed_last
from ..template.policy import Policy

__all__ = ["Origin", "origin_of"]


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a file of a project comes from, and what is to become of it."""

    path: str
    template: str
    version: str
    #: The template's file, relative to its root; empty for what is not from the template.
    source: str
    policy: Policy | None
    keys: tuple[str, ...]
    #: The version that last changed the template's file; empty where the template cannot be read.
    changed_in: str
    #: "as rendered", "edited", "deleted", or why that is not known.
    state: str
    #: Why it is not judged, if it is not.
    excuses: tuple[str, ...]


def origin_of(project: Path, path: str, *, trusted: Trusted = False, cache: Path | None = None) -> Origin:
    """Explain one file.

    Raises:
        MlscaffoldError: The project has no usable lock, and none can be derived.
    """
    recorded = read_ahead(project)
    settings = read_project_settings(project)
    lock = recorded.lock
    if lock is None:
        with pinned(project, trusted=trusted, cache=cache) as derived:
            lock = derived.lock
    name = PurePosixPath(path).as_posix()
    file = lock.files.get(name)
    version, changed_in = _history(project, recorded, name, file.source if file else "", trusted, cache)
    own = name in {lock.answers_file, LOCK_FILE}
    return Origin(
        path=name,
        template=lock.template,
        version=version or lock.version,
        source=file.source if file else "",
        policy=file.policy if file else None,
        keys=tuple(file.keys) if file else (),
        changed_in=changed_in,
        state="written by mlscaffold" if own else _state(project, name, file.entry if file else None, known=bool(file)),
        excuses=tuple(_excuses(settings, name)),
    )


def _history(
    project: Path, recorded: Recorded, path: str, source: str, trusted: Trusted, cache: Path | None
) -> tuple[str, str]:
    """The version that a file comes from, and the one that last changed it; empty where that is not known."""
    if not source:
        return "", ""
    guess = recorded.owned.version if recorded.owned and recorded.lock and recorded.lock.is_ahead(path) else ""
    with scratch_folder() as scratch:
        try:
            version = pin(project, recorded, into=scratch, trusted=trusted, cache=cache)
            if isinstance(version, PinOfTwo):
                version = version.ahead if path in version.owned_ahead.paths else version.base
        except MlscaffoldError:
            return guess, ""
        return version.checkout.version, changed_last(version.checkout, source)


def _state(project: Path, path: str, wanted: Entry | None, *, known: bool) -> str:
    if not known:
        return "not from the template: all of it is yours"
    if (here := files_of(project, [path]).get(path)) is None:
        return "deleted"
    if wanted is None:
        return "its content is not the template's business"
    return "as rendered" if here == wanted else f"edited (see: mlscaffold diff {shlex.quote(path)})"


def _excuses(settings: ProjectSettings, path: str) -> Iterator[str]:
    for eject in settings.ejects:
        if eject.path == path:
            yield f"ejected by {eject.owner}: {eject.reason}"
    for waiver in settings.waivers:
        if waiver.covers(waiver.rule, path):
            yield f"{waiver.rule.code} waived until {waiver.until} by {waiver.owner}: {waiver.reason}"

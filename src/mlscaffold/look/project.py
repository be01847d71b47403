"""Looking at a project through its template: the render it was made of, the owner's edits, where a file comes from."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from ..apply.journal import pending
from ..errors import MlscaffoldError, ProjectError, TemplateError
from ..files.entry import Entry, entry_of, is_own_file
from ..files.rights import make_private
from ..files.scratch import scratch_folder
from ..git.process import Git, config_value, enclosing_repository
from ..git.workspace import open_workspace
from ..preferences.settings import SettingsError, read_settings, settings_file
from ..preferences.trust import Trusted
from ..project.lock import LOCK_FILE, LockedFile
from ..project.pin import Pin, pin, pinned
from ..project.record import Recorded, read_recorded
from ..project.settings import SETTINGS_FILE, ProjectSettings, read_project_settings
from ..template.cache import why_unusable
from ..template.ownership import Policy
from ..template.source import (
    changed_last,
    find_source,
    latest,
    releases,
)

__all__ = ["Ailment", "Edit", "EditKind", "Health", "Origin", "diagnose", "edits", "origin_of"]


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
    present = {path: entry_of(then.project / path) for path in chosen if is_own_file(then.project, path)}
    seen = then.workspace.entries(then.project, present) if then.workspace else present
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
    after = b"" if here is None else _content(then.project / path)
    return Edit(path=path, policy=policy, kind=kind, before=before, after=after)


def _content(file: Path) -> bytes:
    return bytes(file.readlink()) if file.is_symlink() else file.read_bytes()


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
    recorded = read_recorded(project)
    settings = read_project_settings(project)
    lock = recorded.lock
    if lock is None:
        with pinned(project, trusted=trusted, cache=cache) as then:
            lock = then.lock
    name = PurePosixPath(path).as_posix()
    file = lock.files.get(name)
    own = name in {lock.answers_file, LOCK_FILE}
    return Origin(
        path=name,
        template=lock.template,
        version=lock.version,
        source=file.source if file else "",
        policy=file.policy if file else None,
        keys=tuple(file.keys) if file else (),
        changed_in=_changed_in(project, recorded, file.source, cache) if file and file.source else "",
        state="written by mlscaffold" if own else _state(project, name, file.entry if file else None, known=bool(file)),
        excuses=tuple(_excuses(settings, name)),
    )


def _changed_in(project: Path, recorded: Recorded, source: str, cache: Path | None) -> str:
    with scratch_folder() as scratch:
        try:
            then = pin(project, recorded, into=scratch, cache=cache)
        except MlscaffoldError:
            return ""
        return changed_last(then.checkout, source)


def _state(project: Path, path: str, wanted: Entry | None, *, known: bool) -> str:
    if not known:
        return "not from the template: all of it is yours"
    if not is_own_file(project, path):
        return "deleted"
    if wanted is None:
        return "its content is not the template's business"
    with scratch_folder() as scratch:
        here = {path: entry_of(project / path)}
        if enclosing_repository(project):
            here = dict(open_workspace(project, scratch / "git").entries(project, here))
    return "as rendered" if here[path] == wanted else f"edited (see: mlscaffold diff {shlex.quote(path)})"


def _excuses(settings: ProjectSettings, path: str) -> Iterator[str]:
    for eject in settings.ejects:
        if eject.path == path:
            yield f"ejected by {eject.owner}: {eject.reason}"
    for waiver in settings.waivers:
        if waiver.covers(waiver.rule, path):
            yield f"{waiver.rule.code} waived until {waiver.until} by {waiver.owner}: {waiver.reason}"


class Health(StrEnum):
    """How one thing that the tool depends on is."""

    GOOD = "ok"
    DOUBTFUL = "warning"
    BAD = "problem"


@dataclass(frozen=True, kw_only=True)
class Ailment:
    """One thing looked at by `doctor`; healthy ones are listed, too."""

    subject: str
    health: Health
    message: str
    #: What to do.
    cure: str = ""


#: The first git that shows the base in conflicts as `update` does (zdiff3).
_GIT = (2, 35)
_PYTHON = (3, 11)


def diagnose(project: Path, *, cache: Path) -> tuple[Ailment, ...]:
    """Look at everything that the tool needs: on this machine, and for this project."""
    return (_git(), _identity(project), _python(), _cache(cache), *_trust(), *_project(project))


def _git() -> Ailment:
    try:
        said = Git.outside().text("--version")
    except MlscaffoldError as error:
        return Ailment(subject="git", health=Health.BAD, message=error.message, cure=error.hint)
    numbers = tuple(int(part) for part in said.split()[2].split(".")[:2] if part.isdigit())
    if numbers < _GIT:
        cure = f"Install git {_GIT[0]}.{_GIT[1]} or newer; `new` and `check` work with this one."
        return Ailment(subject="git", health=Health.BAD, message=f"{said} is too old for `update`", cure=cure)
    return Ailment(subject="git", health=Health.GOOD, message=said)


def _identity(project: Path) -> Ailment:
    folder = project if project.is_dir() else Path.cwd()
    name, email = config_value(folder, "user.name"), config_value(folder, "user.email")
    if name and email:
        return Ailment(subject="git identity", health=Health.GOOD, message=f"{name} <{email}>")
    cure = "Run: git config --global user.name NAME; git config --global user.email ADDRESS"
    return Ailment(subject="git identity", health=Health.DOUBTFUL, message="git does not know who you are", cure=cure)


def _python() -> Ailment:
    version = ".".join(map(str, sys.version_info[:3]))
    health = Health.GOOD if sys.version_info >= _PYTHON else Health.BAD
    return Ailment(subject="Python", health=health, message=f"{version} at {sys.executable}")


def _cache(cache: Path) -> Ailment:
    if why := why_unusable(cache):
        cure = "Remove it, mend its rights, or name another with MLSCAFFOLD_CACHE_DIR."
        return Ailment(subject="cache", health=Health.DOUBTFUL, message=f"nothing is kept: {why}", cure=cure)
    try:
        if not cache.is_dir():
            make_private(cache)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        cure = "Make it writable, or name another with MLSCAFFOLD_CACHE_DIR."
        return Ailment(subject="cache", health=Health.DOUBTFUL, message=f"{cache}: {error.strerror}", cure=cure)
    free = shutil.disk_usage(cache).free // 2**20
    return Ailment(subject="cache", health=Health.GOOD, message=f"{cache} ({free} MiB free)")


def _trust() -> Iterator[Ailment]:
    """What the settings trust, entry by entry."""
    try:
        entries = read_settings().trust.entries
    except SettingsError as error:
        yield Ailment(subject="settings", health=Health.BAD, message=error.message, cure=error.hint)
        return
    for entry in entries:
        yield Ailment(subject="trusted", health=Health.GOOD, message=f"{entry} (by {settings_file()})")
    if not entries:
        message = "no template: those that run code or look at this machine need --trust"
        yield Ailment(subject="trusted", health=Health.GOOD, message=message)


def _trust_in(recorded: Recorded) -> Iterator[Ailment]:
    with contextlib.suppress(SettingsError, TemplateError):
        trust = read_settings().trust
        trusted = trust.covers(find_source(recorded.template).url) or trust.covers_tree(recorded.tree)
        message = f"this project's template is {'trusted' if trusted else 'not trusted'} by the settings"
        yield Ailment(subject="trust", health=Health.GOOD, message=message)


def _project(project: Path) -> Iterator[Ailment]:
    try:
        recorded = read_recorded(project)
    except MlscaffoldError as error:
        yield Ailment(subject="project", health=Health.BAD, message=error.message, cure=error.hint)
        return
    if recorded.lock is None:
        message = f"none: the project was made by plain Copier ({recorded.template} {recorded.version})"
        cure = "Write one: mlscaffold lock --resolve"
        yield Ailment(subject="lock", health=Health.DOUBTFUL, message=message, cure=cure)
    elif recorded.answers_moved:
        message = f"{recorded.answers_file} moved without it"
        cure = (
            f"Restore it: git checkout -- {shlex.quote(recorded.answers_file)}; or accept it: mlscaffold lock --resolve"
        )
        yield Ailment(subject="lock", health=Health.BAD, message=message, cure=cure)
    else:
        message = f"{recorded.template} {recorded.version}, {len(recorded.lock.files)} files"
        yield Ailment(subject="lock", health=Health.GOOD, message=message)
    yield _template(recorded)
    yield from _trust_in(recorded)
    yield from _repository(project)


def _template(recorded: Recorded) -> Ailment:
    try:
        known = releases(find_source(recorded.template))
    except MlscaffoldError as error:
        return Ailment(subject="template", health=Health.BAD, message=error.message, cure=error.hint)
    newest = latest(known)
    if recorded.version not in {release.tag for release in known}:
        message = f"{recorded.template} can be read, and has no version {recorded.version} (any more)"
        cure = "Ask its owners to restore the tag."
        return Ailment(subject="template", health=Health.BAD, message=message, cure=cure)
    if newest is not None and newest.tag != recorded.version:
        message = f"can be read; {newest.tag} is out"
        return Ailment(subject="template", health=Health.GOOD, message=message, cure="To follow it: mlscaffold update")
    return Ailment(subject="template", health=Health.GOOD, message="can be read, and has nothing newer")


def _repository(project: Path) -> Iterator[Ailment]:
    if not enclosing_repository(project):
        cure = "Run: git init && git add -A && git commit -m Start"
        message = "not in git: `update` cannot work here"
        yield Ailment(subject="repository", health=Health.BAD, message=message, cure=cure)
        return
    if (waiting := pending(project)) is not None:
        cure = "Run: mlscaffold update --status"
        yield Ailment(subject="update", health=Health.BAD, message=f"the {waiting.title} is not finished", cure=cure)
    if (project / ".pre-commit-config.yaml").is_file():
        hook = project / Git(project).text("rev-parse", "--git-path", "hooks/pre-commit")
        if hook.is_file():
            yield Ailment(subject="hooks", health=Health.GOOD, message="pre-commit runs before every commit")
        else:
            message = ".pre-commit-config.yaml is here, and no hook runs it"
            yield Ailment(subject="hooks", health=Health.DOUBTFUL, message=message, cure="Run: pre-commit install")
    try:
        read_project_settings(project)
    except MlscaffoldError as error:
        yield Ailment(subject=SETTINGS_FILE, health=Health.BAD, message=error.message, cure=error.hint)

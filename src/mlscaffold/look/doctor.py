"""All that the tool needs, on this machine and for a project: each thing with how it is and what to do."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..apply.journal import pending
from ..errors import MlscaffoldError, NoProjectError, TemplateError
from ..files.rights import make_private
from ..git.index import read_index
from ..git.location import locate, newest_commit, outside
from ..git.process import Git, config_value
from ..preferences.settings import SettingsError, read_settings, settings_file
from ..project.record import Recorded, read_recorded
from ..project.settings import SETTINGS_FILE, read_project_settings
from ..template.cache import why_unusable
from ..template.channel import RELEASES
from ..template.newer import Relation, standing
from ..template.source import find_source
from ..template.versions import DEV, shown

__all__ = ["Ailment", "Health", "diagnose"]


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
    looks: Sequence[tuple[str, Callable[[], Iterable[Ailment]]]] = (
        ("git", lambda: [_git()]),
        ("git identity", lambda: [_identity(project)]),
        ("Python", lambda: [_python()]),
        ("cache", lambda: [_cache(cache)]),
        ("settings", _trust),
        ("project", lambda: _project(project, cache)),
    )
    return tuple(ailment for subject, look in looks for ailment in _looked_at(subject, look))


def _looked_at(subject: str, look: Callable[[], Iterable[Ailment]]) -> Iterator[Ailment]:
    """What is seen, the last of it that one cannot look at all."""
    try:
        yield from look()
    except MlscaffoldError as error:
        yield Ailment(subject=subject, health=Health.BAD, message=error.message, cure=error.hint)


def _git() -> Ailment:
    said = Git.outside().text("--version")
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
    entries = read_settings().trust.entries
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


def _project(project: Path, cache: Path) -> Iterator[Ailment]:
    try:
        recorded = read_recorded(project)
    except NoProjectError:
        yield Ailment(subject="project", health=Health.GOOD, message=f"no project is in {project}")
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
        message = f"{recorded.template} {recorded.lock.said_version}, {len(recorded.lock.files)} files"
        yield Ailment(subject="lock", health=Health.GOOD, message=message)
    yield from _looked_at("template", lambda: [_template(recorded, cache)])
    yield from _trust_in(recorded)
    yield from _looked_at("repository", lambda: _repository(project))


def _template(recorded: Recorded, cache: Path) -> Ailment:
    if recorded.version == DEV:
        message = "this project was made from an unreleased state of it, and cannot follow it"
        return Ailment(subject="template", health=Health.DOUBTFUL, message=message)
    source = find_source(recorded.template)
    ahead = recorded.owned.version if recorded.owned else ""
    there = standing(source, recorded.version, ahead=ahead, channel=recorded.channel, cache=cache)
    if there.withdrawn:
        message = f"{recorded.template} can be read, and has no version {recorded.version} (any more)"
        cure = "Ask its owners to restore the tag."
        return Ailment(subject="template", health=Health.BAD, message=message, cure=cure)
    followed = "" if recorded.channel == RELEASES else f" (followed: {recorded.channel})"
    match there.relation:
        case Relation.NEWER:
            message = f"can be read; {shown(there.target)} is out{followed}"
            cure = "To follow it: mlscaffold update"
            return Ailment(subject="template", health=Health.GOOD, message=message, cure=cure)
        case Relation.UNRELATED:
            message = f"can be read; {there.why}{followed}"
            cure = f"To go there all the same: mlscaffold update --to {there.target}"
            return Ailment(subject="template", health=Health.DOUBTFUL, message=message, cure=cure)
        case Relation.SAME | Relation.CONTAINED:
            message = f"can be read, and has nothing newer{followed}"
            return Ailment(subject="template", health=Health.GOOD, message=message)


def _repository(project: Path) -> Iterator[Ailment]:
    if locate(project) is None:
        raise outside(project)
    read_index(project)
    newest_commit(Git(project))
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
    yield from _looked_at(SETTINGS_FILE, lambda: _own_settings(project))


def _own_settings(project: Path) -> Iterable[Ailment]:
    read_project_settings(project)
    return ()

"""What a project says of itself: the template, the version and the answers that it was made of.

A project of ours has a lock. One that plain Copier made has an answers file only; everything else follows from
that, and the caller is told.
"""

from __future__ import annotations

import copy
import functools
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AnswersError, NoProjectError, ProjectError
from ..files.entry import inside, read_plain
from ..files.put import State, state_of
from ..template.channel import RELEASES, Channel
from . import lock as locks
from .lock import Base, Lock, read_lock

__all__ = [
    "Recorded",
    "answers_in",
    "answers_of",
    "read_answers",
    "read_recorded",
    "read_recorded_answers",
    "read_watched",
]

_ANSWERS = ".copier-answers.yml"
_LIMIT_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Where a project comes from."""

    template: str
    version: str
    #: The tree of that version; empty without a lock.
    tree: str
    answers_file: str
    #: By question name; what Copier notes for itself is left out.
    answers: Mapping[str, Any]
    lock: Lock | None
    #: Whether the answers file was changed without the lock.
    answers_moved: bool = False

    @property
    def channel(self) -> Channel:
        """What the project follows of its template; plain Copier knows releases alone."""
        return self.lock.channel if self.lock else RELEASES

    @property
    def owned(self) -> Base | None:
        """What owned files come from, where they are ahead of all others."""
        return self.lock.owned if self.lock else None

    @classmethod
    def of(cls, lock: Lock, answers: Mapping[str, Any], *, answers_moved: bool = False) -> Recorded:
        """What a lock says, with the answers that are beside it."""
        return cls(
            template=lock.template,
            version=lock.version,
            tree=lock.tree,
            answers_file=lock.answers_file,
            answers=answers,
            lock=lock,
            answers_moved=answers_moved,
        )


def read_recorded(project: Path) -> Recorded:
    """Read lock and answers.

    Raises:
        LockError: The lock cannot be trusted.
        AnswersError: The answers file is missing or damaged.
        ProjectError: There is neither.
    """
    if not project.is_dir():
        raise ProjectError(f"{project} is not a folder.", hint="Name the root folder of a project.")
    if not os.path.lexists(project / locks.LOCK_FILE):
        return read_recorded_answers(project)
    lock = read_lock(project)
    data = read_answers(project, lock.answers_file)
    moved = locks.answers_digest(data) != lock.answers
    return Recorded.of(lock, answers_of(data), answers_moved=moved)


def read_recorded_answers(project: Path) -> Recorded:
    """Read the answers file alone, whatever the lock says.

    Raises:
        AnswersError: It is missing or damaged, or names no version of a template.
        ProjectError: There are several.
        NoProjectError: There is none.
    """
    answers_file = _find_answers(project)
    data = read_answers(project, answers_file)
    source, version = data.get("_src_path"), data.get("_commit")
    if not isinstance(source, str) or not isinstance(version, str):
        raise AnswersError(
            f"{answers_file} names no template version (_src_path and _commit): this project cannot be followed.",
            hint="It was made from a template without version tags, or by hand.",
        )
    if ":" not in source and not Path(source).expanduser().is_absolute():
        raise AnswersError(
            f"{answers_file} names its template by a relative path ({source}), which means nothing to anyone else.",
            hint="Write the template's URL or absolute path there, commit, and run the command again.",
        )
    answers = answers_of(data)
    return Recorded(template=source, version=version, tree="", answers_file=answers_file, answers=answers, lock=None)


def read_watched(project: Path, read: Callable[[Path], Recorded]) -> tuple[Recorded, Mapping[str, State | None]]:
    """What a project says of itself, and the states of the files that say it, as they were when they were read.

    Raises:
        MlscaffoldError: As for the function that reads.
    """
    before = _states(project, _ANSWERS)
    while True:
        recorded = read(project)
        after = _states(project, recorded.answers_file)
        if after == before:
            return recorded, after
        before = after


def _states(project: Path, answers_file: str) -> dict[str, State | None]:
    return {path: state_of(project / path) for path in (locks.LOCK_FILE, answers_file)}


def answers_of(data: Mapping[Any, Any]) -> Mapping[str, Any]:
    """The answers in the data of an answers file, without what Copier notes for itself."""
    return {str(name): value for name, value in data.items() if not str(name).startswith("_")}


def _find_answers(project: Path) -> str:
    if (project / _ANSWERS).is_file():
        return _ANSWERS
    named = sorted(file.name for file in project.glob(".copier-answers*.y*ml") if file.is_file())
    if len(named) == 1:
        return named[0]
    if named:
        raise ProjectError(
            f"{project} has several answers files ({', '.join(named)}) and no lock: which one counts is not clear.",
            hint=f"Name one of them {_ANSWERS}.",
        )
    raise NoProjectError(
        f"{project} has no {locks.LOCK_FILE} and no {_ANSWERS}: it was not made from a template, or this is not the "
        "project's root folder.",
        hint="Run the command in the folder that holds them, or name that folder.",
    )


def read_answers(project: Path, name: str) -> Mapping[Any, Any]:
    """An answers file as it is, with what Copier notes for itself.

    Raises:
        AnswersError: It is missing, too large, no file or behind a link, or no mapping.
    """
    file = project / name
    try:
        text = read_plain(inside(project, name, error=AnswersError, origin="The lock"), _LIMIT_BYTES).decode()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AnswersError(
            f"The answers file {file} is missing.", hint=f"Restore it: git checkout -- {shlex.quote(name)}"
        ) from error
    except (OSError, ValueError) as error:
        raise AnswersError(f"Cannot read the answers file {file}: {error}") from error
    return _parse(text, origin=str(file), hint=f"Mend it, or restore it: git checkout -- {shlex.quote(name)}")


def answers_in(text: str, *, origin: str) -> Mapping[str, Any]:
    """The answers in the text of an answers file, by question name.

    Raises:
        AnswersError: It does not parse; the message names the origin.
    """
    return answers_of(_parse(text, origin=origin, hint=""))


def _parse(text: str, *, origin: str, hint: str) -> Mapping[Any, Any]:
    import yaml

    try:
        # Of its own for each caller: a template may change what it is given.
        data = copy.deepcopy(_loaded(text))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise AnswersError(f"The answers file {origin} does not parse: {error}", hint=hint) from error
    if not isinstance(data, dict):
        raise AnswersError(f"The answers file {origin} must be a mapping of question names to answers.", hint=hint)
    return data


@functools.lru_cache(maxsize=8)
def _loaded(text: str) -> Any:
    """The same few texts are asked for by several steps of one command, and take a while."""
    import yaml

    return yaml.safe_load(text)

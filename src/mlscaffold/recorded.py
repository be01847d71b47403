"""What a project says of itself: the template, the version and the answers that it was made of.

A project of ours has a lock. One that plain Copier made has an answers file only; everything else is found out from
that, and the caller is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import lock as locks
from .errors import AnswersError, LockError, ProjectError
from .lock import Lock, read_lock

__all__ = ["Recorded", "read_recorded"]

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


def read_recorded(project: Path) -> Recorded:
    """Read lock and answers.

    Raises:
        LockError: The lock cannot be trusted.
        AnswersError: The answers file is missing or damaged.
        ProjectError: There is neither.
    """
    if not project.is_dir():
        raise ProjectError(f"{project} is not a folder.", hint="Name the root folder of a project.")
    lock = read_lock(project) if (project / locks.FILE_NAME).exists() else None
    answers_file = lock.answers_file if lock else _find_answers(project)
    data = _read_answers(project, answers_file)
    answers = {str(name): value for name, value in data.items() if not str(name).startswith("_")}
    if lock is not None:
        return Recorded(
            template=lock.template,
            version=lock.version,
            tree=lock.tree,
            answers_file=answers_file,
            answers=answers,
            lock=lock,
            answers_moved=locks.answers_digest(data) != lock.answers,
        )
    source, version = data.get("_src_path"), data.get("_commit")
    if not isinstance(source, str) or not isinstance(version, str):
        raise AnswersError(
            f"{answers_file} names no template version (_src_path and _commit): this project cannot be followed.",
            hint="It was made from a template without version tags, or by hand.",
        )
    if source.startswith(".") and not Path(source).is_absolute():
        raise AnswersError(
            f"{answers_file} names its template by a relative path ({source}), which means nothing to anyone else.",
            hint="Write the template's URL or absolute path there, commit, and run the command again.",
        )
    return Recorded(template=source, version=version, tree="", answers_file=answers_file, answers=answers, lock=None)


def _find_answers(project: Path) -> str:
    if (project / _ANSWERS).is_file():
        return _ANSWERS
    found = sorted(file.name for file in project.glob(".copier-answers*.y*ml") if file.is_file())
    if len(found) == 1:
        return found[0]
    if found:
        raise ProjectError(
            f"{project} has several answers files ({', '.join(found)}) and no lock: which one counts is not clear.",
            hint=f"Name one of them {_ANSWERS}.",
        )
    raise LockError(
        f"{project} has no {locks.FILE_NAME} and no {_ANSWERS}: it was not made from a template, or this is not the "
        "project's root folder.",
        hint="Run the command in the folder that holds them, or name that folder.",
    )


def _read_answers(project: Path, name: str) -> Mapping[Any, Any]:
    import yaml

    file = project / name
    try:
        if file.is_symlink() or file.stat().st_size > _LIMIT_BYTES:
            raise AnswersError(f"{file} is not a plain file of reasonable size. Refused.")
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AnswersError(
            f"The answers file {file} is missing.", hint=f"Restore it: git checkout -- {name}"
        ) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        hint = f"Mend it, or restore it: git checkout -- {name}"
        raise AnswersError(f"The answers file {file} does not parse: {error}", hint=hint) from error
    if not isinstance(data, dict):
        raise AnswersError(f"The answers file {file} must be a mapping of question names to answers.")
    return data

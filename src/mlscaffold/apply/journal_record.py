"""What a journal says, as values; and its text, parsed as a stranger's word.

A repository may come from anywhere (an archive, a shared folder), and its `.git` with it. So every path is judged by
its words as it is read, and by the disk at the moment of use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from ..errors import MachineError, PendingError
from ..files.entry import Entry, FileMode, check_contained
from ..files.put import Kind, State

__all__ = ["Effect", "Ending", "JournalRecord", "Moment", "Pending", "Phase", "UnknownFormatError", "dump", "parse"]

_T = TypeVar("_T")
_FORMAT = 1
_LARGEST_MODE = 0o7777
#: Fields of an ending that a journal calls otherwise.
_RENAMED = {"from_version", "to_version", "contents"}
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-z]{1,64}")


class Phase(StrEnum):
    """How far a journal is."""

    APPLYING = "applying"
    CONFLICTS = "conflicts"
    TASKS = "tasks"


class Moment(StrEnum):
    """When a path has which of its two states; and the folders beside the journal that hold the copies."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What happens to one path."""

    path: str
    #: Under which its copies are kept.
    number: int
    #: None: nothing lies there.
    before: State | None
    after: State | None
    #: The folders above the path, and the one in its place, with their permissions.
    folders: Mapping[str, int] = field(default_factory=dict)

    def state(self, moment: Moment) -> State | None:
        """What lies at the path then."""
        return self.before if moment is Moment.BEFORE else self.after


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How an update ends, once no conflict is left: the files that it writes last, and what it then says and runs."""

    template: str
    #: Its address before; earlier versions of the tool did not say.
    came_from: str = ""
    from_version: str
    to_version: str
    #: Lock and answers, by path.
    contents: Mapping[str, bytes]
    #: Paths that are removed.
    gone: tuple[str, ...] = ()
    #: What lay at the paths of all of these when the update was begun; earlier versions of the tool did not say.
    seen: Mapping[str, State | None] = field(default_factory=dict)
    #: Files that are left to the project's owners, with the reason.
    left: Mapping[str, str] = field(default_factory=dict)
    #: What the template wants to be said at the end.
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What waits, for those who only look."""

    phase: Phase
    #: What is being done, for a person: "update 0.1.0 -> 0.2.0".
    title: str
    #: Files with conflicts that a person resolves.
    conflicts: tuple[str, ...]
    #: The commands of the template that are still to run.
    tasks: tuple[str, ...]
    #: None where there is nothing more to do, or where the journal does not say it.
    ending: Ending | None

    @property
    def refusal(self) -> PendingError:
        """What to say to who would begin something else: what waits, and the ways on and back."""
        if self.phase is Phase.CONFLICTS:
            listing = "".join(f"\n  {path}" for path in self.conflicts)
            return PendingError(
                f"The {self.title} waits for you to resolve its conflicts:{listing}",
                hint="Resolve and `git add` them, then: mlscaffold update --continue. "
                "To undo: mlscaffold update --abort.",
            )
        return PendingError(
            f"The {self.title} was interrupted.",
            hint="Finish it: mlscaffold update --continue. Undo it: mlscaffold update --abort.",
        )


@dataclass(frozen=True, kw_only=True)
class JournalRecord:
    """All that a journal says."""

    #: Tells what this journal keeps from what others kept.
    id: str
    phase: Phase
    title: str
    #: The commit that the project was at.
    head: str
    effects: tuple[Effect, ...]
    #: The effects that finish the work after conflicts: the lock and the answers. None before that.
    final: tuple[Effect, ...] | None = None
    #: Path -> number of a stage ("1" base, "2" yours, "3" the template's) -> entry.
    conflicts: Mapping[str, Mapping[str, Entry]] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    #: Paths that are staged at the end.
    stage: tuple[str, ...] = ()
    ending: Ending | None = None

    @property
    def pending(self) -> Pending:
        """What waits."""
        conflicts = tuple(sorted(self.conflicts))
        return Pending(phase=self.phase, title=self.title, conflicts=conflicts, tasks=self.tasks, ending=self.ending)


def dump(record: JournalRecord) -> str:
    """A journal's text."""
    data = {"format": _FORMAT, **vars(record), "note": {} if record.ending is None else record.ending}
    del data["ending"]
    return json.dumps(data, indent=1, default=_as_data)


def _as_data(value: object) -> object:
    match value:
        case Effect():
            return vars(value)
        case State(kind=kind, mode=mode, content=content):
            return kind, mode, content
        case Entry(mode=file_mode, blob=blob):
            return file_mode, blob
        case Ending():
            texts = {path: content.decode("utf-8", "surrogateescape") for path, content in value.contents.items()}
            data = {**vars(value), "from": value.from_version, "to": value.to_version, "final": texts}
            return {name: each for name, each in data.items() if name not in _RENAMED}
        case _:
            raise TypeError(f"a journal holds no {type(value).__name__}")


class UnknownFormatError(Exception):
    """Another version of the tool wrote the journal."""


def parse(text: str) -> JournalRecord:
    """A journal from its text.

    Raises:
        UnknownFormatError: Another version wrote it.
        MachineError: It names a path outside of the project.
        ValueError: It is not of the shape that we write.
    """
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT:
            raise UnknownFormatError
        return JournalRecord(
            id=_text(data["id"], _ID),
            phase=Phase(data["phase"]),
            title=_text(data["title"]),
            head=_text(data["head"], _BLOB),
            effects=tuple(map(_effect, _typed(data["effects"], list))),
            final=None if data["final"] is None else tuple(map(_effect, _typed(data["final"], list))),
            conflicts={_path(path): _stages(stages) for path, stages in _typed(data["conflicts"], dict).items()},
            tasks=tuple(map(_text, _typed(data["tasks"], list))),
            stage=tuple(map(_path, _typed(data["stage"], list))),
            ending=_ending(_typed(data["note"], dict)),
        )
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is damaged ({type(error).__name__}: {error})") from error


def _text(value: object, pattern: re.Pattern[str] | None = None) -> str:
    if not isinstance(value, str) or (pattern is not None and not pattern.fullmatch(value)):
        raise TypeError("a text is none")
    return value


def _typed(value: object, kind: type[_T]) -> _T:
    if type(value) is not kind:
        raise TypeError(f"a {kind.__name__} is none")
    return value


def _path(value: object) -> str:
    return check_contained(_text(value), error=MachineError, origin="The journal")


def _effect(data: Mapping[str, Any]) -> Effect:
    return Effect(
        path=_path(data["path"]),
        number=_typed(data["number"], int),
        before=_state(data["before"]),
        after=_state(data["after"]),
        folders={path: _mode(mode) for path, mode in _typed(data["folders"], dict).items()},
    )


def _state(data: object) -> State | None:
    match data:
        case None:
            return None
        case [(Kind.FILE | Kind.LINK) as kind, mode, str(content)]:
            return State(kind=Kind(str(kind)), mode=_mode(mode), content=content)
        case _:
            raise TypeError("a state is none")


def _mode(mode: object) -> int:
    if not 0 <= (permissions := _typed(mode, int)) <= _LARGEST_MODE:
        raise TypeError("a mode is none")
    return permissions


def _stages(data: Mapping[str, Any]) -> Mapping[str, Entry]:
    stages: dict[str, Entry] = {}
    for number, (mode, blob) in data.items():
        if number not in {"1", "2", "3"}:
            raise TypeError("a stage is none")
        stages[number] = Entry(mode=FileMode(mode), blob=_text(blob, _BLOB))
    return stages


def _ending(note: Mapping[str, Any]) -> Ending | None:
    """How the update ends; None where that is not said: the way back must be open all the same."""
    try:
        return Ending(
            template=_text(note.get("template", "")),
            came_from=_text(note.get("came_from", "")),
            from_version=_text(note.get("from", "")),
            to_version=_text(note.get("to", "")),
            contents={path: text.encode("utf-8", "surrogateescape") for path, text in note["final"].items()},
            gone=tuple(map(_text, _typed(note["gone"], list))),
            seen={path: _seen(state) for path, state in note.get("seen", {}).items()},
            left={path: _text(reason) for path, reason in note.get("left", {}).items()},
            message=_text(note.get("message", "")),
        )
    except (LookupError, TypeError, AttributeError, ValueError):
        return None


def _seen(data: object) -> State | None:
    """What lay at a path; that may have been a pipe, which no effect replaces."""
    match data:
        case [Kind.OTHER, mode, str(content)]:
            return State(kind=Kind.OTHER, mode=_mode(mode), content=content)
        case _:
            return _state(data)

"""How far a run has come, kept beside its files: whoever is killed goes on there. The ledger says the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from ..artifacts import whole
from ..contract.types import Section
from ..evaluation.champion import Verdict
from ..registry.history import History
from ..registry.people import who
from .loop import Loop
from .notes import began, runs_of
from .workplace import FOLDER

COURSE = FOLDER / "course.json"

#: What was done last.
Stage = Literal["began", "trained", "compared", "registered", "serving"]
Moment = Annotated[AwareDatetime, Field(strict=False)]


@dataclass(frozen=True)
class Asked:
    """Requests so far: those that failed, all, and when the service was started, in seconds since 1970; 0 if it does not say."""

    failed: float
    total: float
    started: float = 0.0


class Course(Section):
    """A run that is not over.

    Args:
        run: its name.
        since: when the world began to be another; None if it is not said to.
        until: the moment of its newest row.
        verdict: of the comparison, once there is one.
        version: of the registry, once it is there.
        old: the version that served before.
        at: when the new one began to serve.
        looks: how often it was looked at since.
        asked: when it was first watched; None where nobody says.
    """

    format: Literal[1] = 1
    run: str
    stage: Stage = "began"
    since: Moment | None = None
    until: Moment
    verdict: dict[str, Any] | None = None
    version: int | None = None
    old: int | None = None
    at: Moment | None = None
    looks: int = 0
    asked: Asked | None = None

    @property
    def judged(self) -> Verdict:
        """The verdict, as it was."""
        return Verdict(**(self.verdict or {"decision": "keep", "sentence": "nothing was compared"}))


def keep(loop: Loop, course: Course) -> Course:
    """Write how far a run has come; raises `DataError` if that is not possible."""
    path = loop.project.root / COURSE
    with whole(path) as place:
        place.write_text(course.model_dump_json() + "\n", encoding="utf-8")
    loop.reached(f"kept {course.stage}")
    return course


def forget(loop: Loop) -> None:
    """The run is over."""
    (loop.project.root / COURSE).unlink(missing_ok=True)


def resumed(loop: Loop, history: History) -> Course | None:
    """The run that is not over and that is this machine's, as far as it has come; None if there is none."""
    runs = runs_of(history)
    last = runs[-1] if runs else None
    # Anybody may watch; what is half made lies on the machine that began it.
    is_own = last is not None and (last.state == "promoted" or last.by == who(loop.project.root))
    if last is None or last.state not in {"under way", "promoted"} or not is_own:
        return None
    found = _read(loop.project.root / COURSE)
    if found is not None and found.run == last.name:
        return found
    begun = began(history, last.name)
    assert begun is not None  # it is among the runs
    entry, note = begun
    stage: Stage = "began" if last.state == "under way" else "serving"
    return Course(
        run=last.name,
        stage=stage,
        since=note.since,
        until=note.until or entry.at,
        version=last.version,
        old=entry.champion,
        at=_served(history, last.version) if stage == "serving" else None,
    )


def _served(history: History, version: int | None) -> Any:
    """When a version began to serve."""
    found = [entry for entry in history.entries if entry.moves and entry.champion == version]
    return history.moved.get(found[-1].number, found[-1].at) if found else None


def _read(path: Path) -> Course | None:
    try:
        return Course.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None

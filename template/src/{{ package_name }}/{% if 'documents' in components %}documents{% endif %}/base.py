"""What a run knows and pages repeat: a fragment of text each, found by being in `fragments/`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..artifacts import ANALYSIS, METRICS, VALIDATION, Artifact, Value
from ..contract.types import Contract
from ..records import Record, is_of, read_records
from ..steps import CONTRACT, Project

Report = Artifact[dict[str, Any]]
#: The package's name with dashes is the name of the distribution, of the command and of the model.
NAME = __name__.partition(".")[0].replace("_", "-")


@dataclass(frozen=True)
class Run:
    """What the last run of a project has left in `configs/` and `reports/`, which are in git; nothing else is looked at.

    Reports of an earlier run, such as those behind a gate that has refused the last one, are none of it.
    """

    project: Project

    @cached_property
    def contract(self) -> Contract | None:
        """The contract; None as long as nothing has run by it. Raises `SettingsError`."""
        ran = (self.project.root / CONTRACT).is_file() and self.has(VALIDATION)
        return self.project.contract if ran else None

    def has(self, *artifacts: Artifact[Value]) -> bool:
        """Whether this run has written all of these."""
        files = {artifact.path: self.project.root / artifact.path for artifact in artifacts}
        return all(file.is_file() and is_of(file, path, self.records) for path, file in files.items())

    @cached_property
    def refusals(self) -> list[str]:
        """Why gates have refused it: objections to its scores, those of analyses, or else what the record of the step says."""
        told = list(self.read(METRICS)["objections"]) if self.has(METRICS) else []
        if not told and self.has(ANALYSIS):
            found = self.read(ANALYSIS)
            told = [f"{name}: {says}" for name, item in found.items() for says in item["objections"]]
        return told or [str(record["status"]) for record in self.records.values() if record.get("blocked")]

    @cached_property
    def records(self) -> dict[str, Record]:
        """Of its steps, by name."""
        return read_records(self.project.root)

    def read(self, artifact: Artifact[Value]) -> Value:
        """A report that is there."""
        return self.project.read(artifact)


@dataclass(frozen=True)
class Fragment:
    """A part of a page.

    Args:
        name: its name between the markers.
        of: a run, and what stands between the markers now -> what belongs there; None as long as no run has said it.
    """

    name: str
    of: Callable[[Run, str], str | None]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    first = list(head)
    lines = [first, ["---"] * len(first), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    """Any value as text that stays in its cell; names of columns may hold anything printable."""
    text = "" if value is None else str(value)
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def number(value: float | None) -> str:
    """A number as people read it: four significant digits."""
    return "" if value is None else f"{value:.4g}"


def interval(score: dict[str, float]) -> str:
    """The bounds of a score."""
    return f"{number(score['low'])} to {number(score['high'])}"

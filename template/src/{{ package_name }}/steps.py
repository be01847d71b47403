"""Steps: pure functions between files. A step is a module of pipelines/ with a `STEP`; what it reads decides the order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from .artifacts import Artifact, Value, whole
from .contract.types import Contract
from .discovery import discover
from .settings import Settings, load_settings

CONTRACT = "configs/contract.yaml"
SOURCES = "configs/sources.yaml"


@dataclass(frozen=True)
class Project:
    """The folder of a project: its configuration, and its artifacts."""

    root: Path = Path()
    params: Path = Path("params.yaml")

    @cached_property
    def settings(self) -> Settings:
        """params.yaml; raises `SettingsError`."""
        return load_settings(self.root / self.params)

    @cached_property
    def contract(self) -> Contract:
        """configs/contract.yaml; raises `SettingsError`."""
        from .contract.file import load_contract

        return load_contract(self.root / CONTRACT)

    def read(self, artifact: Artifact[Value]) -> Value:
        """What an earlier step wrote; `lineage.require_current` has seen that it is there."""
        return artifact.read(self.root / artifact.path)

    def write(self, artifact: Artifact[Value], value: Value) -> None:
        """Replace an artifact whole; raises `DataError` if it cannot be written."""
        with whole(self.root / artifact.path) as place:
            artifact.write(place, value)


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        name: its name as a command and as a stage of dvc.yaml; the module has the same.
        run: does it, and returns what to print about it in one line.
        reads: artifacts of earlier steps.
        writes: artifacts that it makes.
        params: settings that it uses, by dotted name in params.yaml.
        sources: files from outside that it reads.
        judges: whether the contract's `acceptance` is a part of what it does.
    """

    name: str
    run: Callable[[Project], object]
    reads: tuple[Artifact[Any], ...] = ()
    writes: tuple[Artifact[Any], ...] = ()
    params: tuple[str, ...] = ()
    sources: Callable[[Project], list[Path]] = field(default=lambda _: [])
    judges: bool = False


def all_steps() -> list[Step]:
    """Every step of pipelines/, each after those whose artifacts it reads."""
    steps = discover("pipelines", Step)
    makers = {artifact.path: step.name for step in steps.values() for artifact in step.writes}
    before = {
        name: sorted({makers[artifact.path] for artifact in step.reads if artifact.path in makers})
        for name, step in sorted(steps.items())
    }
    return [steps[name] for name in TopologicalSorter(before).static_order()]


def execute(step: Step, project: Project) -> str:
    """Run one step on inputs that belong together, and record what it made of what; returns one line about it.

    Raises:
        LineageError: an input is missing, failed, or was made from something else than what is there now.
        ProjectError: what the step itself refuses; the record says so, and no later step will run.
    """
    from threadpoolctl import threadpool_limits

    from .lineage import Lineage

    lineage = Lineage(project, all_steps())
    lineage.require_current(step)
    with lineage.recording(step), threadpool_limits(limits=project.settings.threads):
        return str(step.run(project))

"""What a step is, and the project that it works in. Each module of pipelines/ defines one as `STEP`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .artifacts import Artifact, Value, whole
from .contract.types import Contract
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
        configs: files of configs/ that it reads, besides the contract.
        sources: files from outside that it reads.
        guards: names of steps that must not run before it has succeeded.
        brief: what `pipeline` runs instead, where all of it would take too long; nothing if what is there is current.
        judges: whether the contract's `acceptance` is a part of what it does.
        gathers: patterns of reports of all other steps. It reads those that are there, whatever became of their steps, and is
            run when a gate refuses one of them, too.
    """

    name: str
    run: Callable[[Project], object]
    reads: tuple[Artifact[Any], ...] = ()
    writes: tuple[Artifact[Any], ...] = ()
    params: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    sources: Callable[[Project], list[Path]] = field(default=lambda _: [])
    guards: tuple[str, ...] = ()
    brief: Callable[[Project], object] | None = None
    judges: bool = False
    gathers: tuple[str, ...] = ()

"""`tune` in params.yaml: how long is searched, for what, by what, and where."""

from __future__ import annotations

from typing import Annotated, TypeVar

import joblib
from pydantic import Field

from ..configuration import load, refused
from ..contract.types import Section
from ..discovery import discover
from ..steps import Project
from .base import Engine, Search

Offer = TypeVar("Offer", Search, Engine)


class TuneSettings(Section):
    """`tune` in params.yaml."""

    leading: Annotated[int, Field(ge=1, le=8, description="Of so many candidates, the best with defaults.")] = 2
    trials: Annotated[
        int, Field(ge=1, le=10_000, description="A candidate, and again for each fold it is judged by.")
    ] = 30
    minutes: Annotated[float, Field(gt=0, le=10_000, description="After which nothing new is tried.")] = 10.0
    inner_folds: Annotated[int, Field(ge=2, le=20, description="By which trials are judged inside of a fold.")] = 3
    together: Annotated[int, Field(ge=1, le=1000, description="Trials that are drawn at once.")] = 4
    search: Annotated[str, Field(description="By what settings are drawn.")] = "random"
    engine: Annotated[str, Field(description="What trials run on.")] = "local"
    workers: Annotated[int | None, Field(ge=1, le=1000, description="Processes; else cores by threads.")] = None
    address: Annotated[str | None, Field(description="Of a cluster that is there already.")] = None

    def crew(self, threads: int) -> int:
        """How many processes work at once, with so many threads each: together no more than there are cores."""
        return self.workers or max(1, joblib.cpu_count() // threads)


def load_tune(project: Project) -> TuneSettings:
    """The section; raises `SettingsError` that names the line to mend."""
    return load(project.root / project.params, TuneSettings, at=("tune",))


def chosen(project: Project, kind: type[Offer], key: str, name: str) -> Offer:
    """The search or the engine of a name.

    Raises:
        SettingsError: there is none; says which there are.
    """
    offers = discover("tuning", kind)
    if name not in offers:
        there = ", ".join(sorted(offers))
        raise refused(project.root / project.params, ("tune", key), f"there is no `{name}` here; there are {there}")
    return offers[name]

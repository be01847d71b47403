"""Where the ledger is kept: as parameters of one run in MLflow, which are written once and never again.

MLflow refuses another value for a parameter that is there, on a server as in a file: of two that write entry 7 at once, one
is told that it is taken. A run has no name that is its own; an experiment has, so one that is made in the same moment as
its tag says which run it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..settings import Tracking
from ..tracking.client import experiment_of
from ..tracking.connection import unless
from .entry import LedgerError

_RUN = "ledger.run"
_ENTRY, _MOVED = re.compile(r"\d{6}"), re.compile(r"(\d{6})\.moved")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is there: texts of entries and moments by number, and names that are neither."""

    texts: Mapping[int, str] = field(default_factory=dict)
    moved: Mapping[int, str] = field(default_factory=dict)
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Store:
    """The ledger of one alias of one registered model, with MLflow's client."""

    client: Any
    settings: Tracking
    root: Path
    model: str

    @property
    def title(self) -> str:
        """The experiment that says which run it is; beside the project's own, where experiments lie in folders."""
        folder, slash, _ = self.settings.experiment.rpartition("/")
        return f"{folder}{slash}{self.model}@{self.settings.alias}.ledger"

    def read(self) -> Kept:
        """All that is there; nothing if there is no ledger yet."""
        run_id = self._run_id()
        if run_id is None:
            return Kept()
        values: dict[str, str] = self.client.get_run(run_id).data.params
        marks = [(found, text) for name, text in values.items() if (found := _MOVED.fullmatch(name))]
        return Kept(
            texts={int(name): text for name, text in values.items() if _ENTRY.fullmatch(name)},
            moved={int(found[1]): text for found, text in marks},
            strange=tuple(name for name in values if not _ENTRY.fullmatch(name) and not _MOVED.fullmatch(name)),
        )

    def put(self, number: int, text: str) -> bool:
        """Write an entry; False if another has the number."""
        return self._once(f"{number:06}", text)

    def mark(self, number: int, moment: str) -> None:
        """Write when the alias had moved, unless that is known."""
        self._once(f"{number:06}.moved", moment)

    def _once(self, name: str, text: str) -> bool:
        run_id = self._run_id() or self._begin()
        with unless("INVALID_PARAMETER_VALUE"):
            self.client.log_param(run_id, name, text)
        found = self.client.get_run(run_id).data.params.get(name)
        if found is None:
            raise LedgerError(
                f"The ledger cannot be written: MLflow refuses {name} in run {run_id}.",
                f"If somebody has deleted that run, bring it back: mlflow runs restore --run-id {run_id}",
            )
        return bool(found == text)

    def _run_id(self) -> str | None:
        found = self.client.get_experiment_by_name(self.title)
        return None if found is None else found.tags.get(_RUN)

    def _begin(self) -> str:
        """Make the run, and the experiment that names it; of two that begin at once, one takes the other's."""
        experiment = experiment_of(self.client, self.settings, self.root)
        run_id = str(self.client.create_run(experiment, run_name=self.title.rpartition("/")[2]).info.run_id)
        self.client.set_terminated(run_id)
        with unless("RESOURCE_ALREADY_EXISTS"):
            self.client.create_experiment(self.title, tags={_RUN: run_id})
        chosen = self._run_id()
        if chosen is None:
            raise LedgerError(
                f"MLflow's experiment {self.title} does not say which run is the ledger.",
                f"Its tag {_RUN} was removed: set it to the id of the run of that name.",
            )
        if chosen != run_id:
            self.client.delete_run(run_id)
        return chosen

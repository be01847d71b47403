"""What a run is to its page: its reports, as far as they belong together, its contract, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ..contract.file import load_contract
from ..contract.types import Contract
from ..records import is_of, read_records
from ..steps import CONTRACT
from ..tracking.runs import DECIDED
from .privacy import without_persons

Decision = Literal["promote", "keep", "block", "open"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run, finished, refused or under way.

    Args:
        name: what it is called on the page.
        contract: what was asked; None if it is not kept.
        reports: reports/*.json and *.csv by name; a csv is a list of its rows. None is of another run than the others.
        records: reports/lineage/*.json by step, of this run.
        environment: short facts about where it ran.
    """

    name: str
    contract: Contract | None
    reports: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def found(self, analysis: str) -> Mapping[str, Any]:
        """What an analysis found, or nothing."""
        told: Mapping[str, Any] = self.reports.get("analysis", {}).get(analysis, {})
        return told

    @property
    def metrics(self) -> Mapping[str, Any]:
        """reports/metrics.json, or nothing."""
        told: Mapping[str, Any] = self.reports.get("metrics", {})
        return told

    @property
    def refused_by(self) -> str | None:
        """The step whose gate refused the run."""
        blocked = [step for step, record in self.records.items() if record.get("blocked")]
        if blocked or not self.metrics or self.metrics.get("accepted", True):
            return blocked[0] if blocked else None
        return "evaluate"

    @property
    def objections(self) -> list[str]:
        """Why a gate refused the run: sentences."""
        told = [
            f"{name}: {says}" for name, item in self.reports.get("analysis", {}).items() for says in item["objections"]
        ]
        if found := [*self.metrics.get("objections", ()), *told]:
            return list(dict.fromkeys(found))
        step = self.refused_by
        return [str(self.records[step]["status"])] if step and step in self.records else []

    @property
    def decision(self) -> Decision:
        """What came of it; `open` if it has not come to an end."""
        if self.refused_by:
            return "block"
        decided: Decision = self.reports.get("registered", {}).get("decision", "open")
        return decided

    @property
    def sentence(self) -> str:
        """The decision in words."""
        if self.decision == "block":
            return f"The gate of `{self.refused_by}` refused it: nothing was exported to be served, and the champion stays."
        if self.decision == "open":
            return "The run has not come to a decision."
        said = str(self.reports["registered"]["sentence"])
        return f"{said[:1].upper()}{said[1:]}."


def read_run(folder: Path, name: str, environment: Mapping[str, str] | None = None) -> Run:
    """The run whose reports lie below a project's folder, without personal data.

    Raises:
        SettingsError: its contract is wrong.
    """
    path, reports = folder / CONTRACT, folder / "reports"
    contract = load_contract(path) if path.is_file() else None
    records = read_records(folder)
    found = {}
    for file in sorted([*reports.glob("*.json"), *reports.glob("*.csv")]):
        if is_of(file, f"reports/{file.name}", records):
            found[file.stem] = _json(file) if file.suffix == ".json" else pl.read_csv(file).to_dicts()
    if (decided := folder / DECIDED).is_file():
        found.setdefault("registered", _json(decided))
    run = Run(name=name, contract=contract, reports=found, records=records, environment=environment or {})
    return without_persons(run)


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content

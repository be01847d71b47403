"""The project of the demo: a folder of its own, with a first model, made by the pipeline as any other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from ...contract.cells import Form, kinds_of
from ...contract.types import Contract
from ...data_loaders.base import typed
from ...steps import CONTRACT, SOURCES, Project
from ...workflow import all_steps, execute_briefly, without
from ..training import needed
from .world import Row, World

#: Rows of the first model, and rows of a window, which is a week.
FIRST_ROWS, WEEK_ROWS = 3000, 240
#: Steps that take long, and add nothing to what is shown.
LEFT_OUT = ["analyse", "profile", "tune", "unlabelled"]
_PARAMS: dict[str, Any] = {
    "format": 1,
    "seed": 1,
    "threads": 1,
    "validation": {"minimum_rows": 50, "maximum_missing_share": 0.95},
    "split": {"holdout_share": 0.25, "folds": 3},
    "features": {"max_categories": 20, "max_words": 200},
    "export": {"opset": 21, "parity_tolerance": 0.0001},
    "tracking": {"uri": "sqlite:///mlflow.db", "experiment": "demo", "alias": "champion"},
}
MONITORING: dict[str, Any] = {"format": 1, "windows": {"rows": WEEK_ROWS}, "alarm": {"drifted": 2, "of": 3}}
RETRAINING: dict[str, Any] = {
    "format": 1,
    "rules": [{"kind": "drift"}, {"kind": "degradation", "worse": 2, "of": 3}],
    "stop": {"cool_down": "14d", "a_week": 1, "rows": 500},
    "rows": "served",
    "window": {"kind": "since_change", "rows": 4000},
    "compare": {"rows": 240},
    "watch": {"rows": 240, "looks": 3, "at_most": "180d"},
    "without": LEFT_OUT,
}


def lay(folder: Path, world: World, schemas: Path, seed: int) -> Project:
    """A project with a first model, registered and served.

    Args:
        folder: made anew.
        world: whose rows are learnt from.
        schemas: the project's own configs/, which say which components ask for a file.
        seed: of the rows.

    Raises:
        ProjectError: as any step.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "configs").mkdir(parents=True)
    (folder / "data" / "raw").mkdir(parents=True)
    files = {
        CONTRACT: world.contract.model_dump(mode="json", exclude_unset=True),
        SOURCES: {
            "format": 1,
            "sources": {"rows": {"kind": "parquet", "path": "data/raw/rows.parquet", "assembled": True}},
        },
        "params.yaml": _PARAMS,
        "configs/monitoring.yaml": MONITORING,
        "configs/retraining.yaml": RETRAINING,
    }
    for schema in schemas.glob("*.schema.json"):
        # What other components are told there, and is nothing.
        required = json.loads(schema.read_text(encoding="utf-8"))["required"]
        nothing: dict[str, Any] = {name: 1 if name == "format" else {} for name in required}
        files.setdefault(f"configs/{schema.name.partition('.')[0]}.yaml", nothing)
    for name, values in files.items():
        (folder / name).write_text(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    random = np.random.default_rng(seed)
    rows = world.draw(random, FIRST_ROWS)
    table_of(world.contract, rows, world.outcomes(random, rows)).write_parquet(folder / "data" / "raw" / "rows.parquet")
    project = Project(folder)
    steps = needed(LEFT_OUT)
    last = next(step for step in without(all_steps(), LEFT_OUT) if step.name == "register")
    for step in [*steps, last]:
        execute_briefly(step, project, [*steps, last])
    return project


def table_of(contract: Contract, rows: Sequence[Row], outcomes: Sequence[Any]) -> pl.DataFrame:
    """Rows as a table in canonical types."""
    columns = {name: [row[name] for row in rows] for name in contract.columns}
    table = pl.DataFrame({**columns, contract.target.column: outcomes}, strict=False)
    found, problems = typed(table, kinds_of(contract), Form(zone=contract.time_zone))
    if problems:
        raise AssertionError(problems)
    return found

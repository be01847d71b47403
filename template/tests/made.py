"""A small made table with a column of each kind, and the configuration for each task. No test needs the project's own table."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

PARAMS = """\
format: 1
seed: 7
threads: 1
validation: {minimum_rows: 50, maximum_missing_share: 0.95}
split: {holdout_share: 0.25, folds: 3}
features: {max_categories: 20, max_words: 200}
models: {}
tune: {trials: 2, workers: 1}
export: {opset: 21, parity_tolerance: 0.0001}
tracking: {uri: "sqlite:///mlflow.db", experiment: made, alias: champion}
"""
SOURCES = """\
format: 1
sources:
  customers: {kind: csv, path: data/raw/customers.csv, key: ["Customer no."]}
"""
TARGETS = {
    "binary": 'target: {column: left, labels: ["no", "yes"], positive: "yes"}',
    "multiclass": "target: {column: plan, labels: [small, medium, large]}",
    "regression": "target: {column: spent, unit: euros}",
}
LATER = {"binary": "[plan, spent]", "multiclass": "[left, spent]", "regression": "[left, plan]"}
CONTRACT = """\
format: 1
task: {task}
{target}
key: ["Customer no."]
time: opened
known_later: {later}
columns:
  age: {{kind: integer, minimum: 16, maximum: 120}}
  "income, k€ [year]": {{kind: number, minimum: 0, maximum: 1000, missing: true}}
  City: {{kind: category, missing: true}}
  member: {{kind: boolean}}
  opened: {{kind: datetime, parts: [weekday, hour, month]}}
  remark: {{kind: text, missing: true}}
acceptance:
  too_good: {{metrics: {{{headline}: 0.995}}}}
"""
HEADLINES = {"binary": "roc_auc", "multiclass": "roc_auc", "regression": "r2"}


def customers(rows: int = 600, seed: int = 5) -> pl.DataFrame:
    """A table whose outcomes follow from its columns, with noise; about one in twelve values is missing where some may be."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    income = np.round(random.lognormal(3.5, 0.5, rows), 1)
    city = random.choice(["Aachen", "Berlin", "Célle", "Düren"], rows, p=[0.4, 0.3, 0.2, 0.1])
    member = random.random(rows) < 0.4
    angry = random.random(rows) < 0.3
    remark = np.where(angry, "Terrible service, very slow!", "All fine, thank you")
    opened = [datetime(2024, 1, 1) + timedelta(hours=7 * row) for row in range(rows)]  # noqa: DTZ001 - local time
    score = (age - 45) / 20 + np.log(income) - 3.5 + np.where(city == "Berlin", 1.0, 0.0) - 1.2 * member + 1.5 * angry
    noisy = score + random.logistic(0, 0.7, rows)

    def some(values: np.ndarray) -> list[object]:
        lost = random.random(rows) < 0.08
        return [None if gone else value for value, gone in zip(values.tolist(), lost, strict=True)]

    return pl.DataFrame(
        {
            "Customer no.": [f"C{row:05}" for row in range(rows)],
            "age": age,
            "income, k€ [year]": some(income),
            "City": some(city),
            "member": np.where(member, "yes", "no"),
            "opened": [moment.isoformat(sep=" ") for moment in opened],
            "remark": some(remark),
            "left": np.where(noisy > 0.5, "yes", "no"),
            "plan": np.select([noisy < -0.5, noisy < 1.0], ["small", "medium"], "large"),
            "spent": np.round(50 + 20 * noisy, 2),
        }
    )


def contract(task: str) -> str:
    """The text of configs/contract.yaml."""
    return CONTRACT.format(task=task, target=TARGETS[task], later=LATER[task], headline=HEADLINES[task])


def write_project(folder: Path, task: str = "binary", rows: int = 600) -> Path:
    """A project's data and configuration in a folder; the code is the one that is tested."""
    (folder / "configs").mkdir(parents=True)
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    (folder / "configs" / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (folder / "configs" / "contract.yaml").write_text(contract(task), encoding="utf-8")
    for schema in (Path(__file__).parents[1] / "configs").glob("*.schema.json"):
        # What components are told stands there, and is nothing.
        settings = folder / "configs" / f"{schema.name.partition('.')[0]}.yaml"
        if not settings.exists():
            required = json.loads(schema.read_text(encoding="utf-8"))["required"]
            nothing: dict[str, object] = {name: 1 if name == "format" else {} for name in required}
            settings.write_text(json.dumps(nothing), encoding="utf-8")
    customers(rows).write_csv(folder / "data" / "raw" / "customers.csv")
    return folder

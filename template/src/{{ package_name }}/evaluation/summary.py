"""What `pipeline` shows at its end: how the candidates compare, how the best did on the hold-out, and what came of it."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from ..artifacts import COMPARISON, METRICS, MODEL, REGISTERED, SPLIT
from ..steps import Project


def print_summary(project: Project, seconds: float) -> None:
    """Print two tables made from the reports: of the candidates, a row each, and of the scores of the best one."""
    console = Console(highlight=False, markup=False)
    console.print("How the candidates compare, mean ± standard deviation over folds:")
    console.print(_candidates(project.read(COMPARISON)))
    split, metrics = project.read(SPLIT), project.read(METRICS)
    by = "at random" if split["by"] == "random" else f"by {split['by']}"
    console.print(f"How the best one does on {metrics['rows']} rows that it has never seen (divided {by}):")
    console.print(_holdout(metrics))
    console.print(split["says"])
    found = project.read(REGISTERED)
    console.print(f"Decision: {found['decision']}. {found['sentence'][:1].upper()}{found['sentence'][1:]}.")
    console.print(f"{project.root / MODEL.path} is ready, after {seconds:.0f} s.")


def _candidates(comparison: Any) -> Table:
    names, metrics = (list(dict.fromkeys(comparison[column])) for column in ("candidate", "metric"))
    cells = {(row["candidate"], row["metric"]): _mean(row) for row in comparison.iter_rows(named=True)}
    table = Table("training data", *(metric.replace("_", " ") for metric in metrics), padding=0)
    for name in names:
        table.add_row(name, *(cells.get((name, metric), "") for metric in metrics))
    return table


def _mean(row: dict[str, Any]) -> str:
    return f"{row['mean']:.3f}" + ("" if row["std"] is None else f" ± {row['std']:.3f}")


def _holdout(metrics: dict[str, Any]) -> Table:
    table = Table(
        "hold-out", "naive baseline", metrics["model"], f"{2 * metrics['confidence']['bounds'] - 1:.0%} interval"
    )
    for name, score in metrics["holdout"].items():
        naive = metrics["baseline"].get(name)
        bounds = f"{score['low']:.3f} to {score['high']:.3f}"
        table.add_row(name, "" if naive is None else f"{naive:.3f}", f"{score['value']:.3f}", bounds)
    return table

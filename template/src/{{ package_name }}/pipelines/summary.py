"""What `pipeline` shows at its end: how the candidates compare, and how the model did on the hold-out."""

from __future__ import annotations

import json

import polars as pl
from rich.console import Console
from rich.table import Table

from ..workspace import Workspace


def print_summary(workspace: Workspace, seconds: float) -> None:
    """Print two tables made from the reports: scores are rows, models are columns."""
    console = Console(highlight=False)
    comparison = pl.read_csv(workspace.comparison)
    candidates = comparison["candidate"].unique(maintain_order=True).to_list()
    table = Table("training data", *candidates)
    for metric in comparison["metric"].unique(maintain_order=True):
        rows = comparison.filter(pl.col("metric") == metric)
        cells = {row["candidate"]: f"{row['mean']:.3f} ± {row['std']:.3f}" for row in rows.iter_rows(named=True)}
        table.add_row(metric, *(cells[candidate] for candidate in candidates))
    console.print("How the candidates compare, mean ± standard deviation over folds:")
    console.print(table)
    metrics = json.loads(workspace.metrics.read_text(encoding="utf-8"))
    table = Table("hold-out", "naive_baseline", metrics["model"])
    for metric, value in metrics["holdout"].items():
        table.add_row(metric, f"{metrics['baseline'][metric]:.3f}", f"{value:.3f}")
    console.print("How the best one does on later flights that it has never seen:")
    console.print(table)
    console.print(f"{workspace.model} is ready, after {seconds:.0f} s.")

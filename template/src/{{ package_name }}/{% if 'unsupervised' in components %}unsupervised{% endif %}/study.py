"""Clusters of training rows, rows that are unusual, and what is told of both: counts and names of columns, and no values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import silhouette_samples
from sklearn.pipeline import Pipeline

from ..artifacts import parts_of
from ..contract.types import Contract
from ..features.encoders import as_float32, for_linear_models
from ..features.frame import model_frame
from ..predictor.encoding import Layout, layout_of
from ..settings import Features
from ..tasks.multiclass import TASK
from .clusters import MOST_ROWS, Chosen, choose
from .structure import Structure, near

#: Beyond the upper quartile by so many interquartile ranges, a score is far out (J. Tukey 1977).
FENCE = 3.0
#: Rows that are told of, and columns by which a cluster differs.
WORST, COLUMNS = 10, 3


@dataclass(frozen=True, kw_only=True)
class Studied:
    """What was learnt.

    Args:
        model: a pipeline of encoders and a `Structure`, of frames of the layout.
        layout: the columns that are looked at: numbers and categories, or texts if there is nothing else.
        chosen: how many clusters there are, and why.
        fence: rows with a score above it are unusual.
    """

    model: Pipeline
    layout: Layout
    chosen: Chosen
    fence: float


def study(contract: Contract, rows: pl.DataFrame, bounds: Features, seed: int) -> tuple[Studied, dict[str, Any]]:
    """What rows of the contract [N] are like without regard to their outcome, and reports/unsupervised.json of it."""
    layout = looked_at(layout_of(contract))
    frame = model_frame(contract, rows)[:, : len(layout.names)]
    plain = bounds.model_copy(update={"columns": {}, "all": ()})
    # A task whose targets no encoder looks at.
    prepare = for_linear_models(frame, layout, plain, TASK)
    prepare.sparse_threshold = 0
    prepare.fit(frame)
    as_float32(prepare)
    chosen = choose(frame, lambda some: near(prepare.transform(some)), seed)
    structure = Structure(chosen.clusters, seed).fit(prepare.transform(frame))
    model = Pipeline([("prepare", prepare), ("model", structure)])
    told = np.concatenate([model.transform(part) for part in parts_of(frame)])
    low, high = np.quantile(told[:, -1], [0.25, 0.75])
    studied = Studied(model=model, layout=layout, chosen=chosen, fence=float(high + FENCE * (high - low)))
    return studied, _report(studied, frame, told)


def looked_at(layout: Layout) -> Layout:
    """Words of texts would drown everything else, so they count only where there is nothing else."""
    return Layout(layout.numbers, layout.categories, () if layout.numbers or layout.categories else layout.texts)


def _report(studied: Studied, frame: pl.DataFrame, told: np.ndarray) -> dict[str, Any]:
    labels, unusual = told[:, :-1].argmin(axis=1), told[:, -1] > studied.fence
    worst = [row for row in np.argsort(-told[:, -1], kind="stable")[:WORST] if unusual[row]]
    why = _because(studied, frame, worst)
    chosen, share = studied.chosen, float(unusual.mean())
    return {
        "rows": len(frame),
        "columns": len(studied.layout.names),
        "clusters": {
            "count": chosen.clusters,
            "silhouette": round(chosen.silhouette, 4),
            "by_chance": round(max(chosen.by_chance, default=-1.0), 4),
            "each": _each(studied, frame, labels) if chosen.clusters > 1 else [],
            "tried": [
                {
                    "clusters": each.clusters,
                    "silhouette": {
                        "mean": round(float(np.mean(each.silhouettes)), 4),
                        "std": round(float(np.std(each.silhouettes, ddof=1)), 4),
                    },
                    "stability": round(each.stability, 4),
                    "smallest": round(each.smallest, 4),
                }
                for each in chosen.tried
            ],
        },
        "unusual": {
            "rows": int(unusual.sum()),
            "share": round(share, 6),
            "above": round(studied.fence, 4),
            "worst": [
                {"row": int(row) + 1, "score": round(float(told[row, -1]), 4), "most_by": name}
                for row, name in zip(worst, why, strict=True)
            ],
        },
    }


def _each(studied: Studied, frame: pl.DataFrame, labels: np.ndarray) -> list[dict[str, Any]]:
    """Size, silhouette and what differs, of each cluster."""
    some = np.sort(np.random.default_rng(0).permutation(len(frame))[: 4 * MOST_ROWS])
    silhouettes = np.full(len(some), np.nan)
    if len(np.unique(labels[some])) > 1:
        silhouettes = silhouette_samples(near(studied.model["prepare"].transform(frame[some])), labels[some])
    numbers = frame[:, : len(studied.layout.numbers)].to_numpy().astype(np.float64)
    spread = np.nanstd(numbers, axis=0) if numbers.size else np.zeros(0)
    told = []
    for label in range(studied.chosen.clusters):
        own, seen = labels == label, silhouettes[labels[some] == label]
        apart: Mapping[str, float] = {
            name: float((np.nanmean(values[own]) - np.nanmean(values)) / size)
            for name, values, size in zip(studied.layout.numbers, numbers.T, spread, strict=True)
            if size > 0 and not np.isnan(values[own]).all()
        }
        told.append(
            {
                "cluster": label + 1,
                "rows": int(own.sum()),
                "share": round(float(own.mean()), 6),
                "silhouette": round(float(seen.mean()), 4) if len(seen) else None,
                "deviations": {
                    name: round(apart[name], 3) for name in sorted(apart, key=lambda name: -abs(apart[name]))[:COLUMNS]
                },
            }
        )
    return told


def _because(studied: Studied, frame: pl.DataFrame, rows: list[Any]) -> list[str]:
    """Of each row the column without which it would be least unusual: as if its value were the usual one."""
    usual = {
        column.name: column.fill_nan(None).median() if column.dtype.is_numeric() else column.mode().sort()[0]
        for column in frame.iter_columns()
    }
    found = []
    for row in rows:
        alone = frame[[row] * frame.width]
        changed = alone.with_columns(
            pl.when(pl.int_range(pl.len()) == place).then(pl.lit(usual[name], dtype=kind)).otherwise(name).alias(name)
            for place, (name, kind) in enumerate(frame.schema.items())
        )
        found.append(studied.layout.names[int(studied.model.transform(changed)[:, -1].argmin())])
    return found


def sentence(report: Mapping[str, Any]) -> str:
    """What came of it, in a line."""
    clusters, unusual = report["clusters"], report["unusual"]
    several = f"silhouette {clusters['silhouette']:.2f}, by chance at most {clusters['by_chance']:.2f}"
    said = f"{clusters['count']} clusters ({several})" if clusters["count"] > 1 else f"no clusters ({several})"
    return f"{said}; {unusual['rows']} of {report['rows']} rows are unusual"

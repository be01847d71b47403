"""What the served model was like when it was judged: what the rules compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..monitoring.reference import Reference, Score, reference_of
from ..monitoring.summary import CategorySummary, ColumnSummary, NumberSummary
from ..predictor.predictor import Predictor
from ..tasks.base import task_of


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A model, and what its export knew of it.

    Args:
        name: of the model.
        version: of the model.
        rows: on how many rows it learnt; 0 where the model does not say what it learnt from.
        missing: by column, the share without a value.
        unseen: by column of words, the share of words that are to be expected as new.
        labels: by label, its share in the predictions on the hold-out.
        mean: of predicted numbers on the hold-out; None for labels.
        deviation: of these.
        scores: by metric, on the hold-out.
        higher: by metric of the task, whether more is better.
    """

    name: str
    version: str
    rows: int = 0
    missing: Mapping[str, float] = field(default_factory=dict)
    unseen: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, float] = field(default_factory=dict)
    mean: float | None = None
    deviation: float = 0.0
    scores: Mapping[str, Score] = field(default_factory=dict)
    higher: Mapping[str, bool] = field(default_factory=dict)


def baseline_of(model: Predictor) -> Baseline:
    """What a model carries; raises `ModelFileError` where that is wrong."""
    reference = reference_of(model)
    if reference is None:
        return Baseline(name=model.name, version=model.version)
    summary = reference.summary
    columns = {name: column for name, column in summary.columns.items() if name in model.contract.columns}
    return Baseline(
        name=model.name,
        version=model.version,
        rows=summary.rows,
        missing={name: _share(column.missing, summary.rows) for name, column in columns.items()},
        unseen={name: _new(columns[name], summary.rows) for name in model.about.vocabularies if name in columns},
        labels=_labels(reference),
        **_values(reference),
        scores=reference.scores,
        higher=task_of(model.contract).metrics,
    )


def _share(part: int, rows: int) -> float:
    return round(part / rows, 6) if rows else 0.0


def _new(column: ColumnSummary, rows: int) -> float:
    """Good and Turing's estimate: the next word is new as often as words came once."""
    return _share(column.once, rows) if isinstance(column, CategorySummary) else 0.0


def _labels(reference: Reference) -> dict[str, float]:
    label = reference.summary.predictions.get("label")
    if not isinstance(label, CategorySummary) or not label.present:
        return {}
    return {word: _share(count, label.present) for word, count in label.words.items()}


def _values(reference: Reference) -> dict[str, float]:
    value = reference.summary.predictions.get("value")
    if not isinstance(value, NumberSummary) or not value.present:
        return {}
    return {"mean": value.moments.mean, "deviation": value.moments.deviation}

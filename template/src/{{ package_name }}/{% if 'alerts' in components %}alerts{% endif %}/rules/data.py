"""Whether what comes in, and what is said of it, is like what was learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds

_PREDICTED, _COUNTED = "serving_predictions_total{$job}", 'serving_drift_rows_total{$job, outcome="counted"}'
_HOUR = f"sum by (job) (increase({_PREDICTED}[1h]))"


class _Counter(NamedTuple):
    """What is counted by column, of which rows, the baseline that it is compared with, and from where on it matters."""

    metric: str
    of: str
    before: str
    limit: float
    rows: int


def _columns(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    more = "a share of {value} more of its rows than when the model learnt"
    missing = _Counter("serving_input_missing_total", _COUNTED, "missing", limits.missing_share, limits.rows)
    unseen = _Counter("serving_unseen_categories_total", _PREDICTED, "unseen", limits.unseen_share, limits.rows)
    outside = _Counter("serving_input_out_of_range_total", _COUNTED, "", limits.outside_share, limits.rows)
    return (
        _of_column("InputMissing", missing, f"Column {{column}} has no value in {more}."),
        _of_column("InputUnseen", unseen, f"Column {{column}} has words that the model does not know in {more}."),
        _of_column("InputOutOfRange", outside, "Column {column} is outside of what was learnt in a share of {value}."),
    )


def _of_column(name: str, counter: _Counter, summary: str) -> Rule:
    """A share of a column's values is larger than it was in the rows learnt from."""
    metric, of, before, limit, rows = counter
    hour = f"sum by (job) (increase({of}[1h]))"
    share = f"sum by (job, column) (increase({metric}{{$job}}[1h])) / on (job) group_left {hour}"
    apart = f"({share}) - on (job, column) baseline_{before}_share{{$job}}" if before else share
    total = f'{metric}{{$job, instance="a", column="c"}}'
    each = max(1, rows // 10)
    many, few = f"0+{each}x120", f"0+{each * limit / 2:g}x120"
    known = {f'baseline_{before}_share{{$job, column="c"}}': "0x120"} if before else {}
    return Rule(
        name=name,
        area="data",
        severity="warning",
        expr=f"({apart} > {limit}) and on (job) {hour} >= {rows}",
        wait="10m",
        summary=summary,
        fires=Story(series={of: many, total: many, **known}, at=100, labels={"column": "c"}, value="1"),
        silent=Story(series={of: many, total: few, **known}, at=100),
    )


def _predictions(baseline: Baseline, limits: Thresholds) -> Sequence[Rule]:
    return (_numbers(limits),) if baseline.mean is not None else (_labels(limits),)


def _labels(limits: Thresholds) -> Rule:
    many = f"0+{max(2, limits.rows // 10)}x120"
    share = f"sum by (job, label) (increase(serving_predictions_total{{$job}}[1h])) / on (job) group_left {_HOUR}"
    of = 'serving_predictions_total{$job, instance="a", label="%s"}'
    before = 'baseline_label_share{$job, label="%s"}'
    half = {before % "x": "0.5x120", before % "y": "0.5x120"}
    return Rule(
        name="PredictionShift",
        area="data",
        severity="warning",
        expr=f"(abs(({share}) - on (job, label) baseline_label_share{{$job}}) > {limits.label_share}) "
        f"and on (job) {_HOUR} >= {limits.rows}",
        wait="30m",
        summary="The share of predictions that say {label} is {value} away from that on the hold-out.",
        fires=Story(
            series={of % "x": many, before % "x": f"{max(0.0, 1 - 2 * limits.label_share):g}x120"},
            at=110,
            labels={"label": "x"},
            value=f"{min(1.0, 2 * limits.label_share):.3g}",
        ),
        silent=Story(series={of % "x": many, of % "y": many, **half}, at=110),
    )


def _numbers(limits: Thresholds) -> Rule:
    total = "sum by (job) (increase(serving_prediction_value_{part}{{$job}}[1h]))"
    mean = f"{total.format(part='sum')} / {total.format(part='count')}"
    each = max(2, limits.rows // 10)
    of = 'serving_prediction_value_%s{$job, instance="a"}'
    before = {"baseline_prediction_mean{$job}": "0x120", "baseline_prediction_deviation{$job}": "1x120"}
    rows = {'serving_predictions_total{$job, instance="a", label=""}': f"0+{each}x120", of % "count": f"0+{each}x120"}
    return Rule(
        name="PredictionShift",
        area="data",
        severity="warning",
        expr=f"(abs(({mean}) - on (job) baseline_prediction_mean{{$job}}) / on (job) baseline_prediction_deviation{{$job}} "
        f"> {limits.deviations}) and on (job) {_HOUR} >= {limits.rows}",
        wait="30m",
        summary="The mean prediction is {value} standard deviations away from that on the hold-out.",
        fires=Story(
            series={**rows, of % "sum": f"0+{2 * limits.deviations * each:g}x120", **before},
            at=110,
            value=f"{2 * limits.deviations:.3g}",
        ),
        silent=Story(series={**rows, of % "sum": "0x120", **before}, at=110),
    )


COLUMNS, PREDICTIONS = Rules(name="columns", make=_columns), Rules(name="predictions", make=_predictions)

"""Whether what comes in has moved: by the service's own sums, and by the verdicts of `monitor drift`."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds


def _make(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    rows = 'serving_predictions_total{$job, instance="a", label="x"}'
    psi = 'serving_drift_psi{$job, instance="a", column="c"}'
    many = f"0+{max(1, limits.rows // 10)}x120"
    alarm = 'monitoring_alarm{$job, part="monitoring", role="input", column="c"}'
    return (
        Rule(
            name="InputDrift",
            area="drift",
            severity="warning",
            expr=f"(max by (job, column) (serving_drift_psi{{$job}}) > {limits.psi}) "
            f"and on (job) sum by (job) (increase(serving_predictions_total{{$job}}[1h])) >= {limits.rows}",
            wait="30m",
            summary="Column {column} is spread otherwise than when the model learnt: a stability index of {value}.",
            fires=Story(
                series={psi: f"{2 * limits.psi:g}x120", rows: many},
                at=110,
                labels={"column": "c"},
                value=f"{2 * limits.psi:.3g}",
            ),
            silent=Story(series={psi: f"{limits.psi / 2:g}x120", rows: many}, at=110),
        ),
        Rule(
            name="DriftFound",
            area="drift",
            severity="warning",
            expr="monitoring_alarm{$job} > 0",
            wait="0m",
            summary="Of {role} {column}, {value} of the newest windows of the prediction log have drifted.",
            fires=Story(
                series={alarm: "2x10"}, at=5, labels={"part": "monitoring", "role": "input", "column": "c"}, value="2"
            ),
            silent=Story(series={alarm: "0x10"}, at=5),
        ),
    )


DRIFT = Rules(name="drift", make=_make)

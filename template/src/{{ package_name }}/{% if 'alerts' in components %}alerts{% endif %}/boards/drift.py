"""Whether what comes in has moved away from what was learnt from."""

from __future__ import annotations

from ..board import Board, Panel

_LABELS = (
    "sum by (job, label) (increase(serving_predictions_total{$job}[1h])) / on (job) group_left "
    "sum by (job) (increase(serving_predictions_total{$job}[1h])) - on (job, label) baseline_label_share{$job}"
)
_NUMBERS = (
    "(sum by (job) (increase(serving_prediction_value_sum{$job}[1h])) / sum by (job) "
    "(increase(serving_prediction_value_count{$job}[1h])) - on (job) baseline_prediction_mean{$job}) "
    "/ on (job) baseline_prediction_deviation{$job}"
)

DRIFT = Board(
    name="drift",
    title="drift",
    panels=(
        Panel(
            title="Alarms of `monitor drift`",
            queries={"alarms": "count(monitoring_alarm{$job} > 0) or vector(0)"},
            kind="stat",
        ),
        Panel(title="Rows of the newest window", queries={"rows": "monitoring_window_rows{$job}"}, kind="stat"),
        Panel(
            title="Stability index by column",
            queries={"{{column}}": "max by (column) (serving_drift_psi{$job})"},
            says="By the service's own sums. Below 0.1 nothing has moved; from 0.25 on it is much.",
        ),
        Panel(
            title="Stability index now",
            queries={"{{column}}": "sort_desc(max by (column) (serving_drift_psi{$job}))"},
            kind="bargauge",
        ),
        Panel(
            title="Newest windows that have drifted, by column",
            queries={"{{role}} {{column}}": "monitoring_drifted_windows{$job}"},
        ),
        Panel(
            title="Predictions, away from the hold-out",
            queries={"{{label}}": f"({_LABELS}) or ({_NUMBERS})"},
            says="By label the share, or of numbers the mean in standard deviations.",
        ),
    ),
)

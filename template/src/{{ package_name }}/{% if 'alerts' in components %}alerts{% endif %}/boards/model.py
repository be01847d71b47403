"""Which model answers, what it says, and how good it is."""

from __future__ import annotations

from ..board import Board, Panel

MODEL = Board(
    name="model",
    title="model",
    panels=(
        Panel(
            title="Version",
            queries={"{{name}} {{version}}": "count by (name, version) (serving_model_info{$job})"},
            kind="stat",
            says="How many processes serve it.",
        ),
        Panel(
            title="Age",
            queries={"age": "time() - max(serving_model_timestamp_seconds{$job})"},
            unit="dtdurations",
            kind="stat",
        ),
        Panel(
            title="Predictions a second",
            queries={"{{label}}": "sum by (label) (rate(serving_predictions_total{$job}[5m]))"},
            unit="reqps",
        ),
        Panel(
            title="Mean of the predicted values",
            queries={
                "mean": "sum(rate(serving_prediction_value_sum{$job}[1h])) / sum(rate(serving_prediction_value_count{$job}[1h]))"
            },
            says="The number, or the probability of the positive label, of several labels of the chosen one.",
        ),
        Panel(
            title="Spread of the predicted values",
            queries={
                f"{share:g}": f"histogram_quantile({share:g}, sum by (le) (rate(serving_prediction_value_bucket{{$job}}[1h])))"
                for share in (0.1, 0.5, 0.9)
            },
        ),
        Panel(
            title="Scores on the hold-out",
            queries={"{{metric}}": "baseline_score_value{$job}"},
            kind="bargauge",
            says="When the served model was judged.",
        ),
        Panel(
            title="Scores of the last run",
            queries={"{{metric}}": "pipeline_score{$job}"},
            says="On the hold-out, as the pipeline told them to the gateway.",
        ),
    ),
)

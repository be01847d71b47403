"""What comes in, beside what was learnt from."""

from __future__ import annotations

from ..board import Board, Panel

_HOUR = "scalar(sum(increase(serving_predictions_total{$job}[1h])))"
_COUNTED = 'scalar(sum(increase(serving_drift_rows_total{$job, outcome="counted"}[1h])))'

DATA = Board(
    name="data",
    title="data",
    panels=(
        Panel(
            title="Rows in an hour",
            queries={"rows": "sum(increase(serving_predictions_total{$job}[1h]))"},
            kind="stat",
            says="All shares below stand on these.",
        ),
        Panel(
            title="Refused requests",
            queries={"{{status}}": 'sum by (status) (rate(serving_requests_total{$job, route!~"$aside"}[5m]))'},
            unit="reqps",
        ),
        Panel(
            title="Without a value",
            queries={"{{column}}": f"sum by (column) (increase(serving_input_missing_total{{$job}}[1h])) / {_COUNTED}"},
            unit="percentunit",
        ),
        Panel(
            title="Without a value, in the rows learnt from",
            queries={"{{column}}": "baseline_missing_share{$job}"},
            unit="percentunit",
            kind="bargauge",
        ),
        Panel(
            title="Words that the model does not know",
            queries={
                "{{column}}": f"sum by (column) (increase(serving_unseen_categories_total{{$job}}[1h])) / {_HOUR}"
            },
            unit="percentunit",
        ),
        Panel(
            title="Outside of what was learnt",
            queries={
                "{{column}}": f"sum by (column) (increase(serving_input_out_of_range_total{{$job}}[1h])) / {_COUNTED}"
            },
            unit="percentunit",
        ),
        Panel(title="Rows that the pipeline made", queries={"{{artifact}}": "pipeline_rows{$job}"}),
    ),
)

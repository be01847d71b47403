"""What it is worth, and how well changes reach those who use it."""

from __future__ import annotations

from ..board import Board, Panel

BUSINESS = Board(
    name="business",
    title="business",
    panels=(
        Panel(
            title="Predictions in a day",
            queries={"rows": "sum(increase(serving_predictions_total{$job}[1d]))"},
            kind="stat",
            wide=8,
        ),
        Panel(
            title="Share of time that it answered, a day",
            queries={"up": "avg(avg_over_time(up{$job}[1d]))"},
            unit="percentunit",
            kind="stat",
            wide=8,
        ),
        Panel(
            title="Alarms",
            queries={"alarms": 'count(ALERTS{$job, alertstate="firing"}) or vector(0)'},
            kind="stat",
            wide=8,
        ),
        Panel(
            title="Scores of known outcomes",
            queries={
                "{{metric}}": "monitoring_score_value{$job}",
                "{{metric}}, at judgement": "baseline_score_value{$job}",
            },
        ),
        Panel(
            title="Value of the predictions whose outcome is known",
            queries={
                "value": "monitoring_value{$job}",
                "a row": "monitoring_value{$job} / (monitoring_value_rows{$job} > 0)",
            },
            says="By `value` of configs/alerts.yaml.",
        ),
        Panel(
            title="Deployments in four weeks", queries={"deployments": "dora_deployments{$job}"}, kind="stat", wide=6
        ),
        Panel(
            title="From a commit to its deployment",
            queries={"median": "dora_lead_time_seconds{$job}"},
            unit="dtdurations",
            kind="stat",
            wide=6,
        ),
        Panel(
            title="Deployments taken back",
            queries={"share": "dora_failure_share{$job}"},
            unit="percentunit",
            kind="stat",
            wide=6,
        ),
        Panel(
            title="Until one was taken back",
            queries={"median": "dora_restore_seconds{$job}"},
            unit="dtdurations",
            kind="stat",
            wide=6,
        ),
        Panel(title="Duration of the steps", queries={"{{step}}": "pipeline_step_duration_seconds{$job}"}, unit="s"),
        Panel(title="Steps that succeeded", queries={"{{step}}": "pipeline_step_success{$job}"}),
    ),
)

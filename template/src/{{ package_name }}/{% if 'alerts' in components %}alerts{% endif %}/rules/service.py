"""Whether the service answers, in time, and has room."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds

_REQUESTS = 'serving_requests_total{$job, instance="a", route="/predict", status="%d"}'
_OK, _FAILED, _REFUSED = _REQUESTS % 200, _REQUESTS % 500, _REQUESTS % 422
_ALL = 'sum by (job) (rate(serving_requests_total{$job, route!~"$aside"}[5m]))'
_BUCKET = 'serving_request_duration_seconds_bucket{$job, instance="a", route="/predict", le="%s"}'
_START, _ROWS = 'process_start_time_seconds{$job, instance="a"}', 'serving_predictions_total{$job, label="yes"}'
_A = {"instance": "a"}


def _share(status: str) -> str:
    part = f'sum by (job) (rate(serving_requests_total{{$job, status=~"{status}", route!~"$aside"}}[5m]))'
    return f"{part} / {_ALL}"


def _answers(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    return (
        Rule(
            name="ServiceDown",
            area="service",
            severity="critical",
            expr="up{$job} == 0",
            wait="2m",
            summary="{instance} does not answer Prometheus.",
            fires=Story(series={'up{$job, instance="a"}': "1 0x10"}, at=8, labels=_A),
            silent=Story(series={'up{$job, instance="a"}': "1 0 1x10"}, at=8),
        ),
        Rule(
            name="ServiceErrors",
            area="service",
            severity="critical",
            expr=f"{_share('5..')} > {limits.error_share}",
            wait="5m",
            summary="A share of {value} of all requests fails.",
            fires=Story(series={_FAILED: "0+50x30"}, at=20, value="1"),
            silent=Story(series={_OK: "0+1000x30", _FAILED: f"0+{500 * limits.error_share:g}x30"}, at=20),
        ),
        Rule(
            name="ServiceRefusals",
            area="service",
            severity="warning",
            expr=f"{_share('4([0-8].|9[0-8])')} > {limits.refused_share}",
            wait="10m",
            summary="A share of {value} of all requests is refused: callers send what is not understood.",
            fires=Story(series={_REFUSED: "0+30x40"}, at=30, value="1"),
            silent=Story(series={_OK: "0+1000x40", _REFUSED: f"0+{500 * limits.refused_share:g}x40"}, at=30),
        ),
        Rule(
            name="ServiceSlow",
            area="service",
            severity="warning",
            expr="histogram_quantile(0.99, sum by (job, le) "
            f'(rate(serving_request_duration_seconds_bucket{{$job, route!~"$aside"}}[5m]))) > {limits.seconds}',
            wait="10m",
            summary="One request in a hundred takes more than {value} s.",
            fires=Story(series={_BUCKET % "1.0": "0x40", _BUCKET % "+Inf": "0+10x40"}, at=30, value="1"),
            silent=Story(series={_BUCKET % "0.001": "0+10x40", _BUCKET % "+Inf": "0+10x40"}, at=30),
        ),
        Rule(
            name="ServiceRestarts",
            area="service",
            severity="critical",
            expr=f"changes(process_start_time_seconds{{$job}}[30m]) >= {limits.restarts}",
            wait="0m",
            summary="{instance} has begun anew {value} times in half an hour.",
            fires=Story(
                series={_START: f"0+60x{limits.restarts} {60 * limits.restarts}x20"},
                at=20,
                labels=_A,
                value=str(limits.restarts),
            ),
            silent=Story(series={_START: f"0+60x{limits.restarts - 1} {60 * (limits.restarts - 1)}x20"}, at=20),
        ),
        Rule(
            name="NoTraffic",
            area="service",
            severity="warning",
            expr=f"sum by (job) (increase(serving_predictions_total{{$job}}[{limits.quiet_minutes}m])) == 0 "
            f"and sum by (job) (increase(serving_predictions_total{{$job}}[1d] offset {limits.quiet_minutes}m)) > 0",
            wait="0m",
            summary=f"Nobody has asked for a prediction for {limits.quiet_minutes} minutes.",
            fires=Story(series={_ROWS: f"0+10x30 300x{limits.quiet_minutes + 20}"}, at=40 + limits.quiet_minutes),
            silent=Story(series={_ROWS: f"0+10x{limits.quiet_minutes + 60}"}, at=40 + limits.quiet_minutes),
        ),
    )


_WAITING, _LIMIT = 'serving_waiting_requests{$job, instance="a"}', 'serving_waiting_requests_limit{$job, instance="a"}'
_RESIDENT, _MEMORY = (
    'process_resident_memory_bytes{$job, instance="a"}',
    'serving_memory_limit_bytes{$job, instance="a"}',
)
_DISK = 'serving_host_disk_free_bytes{$job, instance="a"}'
_DROPPED = 'serving_prediction_log_records_total{$job, instance="a", outcome="dropped"}'


def _room(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    most = limits.waiting_share * 100
    return (
        Rule(
            name="ServiceSaturated",
            area="service",
            severity="critical",
            expr=f"serving_waiting_requests{{$job}} / serving_waiting_requests_limit{{$job}} > {limits.waiting_share}",
            wait="2m",
            summary="{instance} has a share of {value} of its queue in use; what does not fit is refused.",
            fires=Story(series={_WAITING: "100x10", _LIMIT: "100x10"}, at=8, labels=_A, value="1"),
            silent=Story(series={_WAITING: f"{most / 2:g}x10", _LIMIT: "100x10"}, at=8),
        ),
        Rule(
            name="MemoryShort",
            area="service",
            severity="warning",
            expr=f"process_resident_memory_bytes{{$job}} / serving_memory_limit_bytes{{$job}} > {limits.memory_share}",
            wait="10m",
            summary="{instance} takes a share of {value} of the memory that it may take.",
            fires=Story(series={_RESIDENT: "100x20", _MEMORY: "100x20"}, at=15, labels=_A, value="1"),
            silent=Story(series={_RESIDENT: f"{50 * limits.memory_share:g}x20", _MEMORY: "100x20"}, at=15),
        ),
        Rule(
            name="DiskShort",
            area="service",
            severity="warning",
            expr=f"serving_host_disk_free_bytes{{$job}} / 2^30 < {limits.disk_gibibytes}",
            wait="10m",
            summary="{instance} has {value} GiB left on the disk of the folder in which it was started.",
            fires=Story(
                series={_DISK: f"{limits.disk_gibibytes * 2**29:.0f}x20"},
                at=15,
                labels=_A,
                value=f"{limits.disk_gibibytes / 2:.3g}",
            ),
            silent=Story(series={_DISK: f"{limits.disk_gibibytes * 2**31:.0f}x20"}, at=15),
        ),
        Rule(
            name="PredictionLogDrops",
            area="service",
            severity="warning",
            expr='increase(serving_prediction_log_records_total{$job, outcome="dropped"}[10m]) > 0',
            wait="0m",
            summary="{instance} has dropped {value} records of the prediction log in ten minutes.",
            fires=Story(series={_DROPPED: "0+3x20"}, at=15, labels={**_A, "outcome": "dropped"}, value="30"),
            silent=Story(series={_DROPPED: "7x20"}, at=15),
        ),
    )


ANSWERS, ROOM = Rules(name="answers", make=_answers), Rules(name="room", make=_room)

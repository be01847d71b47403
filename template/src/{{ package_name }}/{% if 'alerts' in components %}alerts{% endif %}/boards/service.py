"""Whether the service answers, how fast, and what it takes of the machine."""

from __future__ import annotations

from ..board import Board, Panel

_RATE = 'rate(serving_requests_total{$job, route!~"$aside"}[5m])'
_SECONDS = 'sum by (le) (rate(serving_request_duration_seconds_bucket{$job, route!~"$aside"}[5m]))'

SERVICE = Board(
    name="service",
    title="service",
    panels=(
        Panel(title="Processes that answer", queries={"up": "sum(up{$job})"}, kind="stat", wide=6),
        Panel(title="Requests a second", queries={"all": f"sum({_RATE})"}, unit="reqps", kind="stat", wide=6),
        Panel(
            title="Of them answered well",
            queries={
                "answered": f'sum(rate(serving_requests_total{{$job, route!~"$aside", status="200"}}[5m])) / sum({_RATE})'
            },
            unit="percentunit",
            kind="stat",
            wide=6,
        ),
        Panel(
            title="99 of 100 within",
            queries={"p99": f"histogram_quantile(0.99, {_SECONDS})"},
            unit="s",
            kind="stat",
            wide=6,
        ),
        Panel(title="Requests by status", queries={"{{status}}": f"sum by (status) ({_RATE})"}, unit="reqps"),
        Panel(
            title="Time to an answer",
            queries={f"{share:g}": f"histogram_quantile({share:g}, {_SECONDS})" for share in (0.5, 0.9, 0.99)},
            unit="s",
        ),
        Panel(
            title="Requests under way, and that wait",
            queries={
                "under way": "sum(serving_requests_in_progress{$job})",
                "wait": "sum(serving_waiting_requests{$job})",
                "may wait, of one process": "max(serving_waiting_requests_limit{$job})",
            },
        ),
        Panel(title="Connections", queries={"{{instance}}": "serving_connections{$job}"}),
        Panel(
            title="Records of the prediction log",
            queries={"{{outcome}}": "sum by (outcome) (rate(serving_prediction_log_records_total{$job}[5m]))"},
            unit="reqps",
        ),
        Panel(
            title="Processor time",
            queries={
                "{{instance}}": "rate(process_cpu_seconds_total{$job}[5m])",
                "load of the machine": "max(serving_host_load{$job})",
                "processors": "max(serving_host_processors{$job})",
            },
        ),
        Panel(
            title="Memory",
            queries={
                "{{instance}}": "process_resident_memory_bytes{$job}",
                "can be had": "min(serving_host_memory_available_bytes{$job})",
            },
            unit="bytes",
        ),
        Panel(title="Free on the disk", queries={"{{instance}}": "serving_host_disk_free_bytes{$job}"}, unit="bytes"),
        Panel(title="Open files", queries={"{{instance}}": "process_open_fds{$job}"}),
        Panel(
            title="Since the start",
            queries={"{{instance}}": "time() - process_start_time_seconds{$job}"},
            unit="dtdurations",
        ),
    ),
)

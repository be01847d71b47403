"""Grafana's JSON of the boards. Its form is that of schema version 39 (Grafana 10.4), which later ones read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..discovery import discover
from . import JOB
from .board import FOLDER, Board, Panel
from .rule import filled

#: As monitoring/grafana/provisioning/datasources/ calls it.
SOURCE = {"type": "prometheus", "uid": "prometheus"}
_SCHEMA, _COLUMNS, _TALL, _SMALL = 39, 24, 8, 4


def dashboards() -> dict[str, dict[str, Any]]:
    """By name, all that are there."""
    return {name: _dashboard(board) for name, board in sorted(discover(FOLDER, Board).items())}


def _dashboard(board: Board) -> dict[str, Any]:
    return {
        "uid": f"{JOB[:30]}-{board.name}",
        "title": f"{JOB}: {board.title}",
        "tags": [JOB],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": []},
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "title": JOB, "tags": [JOB], "asDropdown": True}],
        "panels": list(_placed(board.panels)),
    }


def _placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    x = y = tall = 0
    for number, panel in enumerate(panels, 1):
        height = _SMALL if panel.kind == "stat" else _TALL
        if x + panel.wide > _COLUMNS:
            x, y, tall = 0, y + tall, 0
        yield _panel(number, panel, {"x": x, "y": y, "w": panel.wide, "h": height})
        x, tall = x + panel.wide, max(tall, height)


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": filled(query),
                "legendFormat": legend,
                "instant": panel.kind != "timeseries",
                "range": panel.kind == "timeseries",
            }
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": _OPTIONS[panel.kind],
    }


_LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": _LAST, "colorMode": "value", "graphMode": "area", "textMode": "auto"},
    "bargauge": {"reduceOptions": _LAST, "displayMode": "gradient", "orientation": "horizontal"},
}

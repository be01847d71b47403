"""A rule: when something is an alarm, and two stories by which Prometheus' own tool proves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any, Literal

from . import JOB
from .baseline import Baseline
from .settings import Severity, Thresholds

#: Where files with `Rules` are.
FOLDER = "alerts/rules"

Area = Literal["service", "model", "data", "drift", "performance", "pipeline"]
#: Asked by platforms, not by callers.
ASIDE = "(/v2)?/health/.*|/metrics|/docs.*|/openapi.json"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Story:
    """Series as promtool has them, a value a minute, and what the alarm says of them at a minute.

    Args:
        series: by name and labels, values in promtool's notation: `0+6x30`.
        at: the minute in which it is looked.
        labels: that the alarm has beside `job`, `severity` and `area`.
        value: the number in its summary.
    """

    series: Mapping[str, str]
    at: int
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When something is an alarm.

    Args:
        name: as Prometheus and Alertmanager call it; its page in docs/runbook/ has the same.
        expr: in PromQL; `$job` stands for the label of this project.
        wait: for how long it must be so.
        summary: one sentence; `{value}` and the names of labels in braces are filled in.
        fires: a story in which it is one.
        silent: one in which it is none, though it is near.
    """

    name: str
    area: Area
    severity: Severity
    expr: str
    wait: str
    summary: str
    fires: Story
    silent: Story

    @property
    def page(self) -> str:
        """Of the runbook."""
        return f"{_WORD.sub('-', self.name).lower()}.md"

    def written(self, runbook: str) -> dict[str, Any]:
        """As Prometheus reads it."""
        told = self.summary.replace("{value}", '{{ $value | printf "%.3g" }}')
        return {
            "alert": self.name,
            "expr": filled(self.expr),
            "for": self.wait,
            "labels": {"severity": self.severity, "area": self.area},
            "annotations": {
                "summary": re.sub(r"(?<!\{)\{(\w+)\}", r"{{ $labels.\1 }}", told),
                "runbook_url": f"{runbook.rstrip('/')}/{self.page}",
            },
        }

    def stories(self, runbook: str) -> list[dict[str, Any]]:
        """As `promtool test rules` reads them."""
        labels = {"job": JOB, "severity": self.severity, "area": self.area, **self.fires.labels}
        said = self.summary.format_map({**labels, "value": self.fires.value})
        annotations = {"summary": said, "runbook_url": f"{runbook.rstrip('/')}/{self.page}"}
        alarm = {"exp_labels": labels, "exp_annotations": annotations}
        return [
            self._story(f"{self.name} fires", self.fires, [alarm]),
            self._story(f"{self.name} is silent", self.silent, []),
        ]

    def _story(self, name: str, story: Story, alarms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return {
            "name": name,
            "interval": "1m",
            "input_series": [{"series": filled(each), "values": values} for each, values in story.series.items()],
            "alert_rule_test": [{"eval_time": f"{story.at}m", "alertname": self.name, "exp_alerts": list(alarms)}],
        }


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Some rules, made of what the model was like and of what is set."""

    name: str
    make: Callable[[Baseline, Thresholds], Sequence[Rule]]


def filled(query: str) -> str:
    """A query of this project."""
    return Template(query).safe_substitute(job=f'job="{JOB}"', aside=ASIDE)

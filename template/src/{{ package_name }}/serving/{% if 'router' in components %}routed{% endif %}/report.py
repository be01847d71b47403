"""What administrators and Prometheus are told of the division."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import quantiles
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ...router.deployment import json_of
from ...router.evidence import CHAMPION, Evidence
from ...router.policies.ab import AB
from .division import Division


def report(division: Division) -> dict[str, Any]:
    """What is followed, how far it has come, and what was seen of each model; as JSON's values."""
    course = division.routing.course
    state, policy = course.state, course.policy
    told: dict[str, Any] = {
        "policy": json_of(policy),
        "began": state.began,
        "step": state.stage + 1,
        "settled": state.settled,
        "reason": state.reason,
        "models": {name: _model(division, name) for name in (CHAMPION, *division.deployment.models)},
        "dropped": {"looks": division.looking.dropped, "shadows": division.shadowing.dropped},
        "outcomes_of_unknown_requests": division.routing.strangers,
    }
    if isinstance(policy, AB):
        found = policy.found(state)
        told["difference"] = {
            "value": found.value,
            "low": found.low,
            "high": found.high,
            "better": policy.better(state),
        }
    return told


def _model(division: Division, name: str) -> dict[str, Any]:
    seen, course = division.routing.course.state.of(name), division.routing.course
    return {
        "version": course.versions.get(name),
        "wrong": division.gallery.wrong.get(name),
        "requests": seen.requests,
        "failures": seen.failures,
        "p95_milliseconds": _late(seen),
        "outcomes": seen.scores.count,
        "mean_score": seen.scores.mean if seen.scores.count else None,
        "apart_as_shadow": seen.apart.mean if seen.apart.count else None,
    }


def _late(seen: Evidence) -> float | None:
    return 1000 * quantiles(seen.seconds, n=20)[-1] if len(seen.seconds) > 1 else None


class RouterMetrics(Collector):
    """The same in numbers, as they are since the policy's step began."""

    def __init__(self, division: Division) -> None:
        self._division = division

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus has them."""
        division, state = self._division, self._division.routing.course.state
        requests = GaugeMetricFamily("serving_router_requests", "Requests since the step began.", labels=["model"])
        failures = GaugeMetricFamily("serving_router_failures", "Of them, those that it failed at.", labels=["model"])
        score = GaugeMetricFamily("serving_router_score", "Mean score of known outcomes.", labels=["model"])
        for name in (CHAMPION, *division.deployment.models):
            seen = state.of(name)
            requests.add_metric([name], seen.requests)
            failures.add_metric([name], seen.failures)
            if seen.scores.count:
                score.add_metric([name], seen.scores.mean)
        dropped = CounterMetricFamily(
            "serving_router_dropped", "Runs that nobody looked at: too much waited.", labels=["by"]
        )
        dropped.add_metric(["looks"], division.looking.dropped)
        dropped.add_metric(["shadows"], division.shadowing.dropped)
        settled = GaugeMetricFamily(
            "serving_router_settled", "1 for the model that has all traffic for good.", labels=["model"]
        )
        for name in (CHAMPION, *division.deployment.models):
            settled.add_metric([name], float(state.settled == name))
        yield from (requests, failures, score, dropped, settled)

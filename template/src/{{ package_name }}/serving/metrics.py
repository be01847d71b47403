"""What the service tells Prometheus, and the middleware that counts requests.

Each application has its own registry: two in one process (tests) never add up.
"""

import time
from collections import Counter as Tally
from collections.abc import Mapping
from itertools import chain, islice

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..predictor.predictor import Predictions, Predictor

# The client has gone before its answer; nginx's number, which no standard has.
_CLIENT_CLOSED = 499
_ROUTES = frozenset(("/predict", "/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"))
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_PROBABILITIES = tuple(step / 10 for step in range(1, 11))
_MAGNITUDES = tuple(digit * 10.0**power for power in range(4) for digit in (1, 2, 5))
# The 1-2-5 series on both sides of zero suits a target whose scale is not known here.
_NUMBERS = tuple(chain((-value for value in reversed(_MAGNITUDES)), (0.0,), _MAGNITUDES))
# A series each: a wide table must not fill the memory of who watches.
_MOST_COLUMNS = 100


class ServingMetrics:
    """The metrics of one application."""

    def __init__(self, model: Predictor) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "serving_requests",
            "HTTP requests by route and status.",
            ["route", "status"],
            registry=self._registry,
        )
        self._latency = Histogram(
            "serving_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._labels = model.contract.labels
        self._predictions = Counter(
            "serving_predictions",
            "Predicted rows; the label is empty for regression.",
            ["label"],
            registry=self._registry,
        )
        for label in self._labels or ("",):
            self._predictions.labels(label)
        self._unseen = Counter(
            "serving_unseen_categories",
            f"Words that the model does not know, by column; of the first {_MOST_COLUMNS} columns.",
            ["column"],
            registry=self._registry,
        )
        self._columns = frozenset(islice(model.about.vocabularies, _MOST_COLUMNS))
        for column in self._columns:
            self._unseen.labels(column)
        self._distribution = Histogram(
            "serving_prediction_value",
            "Predicted values: the number, or the probability of the positive label, of several labels of the chosen one.",
            buckets=_PROBABILITIES if self._labels else _NUMBERS,
            registry=self._registry,
        )
        identity = Gauge(
            "serving_model_info",
            "Always 1: the labels say which model is served.",
            ["name", "version", "task"],
            registry=self._registry,
        )
        identity.labels(model.name, model.version, model.contract.task).set(1)

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count one finished request."""
        self._requests.labels(route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def observe_refusal(self, status: int) -> None:
        """Count one request that was refused before its route was known."""
        self._requests.labels("other", str(status)).inc()

    def observe_predictions(self, predictions: Predictions, unseen: Mapping[str, int]) -> None:
        """Count the rows of one answer, their values, and the words in them that the model does not know."""
        for value in predictions.values.tolist():
            self._distribution.observe(value)
        labels = [0] * len(predictions.values) if predictions.labels is None else predictions.labels.tolist()
        for index, count in Tally(labels).items():
            self._predictions.labels((self._labels or ("",))[index]).inc(count)
        for column in self._columns & unseen.keys():
            self._unseen.labels(column).inc(unseen[column])

    def render(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self._registry)


class CountRequests:
    """ASGI middleware: counts and times every request, also those that fail."""

    def __init__(self, app: ASGIApp, metrics: ServingMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look only at the status of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Unknown paths share one label: a scanner must not be able to fill the memory with series.
        route = scope["path"] if scope["path"] in _ROUTES else "other"
        status = 500
        started = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            status = _CLIENT_CLOSED
        finally:
            self._metrics.observe_request(route, status, time.perf_counter() - started)

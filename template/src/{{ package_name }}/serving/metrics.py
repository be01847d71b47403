"""What the service tells Prometheus of its requests, and the middleware that counts those that FastAPI answers.

Each service has its own registry: two in one process (tests) never add up. The event loop counts in plain numbers, which
become metrics when somebody asks: a counter with a lock for each request costs more than its validation.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .host import Host

#: The client has gone before its answer; nginx's number, which no standard has.
CLIENT_CLOSED = 499
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_OTHER = "other"

#: Counts one finished request: its status, and the seconds that it took.
Count = Callable[[int, float], None]


class Spread:
    """How often values fell between bounds."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def tell(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Add the counts to a metric."""
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        family.add_metric(labels, list(zip(names, accumulate(self._counts), strict=True)), self._sum)


class ServingMetrics(Collector):
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(Host())
        self._states: list[tuple[str, str, Callable[[], float]]] = []
        self._requests: dict[str, Counter[int]] = {}
        self._seconds: dict[str, Spread] = {}
        self.registry.register(self)

    def route(self, route: str) -> Count:
        """How requests of a route are counted."""
        statuses = self._requests.setdefault(route, Counter())

        def count(status: int, seconds: float) -> None:
            statuses[status] += 1
            spread = self._seconds.get(route)
            if spread is None:
                spread = self._seconds[route] = Spread(_SECONDS)
            spread.add(seconds)

        return count

    def observe_refusal(self, status: int) -> None:
        """Count one request that was refused before its route was known."""
        self._requests.setdefault(_OTHER, Counter())[status] += 1

    def state(self, name: str, said: str, value: Callable[[], float]) -> None:
        """Tell a number that is looked up when somebody asks: nothing is counted for it."""
        self._states.append((name, said, value))

    def collect(self) -> Iterator[Metric]:
        """The counts as Prometheus has them."""
        requests = CounterMetricFamily(
            "serving_requests", "HTTP requests by route and status.", labels=["route", "status"]
        )
        for route, statuses in self._requests.items():
            for status, count in statuses.items():
                requests.add_metric([route, str(status)], count)
        said = "Time from a request's arrival to the end of its answer."
        seconds = HistogramMetricFamily("serving_request_duration_seconds", said, labels=["route"])
        for route, spread in self._seconds.items():
            spread.tell(seconds, [route])
        yield requests
        yield seconds
        for name, said, value in self._states:
            yield GaugeMetricFamily(name, said, value())

    def render(self) -> bytes:
        """Return the Prometheus text format."""
        return generate_latest(self.registry)


class CountRequests:
    """ASGI middleware: counts and times every request, also those that fail."""

    def __init__(self, app: ASGIApp, metrics: ServingMetrics, routes: Sequence[str]) -> None:
        self._app = app
        # Unknown paths share one label: a scanner must not be able to fill the memory with series.
        self._counts = {route: metrics.route(route) for route in routes}
        self._other = metrics.route(_OTHER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look only at the status of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            status = CLIENT_CLOSED
        finally:
            self._counts.get(scope["path"], self._other)(status, time.perf_counter() - started)

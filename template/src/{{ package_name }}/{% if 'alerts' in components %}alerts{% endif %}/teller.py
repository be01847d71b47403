"""Numbers that nobody can fetch, since what knows them is no service: told to a gateway, which Prometheus asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, push_to_gateway
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ..errors import ProjectError
from ..steps import Project
from . import JOB
from .settings import FILE, Alerts

#: Where files with a `Teller` are.
FOLDER = "alerts/told"
#: Goes before `pushgateway` of configs/alerts.yaml.
VARIABLE = "PUSHGATEWAY_URL"
_SECONDS = 3.0


class GatewayError(ProjectError):
    """The gateway cannot be told."""


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Something that knows numbers.

    Args:
        name: of the group that is replaced as a whole at the gateway; the label `part`.
        tell: them, as they are at a moment; raises `ProjectError`.
    """

    name: str
    tell: Callable[[Project, datetime], Iterable[Metric]]


class Told(Collector):
    """Metrics as they are."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._metrics


def registry_of(metrics: Iterable[Metric]) -> CollectorRegistry:
    """A registry that has these."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Told(metrics))
    return registry


def gateway_of(settings: Alerts) -> str | None:
    """The address of the gateway; None if there is none."""
    return os.environ.get(VARIABLE) or settings.pushgateway


def push(address: str, group: Mapping[str, str], metrics: Iterable[Metric]) -> None:
    """Replace a group at the gateway; raises `GatewayError`."""
    try:
        push_to_gateway(address, JOB, registry_of(metrics), grouping_key=dict(group), timeout=_SECONDS)
    except (OSError, ValueError) as error:
        message = f"The gateway {address} cannot be told: {error}."
        raise GatewayError(message, f"Start it, or mend `pushgateway` of {FILE} ({VARIABLE}).") from None

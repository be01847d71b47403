"""configs/alerts.yaml: from where on something is an alarm, and who is told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from ..configuration import load
from ..contract.types import Section
from ..errors import SettingsError

FILE = Path("configs/alerts.yaml")
Severity = Literal["critical", "warning"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning")
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# Of any receiver that Alertmanager knows: each has a twin that names a file.
_SECRETS = re.compile(
    r"(^|_)(api_url|api_key|secret|password|token|credentials|routing_key|service_key|user_key|webhook_url)$"
)
_USER = re.compile(r"^\w+://[^/]*@")


class Thresholds(Section):
    """From where on something is an alarm; shares are from 0 to 1."""

    error_share: Annotated[Share, Field(description="Of requests, answers from 500 on.")] = 0.02
    refused_share: Annotated[Share, Field(description="Of requests, answers from 400 to 498.")] = 0.3
    seconds: Annotated[float, Field(gt=0, lt=1, description="One request in a hundred takes longer.")] = 0.25
    waiting_share: Annotated[Share, Field(description="Of the requests that may wait.")] = 0.8
    memory_share: Annotated[Share, Field(description="Of the memory that the container may take.")] = 0.9
    disk_gibibytes: Annotated[Positive, Field(description="Less is free on the service's disk.")] = 1.0
    restarts: Annotated[int, Field(ge=1, le=20, description="Of one process, in half an hour.")] = 3
    quiet_minutes: Annotated[int, Field(ge=5, description="Without a prediction, where the day before had some.")] = 30
    model_days: Annotated[Positive, Field(description="The age of the served model.")] = 90
    rows: Annotated[int, Field(ge=1, description="Fewer predictions in an hour say nothing of data or drift.")] = 200
    missing_share: Annotated[Share, Field(description="Of a column, above the share of the rows learnt from.")] = 0.1
    unseen_share: Annotated[Share, Field(description="Of a column's words, above what was to be expected.")] = 0.05
    outside_share: Annotated[Share, Field(description="Of a column's numbers, outside those learnt from.")] = 0.05
    label_share: Annotated[Share, Field(description="Of a label, away from the predictions on the hold-out.")] = 0.15
    deviations: Annotated[
        Positive, Field(description="Of predicted numbers: their mean, away from that of the hold-out.")
    ] = 0.5
    psi: Annotated[Positive, Field(description="Population stability index of a column.")] = 0.25
    monitoring_hours: Annotated[Positive, Field(description="Since `alerts push` told what monitoring found.")] = 48


class Alerts(Section):
    """All of configs/alerts.yaml."""

    format: Literal[1]
    thresholds: Thresholds = Thresholds()
    without: Annotated[tuple[str, ...], Field(strict=False, description="Rules that are not wanted, by name.")] = ()
    runbook: Annotated[str, Field(description="Where the pages are found that say what to do.")] = "docs/runbook"
    pushgateway: Annotated[
        str | None,
        Field(
            pattern=r"^https?://[^\s@]+$",
            description="Where steps and `alerts push` tell their numbers; PUSHGATEWAY_URL of the environment goes before it.",
        ),
    ] = None
    value: Annotated[
        dict[str, dict[str, float]],
        Field(description="Of a prediction whose outcome is known: by what was predicted, then by what came."),
    ] = {}  # noqa: RUF012 - pydantic copies it
    receivers: Annotated[
        dict[Severity, dict[str, list[dict[str, Any]]]],
        Field(
            description="Who is told, as Alertmanager's `receivers` have it; `${NAME}` is read from the environment."
        ),
    ] = {}  # noqa: RUF012 - pydantic copies it

    @field_validator("receivers")
    @classmethod
    def _no_secrets(cls, receivers: dict[str, Any]) -> dict[str, Any]:
        for name, value in _leaves(receivers):
            if _SECRETS.search(name):
                raise ValueError(
                    f"`{name}` has no place in a file that others read: write `{name}_file`, the file that holds it"
                )
            if isinstance(value, str) and _USER.match(value):
                raise ValueError(f"`{name}` holds a password: write `http_config` with a `password_file`")
        return receivers


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, name)
    else:
        yield name, value


def load_alerts(root: Path = Path()) -> Alerts:
    """The settings of a folder; without a file the defaults.

    Raises:
        SettingsError: the file is wrong; names the line to mend.
    """
    path = root / FILE
    return load(path, Alerts) if path.is_file() else Alerts(format=1)


def expanded(value: Any) -> Any:
    """A setting in which the environment's words stand for `${NAME}`; raises `SettingsError` for one that is not set."""
    if isinstance(value, dict):
        return {key: expanded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [expanded(each) for each in value]
    return _VARIABLE.sub(lambda found: _variable(found[1]), value) if isinstance(value, str) else value


def _variable(name: str) -> str:
    if not os.environ.get(name):
        raise SettingsError(f"The environment does not say {name}, which {FILE} asks for.", f"Set {name}.")
    return os.environ[name]

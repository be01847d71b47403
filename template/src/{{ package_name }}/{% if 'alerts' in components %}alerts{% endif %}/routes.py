"""What Alertmanager reads: who is told of what, and which alarms say nothing beside others."""

from __future__ import annotations

from typing import Any

from .settings import SEVERITIES, Alerts, expanded

#: Told where nothing is set: a program on the same machine.
DEFAULT = {"webhook_configs": [{"url": "http://127.0.0.1:9099/alerts", "send_resolved": True}]}
# How long others are waited for, and after how long an alarm that lasts is told again.
_TIMES = {
    "critical": {"group_wait": "10s", "group_interval": "1m", "repeat_interval": "1h"},
    "warning": {"group_wait": "1m", "group_interval": "10m", "repeat_interval": "1d"},
}


def routes(settings: Alerts) -> dict[str, Any]:
    """The configuration of Alertmanager; raises `SettingsError` for a `${NAME}` that the environment does not say."""
    return {
        "route": {
            "receiver": "warning",
            "group_by": ["job", "area"],
            **_TIMES["warning"],
            "routes": [{"receiver": name, "matchers": [f'severity="{name}"'], **_TIMES[name]} for name in SEVERITIES],
        },
        "inhibit_rules": [
            # A service that is down explains what is said of it.
            _quiet(['alertname="ServiceDown"'], ['area="service"', 'alertname!="ServiceDown"'], ["job"]),
            # A column without values, or of other words, has drifted for that reason.
            _quiet(['alertname=~"InputMissing|InputUnseen|InputOutOfRange"'], ['area="drift"'], ["job", "column"]),
            # Of one thing the worse is told.
            _quiet(['severity="critical"'], ['severity="warning"'], ["job", "alertname"]),
        ],
        "receivers": [{"name": name, **expanded(settings.receivers.get(name) or DEFAULT)} for name in SEVERITIES],
    }


def _quiet(source: list[str], target: list[str], equal: list[str]) -> dict[str, list[str]]:
    return {"source_matchers": source, "target_matchers": target, "equal": equal}

"""How long the durations are that configuration files name."""

from __future__ import annotations

from datetime import timedelta


def span_of(duration: str) -> timedelta:
    """How long a `Duration` is."""
    return timedelta(**{{"h": "hours", "d": "days", "w": "weeks"}[duration[-1]]: int(duration[:-1])})

"""Recording runs and registering models in MLflow. Only this folder imports it, and late: that takes seconds."""

from __future__ import annotations

from .client import CHALLENGER, champion, record_run, register
from .record import GRAPH, LEARNT, NATIVE, Champion, Example, Record, Registration, record_of

__all__ = [
    "CHALLENGER",
    "GRAPH",
    "LEARNT",
    "NATIVE",
    "Champion",
    "Example",
    "Record",
    "Registration",
    "champion",
    "record_of",
    "record_run",
    "register",
]

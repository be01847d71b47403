"""Recording runs and registering models in MLflow. Only this folder imports it, and late: that takes seconds."""

from __future__ import annotations

from .client import champion, record_run, register
from .record import GRAPH, LEARNT, Champion, Record, record_of

__all__ = ["GRAPH", "LEARNT", "Champion", "Record", "champion", "record_of", "record_run", "register"]

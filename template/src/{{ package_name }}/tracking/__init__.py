"""Recording runs and registering models in MLflow. Only this folder imports it, and late: that takes seconds."""

from __future__ import annotations

from .client import Champion, Record, champion, record_run, register

__all__ = ["Champion", "Record", "champion", "record_run", "register"]

"""What `monitor drift` has found in the windows of the prediction log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from ...monitoring.history import History
from ...monitoring.judging import alarms
from ...monitoring.settings import load_monitoring
from ...steps import Project
from ..teller import Teller


def _tell(project: Project, now: datetime) -> Iterator[Metric]:
    settings = load_monitoring(project.root)
    windows = History(project.root / Path(settings.history)).windows()
    yield GaugeMetricFamily("monitoring_timestamp_seconds", "When this was told.", now.timestamp())
    if not windows:
        return
    newest = windows[-1]
    yield GaugeMetricFamily("monitoring_window_rows", "Rows of the newest window of the prediction log.", newest.rows)
    labels = ["role", "column"]
    said = "Of the newest windows, how many have drifted; of each subject that is compared."
    drifted = GaugeMetricFamily("monitoring_drifted_windows", said, labels=labels)
    alarm = GaugeMetricFamily("monitoring_alarm", "The same where it is an alarm, else 0.", labels=labels)
    raised = {each.subject: each.drifted for each in alarms(windows, settings)}
    recent = [window.drifted() for window in windows[-settings.alarm.of :]]
    for subject in dict.fromkeys(verdict.subject for verdict in newest.verdicts):
        drifted.add_metric([*subject], sum(subject in found for found in recent))
        alarm.add_metric([*subject], raised.get(subject, 0))
    yield drifted
    yield alarm


DRIFT = Teller(name="monitoring", tell=_tell)

"""Recording a run that goes no further."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import tracking
from ..errors import TrackingError

if TYPE_CHECKING:
    from ..artifacts import Artifact
    from ..steps import Project


def record_refusal(project: Project, metrics: Mapping[str, Any], *reports: Artifact[Any]) -> str:
    """Record a run that a gate has refused. What keeps it from being recorded must not hide why: it comes back in words."""
    try:
        tracking.record_run(project.settings.tracking, tracking.record_of(project, metrics, *reports), project.root)
    except TrackingError as error:
        return f" The run could not be recorded: {error}"
    return ""

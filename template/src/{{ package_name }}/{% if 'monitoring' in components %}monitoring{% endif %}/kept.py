"""Where the reference stands until it is exported with the graph."""

from __future__ import annotations

from typing import Any

from ..artifacts import Artifact, report

REFERENCE: Artifact[dict[str, Any]] = report("models/artifacts/reference.json")

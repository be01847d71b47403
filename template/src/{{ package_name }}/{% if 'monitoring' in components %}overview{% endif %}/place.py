"""A project's folder, as the subjects look at it: each thing is read once, and when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ProjectError
from ..monitoring.history import History
from ..monitoring.settings import Monitoring
from ..predictor.predictor import Predictor
from ..steps import Project


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it is.

    Args:
        model: the file that is served.
        now: the moment that it is told of.
    """

    project: Project
    model: Path
    settings: Monitoring
    now: datetime

    @cached_property
    def said(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Entries of the history by their kind, as they are written; raises `DataError` if it cannot be read."""
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for kind, entry in History(self.project.root / self.settings.history).said():
            found[kind].append(entry)
        return found

    @cached_property
    def served(self) -> Predictor | str:
        """The model; or why there is none."""
        try:
            return Predictor.load(self.model)
        except ProjectError as error:
            return f"{error} {error.advice}"

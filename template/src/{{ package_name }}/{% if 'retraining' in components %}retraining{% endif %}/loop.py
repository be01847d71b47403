"""What every part of the loop works with: a project, its settings, and a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from ..monitoring.settings import Monitoring, load_monitoring
from ..registry import MODEL_NAME
from ..registry.entry import now
from ..registry.ledger import Ledger
from ..serving.recording.settings import load_prediction_log
from ..steps import Project
from ..tracking.connection import connected
from .settings import Retraining, load_retraining


def _go_on(_: str) -> None:
    """Nothing stops here."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """A project in which models are made anew.

    Args:
        model: its registered model.
        clock: says the moment, with its offset.
        log: the folder of the prediction log; its labels are below.
        reached: told of each point between two effects; tests end the process there.
    """

    project: Project
    log: Path
    model: str = MODEL_NAME
    clock: Callable[[], datetime] = now
    reached: Callable[[str], None] = field(default=_go_on)

    @classmethod
    def of(cls, project: Project, model: str = MODEL_NAME) -> Loop:
        """The loop of the current folder's service; raises `SettingsError`."""
        return cls(project=project, log=project.root / load_prediction_log().folder, model=model)

    @cached_property
    def settings(self) -> Retraining:
        """configs/retraining.yaml; raises `SettingsError`."""
        return load_retraining(self.project.root)

    @cached_property
    def monitoring(self) -> Monitoring:
        """configs/monitoring.yaml; raises `SettingsError`."""
        return load_monitoring(self.project.root)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger of the model; raises `TrackingError` if the registry cannot be used."""
        with connected(self.project.settings.tracking, self.project.root) as client:
            yield Ledger(client=client, project=self.project, model=self.model, clock=self.clock)

    def labels(self) -> Path:
        """The folder of outcomes."""
        return self.log / "labels"

"""configs/log_shipping.yaml: who gets the records of the prediction log, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...discovery import discover_classes
from ...kinds import FILE_NAME, KindsFile
from .base import Collector

FILE = Path("configs/log_shipping.yaml")

LOG_SHIPPING = KindsFile[Collector](
    name="log_shipping",
    says="All of configs/log_shipping.yaml.",
    things="collectors",
    names=FILE_NAME,
    kinds=lambda: discover_classes("serving/shipping", Collector),  # type: ignore[type-abstract]
)


def load_log_shipping() -> Mapping[str, Collector]:
    """The collectors of the current folder by name; none without a file.

    Raises:
        SettingsError: the file is wrong; names the line to mend.
    """
    return LOG_SHIPPING.load(FILE) if FILE.is_file() else {}

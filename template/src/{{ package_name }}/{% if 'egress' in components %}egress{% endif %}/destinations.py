"""configs/egress.yaml: where predictions and tables go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..discovery import discover_classes
from ..errors import SettingsError
from ..kinds import FILE_NAME, KindsFile
from .base import EGRESS, Destination

#: All of configs/egress.yaml.
EGRESS_FILE = KindsFile[Destination](
    name="egress",
    says="What goes where.",
    things="destinations",
    names=FILE_NAME,
    kinds=lambda: discover_classes("egress", Destination),  # type: ignore[type-abstract]
)


def load_destinations(root: Path, names: Sequence[str]) -> dict[str, Destination]:
    """Each destination that is named, or all, by name.

    Raises:
        SettingsError: the file is missing or wrong, or there is no such destination, or none at all.
    """
    said = EGRESS_FILE.load(root / EGRESS)
    if absent := [name for name in names if name not in said]:
        there = f"there are {', '.join(said)}" if said else "there is none"
        raise SettingsError(f"{EGRESS} names no destination `{absent[0]}`; {there}.", f"Write it to {EGRESS}.")
    if not said:
        raise SettingsError(f"{EGRESS} names no destination.", f"Write one there; {EGRESS} shows how.")
    return {name: said[name] for name in names or said}

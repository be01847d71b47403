"""The folders of a person: where settings are, and where the tool keeps what it may lose."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder", "configuration_folder"]


def configuration_folder() -> Path:
    """Where a person's settings are."""
    return _base("XDG_CONFIG_HOME", ".config") / "mlscaffold"


def cache_folder() -> Path:
    """What is kept between runs: `MLSCAFFOLD_CACHE_DIR`, or the user's cache. Safe to delete."""
    if named := os.environ.get("MLSCAFFOLD_CACHE_DIR"):
        return Path(named).absolute()
    return _base("XDG_CACHE_HOME", ".cache") / "mlscaffold"


def _base(variable: str, fallback: str) -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    named = Path(os.environ.get(variable, ""))
    # As its specification has it: a relative one would be another one in every folder.
    return named if named.is_absolute() else _home() / fallback


def _home() -> Path:
    """The person's own folder; a place for nothing where there is none (a container with a number for a user)."""
    try:
        home = Path.home()
    except RuntimeError:
        return Path(os.devnull)
    return home if home.is_absolute() else Path(os.devnull)

"""Where the journal of a project lies: in its repository, which may hold several projects."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..git.location import Location

__all__ = ["JOURNAL", "folder_at"]

JOURNAL = "journal.json"


def folder_at(location: Location) -> Path:
    """The journal's folder."""
    prefix = location.prefix
    name = hashlib.sha256(prefix.encode(errors="surrogateescape")).hexdigest()[:12] if prefix else "project"
    # `.git` itself may be a link, as git allows; what lies in it may not.
    return Path(os.path.realpath(location.git_folder)) / "mlscaffold" / name

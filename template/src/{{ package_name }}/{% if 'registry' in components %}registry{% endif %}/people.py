"""Who is at work, as the job or the machine calls them. It is what they say, and no proof."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

from ..tracking.git import ask
from .entry import cut

_OF_JOB = ("GITLAB_USER_LOGIN", "GITHUB_ACTOR")
MAX_LETTERS = 300


def who(root: Path) -> str:
    """The person whom a job names, else the address that git knows, with the account and the machine."""
    if named := next(filter(None, map(os.environ.get, _OF_JOB)), None):
        job = os.environ.get("CI_JOB_ID") or os.environ.get("GITHUB_RUN_ID") or "unknown"
        return cut(f"{named} (job {job})", MAX_LETTERS)
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    address = (ask(root, "config", "user.email") or b"").decode(errors="replace").strip()
    here = f"{account}@{socket.gethostname()}"
    return cut(f"{address} ({here})" if address else here, MAX_LETTERS)

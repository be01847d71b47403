"""What `update`, `set` and `lock --resolve` are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..preferences.trust import Trusted
from ..template.channel import Channel

__all__ = ["UpdateRequest"]


@dataclass(frozen=True, kw_only=True)
class UpdateRequest:
    """What `update` or `set` was asked for."""

    project: Path
    #: A version; None is what the channel is at.
    to: str | None = None
    #: What to follow from now on; None is what the project follows.
    channel: Channel | None = None
    #: Stay at the recorded version: only answers move.
    same_version: bool = False
    #: Move only what the template owns; all else, and the answers, stay at their version.
    owned_only: bool = False
    #: Where the template is now, if its URL changed.
    template: str | None = None
    #: New or changed answers by question name, as values or text.
    given: Mapping[str, Any] = field(default_factory=dict)
    #: Defaults that go before the template's own.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    use_defaults: bool = False
    #: What may run code and look at the machine: True is whatever template is met.
    trusted: Trusted = False
    #: Leaves out the template's tasks and migrations, and what makes its derived files.
    skip_tasks: bool = False
    #: Merge as git would, nothing beyond.
    lines_only: bool = False
    #: Show the plan on what lies there, committed or not; nothing is going to be written.
    dry_run: bool = False
    #: Where mirrors and renders are kept between runs.
    cache: Path | None = None

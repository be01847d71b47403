"""What happened in the time, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answered request: by which process, when, and how many rows it had."""

    process: int
    moment: float
    rows: int


@dataclass(kw_only=True)
class Found:
    """What happened, and what came of it."""

    files_before: int = 0
    killed: dict[int, float] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    given: dict[str, Given] = field(default_factory=dict)
    lost: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

"""What a command that takes a while says of its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Step"]

#: Called with the name of each step as it begins.
Step: TypeAlias = Callable[[str], None]

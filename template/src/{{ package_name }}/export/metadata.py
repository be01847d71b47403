"""What else travels with the graph, in its metadata, under a key of its own; what reads a graph leaves out keys that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..discovery import discover
from ..steps import Project


@dataclass(frozen=True)
class Companion:
    """What a file of this folder offers that travels with the graph.

    Args:
        name: its key.
        text: of the model that is about to be exported.
    """

    name: str
    text: Callable[[Project], str]


def companions_of(project: Project) -> dict[str, str]:
    """All that there are, by key."""
    return {name: each.text(project) for name, each in sorted(discover("export", Companion).items())}

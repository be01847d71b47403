"""What brings a new model to those who ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ...discovery import discover
from ..loop import Loop

FOLDER = "retraining/deployers"


class New(NamedTuple):
    """A model that is to serve.

    Args:
        run: that made it.
        version: its number in the registry.
        model_version: the version that its graph says.
        graph: the ONNX file.
        reason: why it is to serve, in words.
    """

    run: str
    version: int
    model_version: str
    graph: bytes
    reason: str


class Came(NamedTuple):
    """What came of it.

    Args:
        state: it serves all; it is on its way; or it was turned away.
        says: in words.
    """

    state: Literal["serves", "on its way", "turned away"]
    says: str


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """One way.

    Args:
        name: what it is called.
        rank: of several that may, the one with the highest is asked.
        may: whether it is the way of this project, as it is configured now.
        deploy: takes it a step further, and may be asked again and again; raises `ProjectError`.
    """

    name: str
    rank: int
    may: Callable[[Loop], bool]
    deploy: Callable[[Loop, New], Came]


def deployer_of(loop: Loop) -> Deployer:
    """The way of a project."""
    found = discover(FOLDER, Deployer).values()
    return max((each for each in found if each.may(loop)), key=lambda each: each.rank)

"""Models of MLflow's registry by address: `models:/NAME@ALIAS` and `models:/NAME/VERSION`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import SettingsError
from ..steps import Project
from ..tracking.client import holder
from ..tracking.connection import connected
from .deploying import fetch
from .facts import facts_of

_ADDRESS = re.compile(r"models:/(?P<name>[^@/]+)(?:@(?P<alias>[\w\-]+)|/(?P<version>[1-9]\d{0,8}))")


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A graph of the registry: its number, the version that it says, and its bytes, held to their digest and proved."""

    version: int
    model_version: str
    graph: bytes


def registered(project: Project, address: str) -> Registered:
    """The model at an address.

    Raises:
        SettingsError: it is no such address, or nothing is there.
        TrackingError: the registry cannot be asked, or its file is not the one that was registered.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise SettingsError(f"`{address}` is no model of a registry.", "Write models:/NAME@champion or models:/NAME/3.")
    with connected(project.settings.tracking, project.root) as client:
        number = found["version"] or holder(client, found["name"], found["alias"])
        facts = facts_of(client, found["name"], int(number)) if number else None
        if facts is None or number is None:
            raise SettingsError(f"There is no model at {address}.", "`registry list` shows those that there are.")
        return Registered(
            version=int(number), model_version=facts.model_version, graph=fetch(client, int(number), facts)
        )

"""All versions, with what the registry, the ledger and the file that is served say of each."""

from __future__ import annotations

from dataclasses import dataclass

from ..artifacts import MODEL
from ..steps import Project
from ..tracking.connection import connected
from .deploying import deployed
from .facts import Version, versions_of
from .ledger import Ledger
from .watching import NO_MODEL, wanted


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is there.

    Args:
        versions: the newest first.
        notes: what is not as it should be, in sentences.
    """

    versions: tuple[Version, ...]
    notes: tuple[str, ...]


def list_versions(project: Project, model: str) -> Listing:
    """Read all of it; nothing is changed.

    Raises:
        TrackingError: the registry or its ledger cannot be used.
    """
    with connected(project.settings.tracking, project.root) as client:
        ledger = Ledger(client=client, project=project, model=model)
        versions, history, holder = versions_of(client, ledger.name), ledger.read(), ledger.holder()
    state = wanted(history, holder)
    notes = [NO_MODEL] if not versions else [state.wait] if state.wait else []
    entered = {entry.version for entry in history.entries}
    strangers = [str(version.number) for version in versions if version.number not in entered]
    if strangers:
        notes.append(f"no entry of the ledger is about version {', '.join(strangers[:5])}")
    served = next((version for version in versions if version.number == state.version), None)
    here = deployed(project.root / MODEL.path)
    if served and served.facts.graph and here != served.facts.graph:
        said = "is another" if here else "is not there"
        notes.append(f"{MODEL.path} {said}: `registry watch --once` brings version {served.number}")
    return Listing(versions=tuple(versions), notes=tuple(notes))

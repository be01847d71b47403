"""Serving what was promoted: the file is replaced when the alias has moved, and by what the ledger says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ProjectError
from ..steps import Project
from ..tracking.connection import connected
from .deploying import deployed, fetch, serve_graph
from .facts import facts_of
from .history import History
from .ledger import Ledger

NO_MODEL = "no model yet: the first promotion is waited for"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be served: a version, or why nothing is changed."""

    version: int | None = None
    wait: str = ""


def wanted(history: History, holder: int | None) -> Wanted:
    """What a ledger and the alias say together. What one of them does not say is not served."""
    if history.unfinished:
        said = f"entry {history.unfinished.number} was not carried out yet: `registry promote` finishes it if it was stopped"
        return Wanted(wait=said)
    if holder != history.champion:
        said = f"the alias is at version {holder}, and no entry says so: `registry promote {holder}` makes one"
        return Wanted(wait=said if holder is not None else "the alias was removed, and no entry says so")
    return Wanted(version=holder) if holder is not None else Wanted(wait=NO_MODEL)


def look(project: Project, model: str, path: Path) -> str:
    """Look once, and replace the file if another is to be served; a sentence about what stands there now.

    Raises:
        ProjectError: it cannot be known or done; the file is as it was.
    """
    with connected(project.settings.tracking, project.root) as client:
        ledger = Ledger(client=client, project=project, model=model)
        history = ledger.read()
        found = wanted(history, ledger.holder())
        if found.version is None:
            return found.wait
        facts = facts_of(client, ledger.name, found.version) or history.facts(found.version)
        if facts is None:
            return f"version {found.version} is not in MLflow any more"
        name = f"version {found.version} ({facts.model_version})"
        if facts.graph and deployed(path) == facts.graph:
            return f"{name} is served"
        graph = fetch(client, found.version, facts)
    serve_graph(path, graph)
    return f"{name} is served"


def watch(project: Project, model: str, path: Path, seconds: float, say: Callable[[str], None]) -> None:
    """Look again and again until the process is ended; what has changed is said, and an error never ends it."""
    last = ""
    while True:
        try:
            said = look(project, model, path)
        except ProjectError as error:
            said = f"{error} What is served stays."
        if said != last:
            say(said)
            last = said
        time.sleep(seconds)

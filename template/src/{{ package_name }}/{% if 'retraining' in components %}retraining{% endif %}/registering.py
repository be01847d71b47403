"""The new model in the registry: as a challenger, with what was decided about it; never twice."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import partial
from typing import Any

from .. import lineage, tracking
from ..artifacts import CANDIDATE, LEARNT, METRICS, NATIVE, PARITY, SPLIT
from ..evaluation.champion import Verdict
from ..predictor.predictor import Predictor
from ..registry import keeping
from ..registry.entry import Facts
from ..registry.facts import facts_of
from ..registry.history import History
from ..registry.ledger import Decision
from ..steps import Project
from ..tracking.git import commit_of
from ..tracking.names import registered_name
from .loop import Loop
from .notes import Note, entry_of, with_note

#: The tag of a version that says of which run it is.
TAG = "retraining_run"


def register(loop: Loop, made: Project, run: str, verdict: Verdict) -> int:
    """Make the model of a run a version of the registered model; its number comes back.

    Raises:
        TrackingError: that cannot be done now; nothing is left half.
    """
    with loop.ledger() as ledger:
        entered = entry_of(ledger.settle(), run, "register")
        if entered is not None:
            return entered.version
        name = registered_name(loop.project.settings.tracking, loop.model)
        for version in client_versions(ledger.client, name, run):
            # It was stopped between the version and its entry.
            facts = facts_of(ledger.client, name, version)
            if facts is not None and facts.accepted:
                ledger.write(partial(_late, version, facts, with_note(verdict.sentence, Note(name=run))))
                return version
    return _new(loop, made, run, verdict)


def _late(version: int, facts: Facts, reason: str, history: History) -> Decision:
    return Decision(action="register", version=version, champion=history.champion, facts=facts, reason=reason)


def client_versions(client: Any, name: str, run: str) -> list[int]:
    """Versions of a run that are in the registry, in their order."""
    found = client.search_model_versions(f"name = '{name}'")
    return sorted(int(version.version) for version in found if dict(version.tags).get(TAG) == run)


def _new(loop: Loop, made: Project, run: str, verdict: Verdict) -> int:
    settings = loop.project.settings.tracking
    alias = None if settings.alias == tracking.CHALLENGER else tracking.CHALLENGER

    def around(client: Any, registration: tracking.Registration) -> Any:
        loop.reached("version made")
        reason = with_note(verdict.sentence, Note(name=run))
        return keeping.recording(loop.project, client, registration, reason, loop.clock)

    record = _record(loop, made, run, verdict)
    return tracking.register(settings, record, loop.model, loop.project.root, alias=alias, around=around)


def _record(loop: Loop, made: Project, run: str, verdict: Verdict) -> tracking.Record:
    graph = made.read(CANDIDATE)
    new = Predictor.from_bytes(graph, made.root / CANDIDATE.path)
    metrics: dict[str, Any] = made.read(METRICS) | {"retraining": _numbers(verdict)}
    passed = [f"{step} {found.status}" for step, found in lineage.records_in(made.root).items()]
    commit = commit_of(loop.project.root)
    tags = {
        "model_version": new.version,
        "verdict": verdict.sentence,
        "decision": verdict.decision,
        "gates": ", ".join(passed),
        "graph": f"sha256:{hashlib.sha256(graph).hexdigest()}",
        TAG: run,
        **({"git.commit": commit.digest} if commit else {}),
    }
    return tracking.record_of(
        made,
        metrics,
        SPLIT,
        PARITY,
        tags=tags,
        files={
            tracking.GRAPH: made.root / CANDIDATE.path,
            tracking.NATIVE: made.root / NATIVE.path,
            tracking.LEARNT: made.root / LEARNT.path,
        },
        example=tracking.Example(contract=new.contract, row=new.about.example),
    )


def _numbers(verdict: Verdict) -> dict[str, float]:
    return {name: float(value) for name, value in asdict(verdict).items() if isinstance(value, int | float)}

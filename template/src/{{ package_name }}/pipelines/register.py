"""`register`: record the run, and decide: promote a model that is no worse than the champion, or keep that (see `decide`)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl

from .. import lineage, tracking
from ..artifacts import (
    CANDIDATE,
    COMPARISON,
    HOLDOUT,
    LEARNT,
    METRICS,
    MODEL,
    NATIVE,
    PARITY,
    REGISTERED,
    SPLIT,
    whole,
)
from ..evaluation.champion import Verdict, answers_of, incomparable, judge, unseen_by
from ..predictor.loading import ModelFileError
from ..predictor.predictor import Predictor
from ..steps import Project, Step
from ..tracking import Champion
from .keepers.base import Keepers


def run(project: Project) -> str:
    """Compare with the champion, register, and only then replace models/model.onnx by what holds the alias."""
    settings, graph = project.settings.tracking, project.read(CANDIDATE)
    new = Predictor.from_bytes(graph, project.root / CANDIDATE.path)
    keepers = Keepers(project=project, model=new.name)
    objection = keepers.objection(new.version)
    champion = tracking.champion(settings, new.name, project.root)
    if champion and champion.graph and champion.model_version == new.version:
        if _carries(champion.graph, new):
            verdict = Verdict(decision="keep", sentence="this model holds the alias already: nothing is new")
            return _finish(project, new, champion.version, verdict, champion.graph)
        verdict = Verdict(decision="promote", sentence=f"version {champion.version} again, in a file that says more")
    else:
        verdict = _compare(project, new, champion)
    if objection and verdict.takes_alias:
        verdict = replace(verdict, decision="keep", sentence=objection)
    record = _record(project, new, graph, verdict)
    if not verdict.takes_alias:
        # The alias of the served model may have any name, this one too.
        alias = None if settings.alias == tracking.CHALLENGER else tracking.CHALLENGER
        version = tracking.register(settings, record, new.name, project.root, alias=alias, around=keepers.recording)
        return _finish(project, new, version, verdict, champion.graph if champion else None)
    # A full disk shows before the model is registered, and a registry that is down before the file is replaced.
    with whole(project.root / MODEL.path) as place:
        MODEL.write(place, graph)
        alias = settings.alias
        version = tracking.register(settings, record, new.name, project.root, alias=alias, around=keepers.recording)
    return keepers.announced(_finish(project, new, version, verdict, graph))


def _carries(graph: bytes, new: Predictor) -> bool:
    """Whether the champion's file has all that travels with the new one; one of an earlier release may lack some."""
    try:
        old = Predictor.from_bytes(graph, Path("of the champion"))
    except ModelFileError:
        return False
    return new.carried <= old.carried


def _record(project: Project, new: Predictor, graph: bytes, verdict: Verdict) -> tracking.Record:
    """What is kept of the run: with its version stand what it is made of, which steps let it pass, and the decision."""
    later = {MODEL.path, REGISTERED.path}
    passed = [
        f"{step} {found.status}"
        for step, found in lineage.records_in(project.root).items()
        if not later & {*found.made_from.inputs, *found.writes}
    ]
    metrics: dict[str, Any] = project.read(METRICS)
    return tracking.record_of(
        project,
        metrics,
        SPLIT,
        PARITY,
        tags={
            "model_version": new.version,
            "verdict": verdict.sentence,
            "decision": verdict.decision,
            "gates": ", ".join(passed),
            "graph": f"sha256:{hashlib.sha256(graph).hexdigest()}",
        },
        files={
            tracking.GRAPH: project.root / CANDIDATE.path,
            tracking.NATIVE: project.root / NATIVE.path,
            tracking.LEARNT: project.root / LEARNT.path,
        },
        example=tracking.Example(contract=new.contract, row=new.about.example),
    )


def _finish(project: Project, new: Predictor, version: int, verdict: Verdict, served: bytes | None) -> str:
    """See that the served file is what holds the alias, and say what happened."""
    path = project.root / MODEL.path
    if served and not (path.is_file() and path.read_bytes() == served):
        project.write(MODEL, served)
    said: dict[str, Any] = {"model": new.name, "model_version": new.version, "version": version}
    said |= {"alias": project.settings.tracking.alias, "takes_alias": verdict.takes_alias}
    project.write(REGISTERED, said | asdict(verdict))
    return f"{verdict.decision}: version {version} of {new.name}: {verdict.sentence}"


def _compare(project: Project, new: Predictor, champion: Champion | None) -> Verdict:
    """Whether the new model takes the alias."""
    if champion is None:
        return Verdict(decision="promote", sentence="the first model takes the alias")
    try:
        if champion.graph is None:
            return _replaced(champion, "its file is not kept any more")
        old = Predictor.from_bytes(champion.graph, Path("of the champion"))
        if reason := incomparable(old.contract, project.contract):
            return _replaced(champion, reason)
        rows = project.read(HOLDOUT)
        unseen = unseen_by(rows, old.contract, champion.learnt)
        if unseen is not None:
            rows = rows.filter(pl.Series(unseen))
        asked = answers_of(old, rows)
    except ModelFileError as error:
        return _replaced(champion, str(error))
    order = [old.contract.labels.index(label) for label in new.contract.labels]
    asked = asked[:, order] if order else asked
    verdict = judge(project.contract, rows, answers_of(new, rows), asked)
    if unseen is None:
        note = "; which rows the champion learnt from is not known: it may have seen these"
        return replace(verdict, sentence=verdict.sentence + note)
    return verdict


def _replaced(champion: Champion, reason: str) -> Verdict:
    sentence = f"the new model takes the alias, as version {champion.version} cannot be asked: {reason}"
    return Verdict(decision="promote", sentence=sentence.rstrip("."))


STEP = Step(
    name="register",
    run=run,
    reads=(CANDIDATE, NATIVE, METRICS, COMPARISON, SPLIT, PARITY, HOLDOUT, LEARNT),
    writes=(MODEL, REGISTERED),
    params=("tracking",),
)

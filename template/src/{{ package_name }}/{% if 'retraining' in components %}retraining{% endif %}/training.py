"""The steps of the pipeline up to the exported graph, in a run's own folder: gates and all."""

from __future__ import annotations

from collections.abc import Collection

from ..artifacts import CANDIDATE
from ..lineage import Lineage
from ..pipelines.register import STEP as REGISTER
from ..predictor.predictor import Predictor
from ..steps import Project, Step
from ..workflow import all_steps, execute_briefly, without
from .loop import Loop


def train(loop: Loop, made: Project) -> Predictor:
    """Make a model of the rows that stand there; what was made before is made no second time.

    Raises:
        DataError: the rows do not keep the contract, or the rules for data.
        GateError: the model is not good enough, or too good.
        ProjectError: as any step.
    """
    steps = needed(loop.settings.without)
    for step in steps:
        if not Lineage(made, steps).is_current(step):
            execute_briefly(step, made, steps)
        loop.reached(f"step {step.name}")
    return Predictor.from_bytes(made.read(CANDIDATE), made.root / CANDIDATE.path)


def needed(left_out: Collection[str] = ()) -> list[Step]:
    """Those that `register` builds on, in their order."""
    steps = without(all_steps(), left_out)
    makers = {artifact.path: step for step in steps for artifact in step.writes}
    wanted: set[str] = set()
    waiting = [next(step for step in steps if step.name == REGISTER.name)]
    while waiting:
        for artifact in waiting.pop().reads:
            maker = makers[artifact.path]
            if maker.name not in wanted:
                wanted.add(maker.name)
                waiting.append(maker)
    return [step for step in steps if step.name in wanted]

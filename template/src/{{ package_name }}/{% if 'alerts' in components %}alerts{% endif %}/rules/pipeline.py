"""Whether what makes models works."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds


def _make(_: Baseline, __: Thresholds) -> Sequence[Rule]:
    success = 'pipeline_step_success{$job, part="pipeline", step="export"}'
    return (
        Rule(
            name="PipelineFailed",
            area="pipeline",
            severity="warning",
            expr="pipeline_step_success{$job} == 0",
            wait="0m",
            summary="The step {step} failed when it was run last.",
            fires=Story(series={success: "0x5"}, at=3, labels={"part": "pipeline", "step": "export"}),
            silent=Story(series={success: "1x5"}, at=3),
        ),
    )


PIPELINE = Rules(name="pipeline", make=_make)

"""Whether the model that answers is the one that should, and not too old."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds

_DAY = 24 * 3600
_INFO = 'serving_model_info{$job, instance="%s", name="m", version="%s", task="t"}'


def _make(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    # promtool's time begins in 1970.
    old, young = -(2 * limits.model_days) * _DAY, -(limits.model_days / 2) * _DAY
    written = 'serving_model_timestamp_seconds{$job, instance="a"}'
    return (
        Rule(
            name="ModelOld",
            area="model",
            severity="warning",
            expr=f"(time() - max by (job) (serving_model_timestamp_seconds{{$job}})) / {_DAY} > {limits.model_days}",
            wait="1h",
            summary="The served model is {value} days old.",
            fires=Story(series={written: f"{old:.0f}x120"}, at=90, value=f"{2 * limits.model_days + 90 / 1440:.3g}"),
            silent=Story(series={written: f"{young:.0f}x120"}, at=90),
        ),
        Rule(
            name="ModelVersions",
            area="model",
            severity="warning",
            expr="count by (job) (count by (job, version) (serving_model_info{$job})) > 1",
            wait="30m",
            summary="{value} versions of the model are served side by side.",
            fires=Story(series={_INFO % ("a", "1"): "1x60", _INFO % ("b", "2"): "1x60"}, at=45, value="2"),
            silent=Story(series={_INFO % ("a", "1"): "1x60", _INFO % ("b", "1"): "1x60"}, at=45),
        ),
    )


MODEL = Rules(name="model", make=_make)

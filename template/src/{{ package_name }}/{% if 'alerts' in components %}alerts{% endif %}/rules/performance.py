"""Whether the model is still as good as it was on the hold-out, by outcomes that became known."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds

_SCORE = 'monitoring_score_%s{$job, part="monitoring", metric="%s"}'
_BEFORE = 'baseline_score_%s{$job, metric="%s"}'
_PUSHED = 'monitoring_timestamp_seconds{$job, part="monitoring"}'


def _scores(baseline: Baseline, _: Thresholds) -> Sequence[Rule]:
    """A rule for scores where more is better, and one for losses: the interval as a whole is beside that of the hold-out."""
    better = [name for name in baseline.scores if baseline.higher.get(name)]
    worse = [name for name in baseline.scores if not baseline.higher.get(name, True)]
    return (
        *((_score("ScoreLow", better, "high", "<", "low"),) if better else ()),
        *((_score("LossHigh", worse, "low", ">", "high"),) if worse else ()),
    )


def _score(name: str, metrics: Sequence[str], end: str, sign: str, bound: str) -> Rule:
    first = metrics[0]
    before = {_BEFORE % (bound, first): "0.5x10"}
    bad, fair = ("0.25", "0.75") if sign == "<" else ("0.75", "0.25")
    return Rule(
        name=name,
        area="performance",
        severity="critical",
        expr=f'monitoring_score_{end}{{$job, metric=~"{"|".join(metrics)}"}} {sign} on (job, metric) baseline_score_{bound}{{$job}}',
        wait="0m",
        summary="By the outcomes that are known, {metric} is {value} at best: worse than on the hold-out, chance allowed for.",
        fires=Story(
            series={_SCORE % (end, first): f"{bad}x10", **before},
            at=5,
            labels={"metric": first},
            value=bad,
        ),
        silent=Story(series={_SCORE % (end, first): f"{fair}x10", **before}, at=5),
    )


def _late(_: Baseline, limits: Thresholds) -> Sequence[Rule]:
    hours = f"(time() - max by (job) (monitoring_timestamp_seconds{{$job}})) / 3600 > {limits.monitoring_hours}"
    long_ago = -(2 * limits.monitoring_hours) * 3600
    return (
        Rule(
            name="MonitoringLate",
            area="performance",
            severity="warning",
            expr=hours,
            wait="10m",
            summary="What monitoring found was told {value} hours ago for the last time.",
            fires=Story(
                series={_PUSHED: f"{long_ago:.0f}x40"}, at=30, value=f"{2 * limits.monitoring_hours + 0.5:.3g}"
            ),
            silent=Story(series={_PUSHED: "0x40"}, at=30),
        ),
    )


SCORES, LATE = Rules(name="scores", make=_scores), Rules(name="late", make=_late)

"""Whether the model is still as good as it was on the hold-out, by outcomes that became known."""

from __future__ import annotations

from collections.abc import Sequence

from ..baseline import Baseline
from ..rule import Rule, Rules, Story
from ..settings import Thresholds

_DEGRADED = 'monitoring_degraded{$job, part="scores", metric="%s"}'
_PUSHED = 'monitoring_timestamp_seconds{$job, part="monitoring"}'


def _scores(baseline: Baseline, _: Thresholds) -> Sequence[Rule]:
    """A rule for scores of which more is better, and one for losses; what is worse, `monitor performance` has judged."""
    better = [name for name in baseline.scores if baseline.higher.get(name, True)]
    worse = [name for name in baseline.scores if not baseline.higher.get(name, True)]
    return (
        *((_score("ScoreLow", better),) if better else ()),
        *((_score("LossHigh", worse),) if worse else ()),
    )


def _score(name: str, metrics: Sequence[str]) -> Rule:
    first = metrics[0]
    return Rule(
        name=name,
        area="performance",
        severity="critical",
        expr=f'monitoring_degraded{{$job, metric=~"{"|".join(metrics)}"}} > 0',
        wait="0m",
        summary="By the outcomes that are known, {metric} was worse than on the hold-out in {value} of the newest windows, "
        "chance allowed for.",
        fires=Story(series={_DEGRADED % first: "2x10"}, at=5, labels={"part": "scores", "metric": first}, value="2"),
        silent=Story(series={_DEGRADED % first: "0x10"}, at=5),
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

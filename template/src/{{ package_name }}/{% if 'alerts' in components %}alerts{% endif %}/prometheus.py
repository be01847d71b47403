"""What Prometheus reads: the baseline as series, rules of alarms, and the stories that prove them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..discovery import discover
from ..errors import SettingsError
from . import JOB
from .baseline import Baseline
from .rule import FOLDER, Rule, Rules
from .settings import FILE, Alerts

Document = dict[str, Any]
_DEPENDENT = frozenset({"ScoreLow", "LossHigh"})


def rules_of(baseline: Baseline, settings: Alerts) -> list[Rule]:
    """All rules that are there and wanted, in the order of areas and names; raises `SettingsError`."""
    made = [rule for each in discover(FOLDER, Rules).values() for rule in each.make(baseline, settings.thresholds)]
    # Some depend on the model, and are not there for each.
    if unknown := set(settings.without) - {rule.name for rule in made} - _DEPENDENT:
        raise SettingsError(f"{FILE}: without: there is no rule {', '.join(sorted(unknown))}.", f"Mend {FILE}.")
    return sorted((rule for rule in made if rule.name not in settings.without), key=lambda rule: (rule.area, rule.name))


def alarms(rules: Sequence[Rule], runbook: str) -> Document:
    """A file of rules, a group an area."""
    areas = sorted({rule.area for rule in rules})
    groups = ({"name": area, "rules": [rule.written(runbook) for rule in rules if rule.area == area]} for area in areas)
    return {"groups": list(groups)}


def proofs(rules: Sequence[Rule], runbook: str, file: str) -> Document:
    """What `promtool test rules` reads."""
    stories = [story for rule in rules for story in rule.stories(runbook)]
    return {"rule_files": [file], "evaluation_interval": "1m", "tests": stories}


def baseline_series(baseline: Baseline) -> Document:
    """A file of rules that write what the model was like when it was judged as series that never change."""
    rules = [_constant(name, value, labels) for name, labels, value in _numbers(baseline)]
    return {"groups": [{"name": "baseline", "rules": rules}] if rules else []}


def _numbers(baseline: Baseline) -> Iterator[tuple[str, Mapping[str, str], float]]:
    for column, share in baseline.missing.items():
        yield "baseline_missing_share", {"column": column}, share
    for column, share in baseline.unseen.items():
        yield "baseline_unseen_share", {"column": column}, share
    for label, share in baseline.labels.items():
        yield "baseline_label_share", {"label": label}, share
    if baseline.mean is not None:
        yield "baseline_prediction_mean", {}, baseline.mean
        yield "baseline_prediction_deviation", {}, baseline.deviation or 1.0
    for metric, score in baseline.scores.items():
        for end in ("low", "value", "high"):
            yield f"baseline_score_{end}", {"metric": metric}, getattr(score, end)


def _constant(name: str, value: float, labels: Mapping[str, str]) -> Document:
    return {"record": name, "expr": f"vector({value!r})", "labels": {"job": JOB, **labels}}

"""What a search says: numbers for reports/tuning.json, the settings to use, and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .base import Trial
from .importance import importance
from .tuner import Nested, Tuned, Tuning


def numbers(tuning: Tuning, search: str, seed: int) -> dict[str, Any]:
    """reports/tuning.json: losses are of the metric that candidates are chosen by; lower is better."""
    return {
        "search": search,
        "metric": tuning.primary,
        "ended": "all trials were made" if tuning.in_time else "the time was over",
        "candidates": {item.name: _candidate(item, seed) for item in tuning.candidates},
        "says": sentence(tuning),
    }


def settings(tuning: Tuning) -> dict[str, Mapping[str, Any]]:
    """models/artifacts/tuned.json: of the candidates for which something better was found."""
    return {item.name: item.run.best().settings for item in tuning.candidates if item.taken}


def sentence(tuning: Tuning) -> str:
    """What came of it, in a line."""
    if not tuning.candidates:
        return "params.yaml sets everything that is worth a search, so there is nothing to search for"
    said = "; ".join(_said(item, tuning.primary) for item in tuning.candidates)
    return said if tuning.in_time else f"{said}; the time was over"


def _said(item: Tuned, primary: str) -> str:
    told = item.run.told()
    start = f"{item.name}, {len(told)} trial{'' if len(told) == 1 else 's'}: "
    if item.nested is None:
        untuned, best = np.mean(item.run.untuned or [np.nan]), item.run.best().loss
        found = f"{primary} {untuned:.4g}, found {best:.4g}" if item.taken else "nothing found that is better for sure"
        return start + found
    gain = item.nested.gain
    sure = "" if gain is None else f" (gain {gain.low:.3g} to {gain.high:.3g})"
    taken = "" if item.taken else ", so the defaults stay"
    return f"{start}{primary} {item.nested.untuned:.4g} with defaults, {item.nested.tuned:.4g} tuned{sure}{taken}"


def _candidate(item: Tuned, seed: int) -> dict[str, Any]:
    run, told = item.run, item.run.told()
    best = run.best()
    return {
        "taken": item.taken,
        "settings": dict(best.settings),
        "defaults": dict(run.defaults),
        "folds": {"defaults": _mean(run.untuned), "found": _mean(best.losses), "losses": _rounded(best.losses)},
        "nested": None if item.nested is None else _nested(item.nested),
        "importance": importance(item.space, told, seed),
        "curve": curve(told),
        "trials": [_trial(trial) for trial in told],
    }


def _nested(nested: Nested) -> dict[str, Any]:
    return {
        "defaults": round(nested.untuned, 6),
        "tuned": round(nested.tuned, 6),
        "gain": None if nested.gain is None else nested.gain.rounded(),
        "rows": nested.rows,
        "folds": nested.folds,
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {"settings": dict(trial.settings), "losses": _rounded(trial.losses), "complete": trial.complete}


def curve(trials: Sequence[Trial]) -> list[float | None]:
    """The least loss up to each trial; nothing before the first complete one."""
    losses = [trial.loss if trial.complete else np.inf for trial in trials]
    least = np.minimum.accumulate(losses) if losses else np.empty(0)
    return [round(float(value), 6) if np.isfinite(value) else None for value in least]


def _mean(losses: Sequence[float]) -> float | None:
    return round(float(np.mean(losses)), 6) if losses and np.isfinite(losses).all() else None


def _rounded(losses: Sequence[float]) -> list[float]:
    return [round(value, 6) for value in losses]

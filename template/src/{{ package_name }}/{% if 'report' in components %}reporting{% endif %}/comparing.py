"""How two runs differ, in rows of a table: what each says, and the difference where one can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .run import Run
from .section import interval, score

HOLDOUT = "data/processed/holdout.parquet"


@dataclass(frozen=True)
class Difference:
    """One row: what is compared, what each run says, and how far the second lies from the first."""

    what: str
    one: str
    other: str
    change: str = ""


def differences(one: Run, other: Run) -> list[Difference]:
    """All that both or one of them say."""
    return [*_facts(one, other), *_scores(one, other), *_folds(one, other)]


def same_rows(one: Run, other: Run) -> bool | None:
    """Whether both were judged by the same rows; None if that is not known."""
    digests = [run.records.get("split", {}).get("made", {}).get(HOLDOUT) for run in (one, other)]
    if all(digests):
        return bool(digests[0] == digests[1])
    sides = [run.reports.get("split", {}).get("holdout") for run in (one, other)]
    return False if sides[0] != sides[1] else None


def caution(one: Run, other: Run) -> str:
    """What the differences are worth."""
    said = {
        True: "Both were judged by the same rows. Whether a difference is more than chance is what `register` asks, row by row: "
        "two intervals that overlap do not say that there is none.",
        False: "They were judged by different rows: a difference can be one of the rows, and not of the models.",
        None: "Whether they were judged by the same rows is not known.",
    }
    return said[same_rows(one, other)]


def _facts(one: Run, other: Run) -> Iterator[Difference]:
    def told(what: str, values: list[object]) -> Difference:
        first, second = ("–" if value is None else str(value) for value in values)
        return Difference(what, first, second, "" if first == second else "differs")

    runs = (one, other)
    yield told("decision", [run.decision for run in runs])
    yield told("model", [run.metrics.get("model") for run in runs])
    yield told("model version", [run.reports.get("parity", {}).get("model_version") for run in runs])
    for side, called in (("train", "rows to learn from"), ("holdout", "rows to judge by")):
        yield told(called, [run.reports.get("split", {}).get(side, {}).get("rows") for run in runs])
    for name in ("contract", "settings", "code"):
        digests = [run.records.get("compare", {}).get("made_from", {}).get(name) for run in runs]
        if any(digests):
            yield told(name, [digest and digest[:12] for digest in digests])


def _scores(one: Run, other: Run) -> Iterator[Difference]:
    first, second = (run.metrics.get("holdout", {}) for run in (one, other))
    for name in dict.fromkeys([*first, *second]):
        cells = [
            f"{score(side[name]['value'])} ({interval(side[name])})" if name in side else "–"
            for side in (first, second)
        ]
        both = name in first and name in second
        change = f"{second[name]['value'] - first[name]['value']:+.4g}" if both else ""
        yield Difference(f"hold-out {name.replace('_', ' ')}", cells[0], cells[1], change)


def _folds(one: Run, other: Run) -> Iterator[Difference]:
    sides = [
        {(row["candidate"], row["metric"]): row["mean"] for row in run.reports.get("comparison", ())}
        for run in (one, other)
    ]
    primary = next((row["metric"] for run in (one, other) for row in run.reports.get("comparison", ())), None)
    for name, metric in dict.fromkeys([*sides[0], *sides[1]]):
        if metric == primary:
            first, second = (side.get((name, metric)) for side in sides)
            change = "" if first is None or second is None else f"{second - first:+.4g}"
            yield Difference(f"folds {metric.replace('_', ' ')}, {name}", score(first), score(second), change)

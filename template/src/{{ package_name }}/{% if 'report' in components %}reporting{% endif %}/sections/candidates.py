"""How the candidates compare on folds of the training rows, and why one was chosen."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ...tasks.base import task_of
from ..run import Run
from ..section import Block, Section, Table, Words, dotted, score


def of(run: Run, sheet: Sheet) -> Iterator[Block]:
    """A table of all scores, and a figure of the one by which they are chosen."""
    rows = run.reports.get("comparison")
    if not rows:
        return
    names, metrics = (list(dict.fromkeys(row[column] for row in rows)) for column in ("candidate", "metric"))
    cells = {(row["candidate"], row["metric"]): row for row in rows}
    chosen = run.metrics.get("model")
    notes = run.metrics.get("notes") or []
    folds = max(row["folds"] for row in rows)
    yield Words(
        f"Each was fitted {folds} times without a part of the training rows, and asked about that part: mean ± standard "
        "deviation over these folds. The hold-out takes no part. A simpler one within one standard error of the best is taken."
    )
    for note in notes[:1]:
        yield Words(f"Why it was chosen: {note}.")
    table = [
        [f"{name} ✓" if name == chosen else name, *(_cell(cells.get((name, one))) for one in metrics)] for name in names
    ]
    yield Table(("candidate", *(metric.replace("_", " ") for metric in metrics)), table)
    primary = task_of(run.contract).primary if run.contract else metrics[0]
    known = [(name, cells[name, primary]) for name in names if (name, primary) in cells]
    known.sort(key=lambda item: item[1]["mean"])
    points = [
        (name, row["mean"], row["mean"] - (row["std"] or 0), row["mean"] + (row["std"] or 0)) for name, row in known
    ]
    yield dotted(sheet, f"{primary.replace('_', ' ')} over folds, ± standard deviation: less is better", points)


def _cell(row: dict[str, float] | None) -> str:
    if row is None:
        return "–"
    return score(row["mean"]) + ("" if row["std"] is None else f" ± {score(row['std'])}")


SECTION = Section("candidates", "How the candidates compare", 30, of)

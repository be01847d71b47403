"""`split`: divide the rows into those to learn from and those to judge the model by, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl

from ..artifacts import HOLDOUT, LEARNT, ROWS, SPLIT, TRAIN
from ..contract.types import Contract
from ..errors import DataError
from ..steps import Project, Step


def run(project: Project) -> str:
    """Write the two sides, digests of the rows to learn from, and reports/split.json.

    Raises:
        DataError: a side would be empty, or there is one class to learn from.
        LeakageError: a column tells more than anybody can know.
    """
    from ..contract.digests import row_digests
    from ..features.leakage import forbid_leaks
    from ..features.split import FLATTERS, holdout, how

    contract, settings = project.contract, project.settings
    rows = project.read(ROWS).collect()
    # All rows: nothing is learnt or chosen by it, it can only stop; and what was made of all outcomes shows only in all.
    notes = forbid_leaks(rows, contract, seed=settings.seed)
    part = holdout(rows, contract, settings.split.holdout_share, settings.seed)
    train, judged = rows[part.learn], rows[part.judge]
    if contract.labels and train[contract.target.column].n_unique() == 1:
        raise DataError(
            f"All {len(train)} rows to learn from have the outcome `{train[contract.target.column][0]}`.",
            "Add rows of the other outcomes; if there are some, divide the rows otherwise (split, or `time`).",
        )
    report = {
        "by": how(contract),
        "says": FLATTERS[how(contract)],
        "left_out": part.left_out,
        "leak_alarm": notes,
        "train": _describe(train, contract),
        "holdout": _describe(judged, contract),
    }
    project.write(TRAIN, train)
    project.write(HOLDOUT, judged)
    project.write(LEARNT, pl.DataFrame({"digest": row_digests(train, contract)}))
    project.write(SPLIT, report)
    said = "".join(f"; {count} left out: {why}" for why, count in part.left_out.items())
    by = "at random" if how(contract) == "random" else f"by {how(contract)}"
    return f"{len(train)} rows to learn from, {len(judged)} to judge by, divided {by}{said}"


def _describe(rows: pl.DataFrame, contract: Contract) -> dict[str, Any]:
    """One side: how many rows, from when to when in the place's own time, and the share of each class."""
    described: dict[str, Any] = {"rows": len(rows)}
    if contract.time:
        described["time"] = [str(rows[contract.time].min()), str(rows[contract.time].max())]
    if contract.labels:
        count = Counter(rows[contract.target.column])
        described["classes"] = {label: round(count[label] / len(rows), 6) for label in contract.labels}
    return described


STEP = Step(
    "split",
    run,
    reads=(ROWS,),
    writes=(TRAIN, HOLDOUT, SPLIT, LEARNT),
    params=("seed", "split.holdout_share"),
    judges=True,
)

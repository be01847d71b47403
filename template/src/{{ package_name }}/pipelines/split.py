"""`split`: divide the rows into those to learn from and those to judge the model by, once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..artifacts import HOLDOUT, LEARNT, ROWS, SPLIT, TRAIN, parts_of, scan_table
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
    from ..features.split import FLATTERS, holdout, how, rows_at

    contract, settings = project.contract, project.settings
    rows: pl.LazyFrame = project.read(ROWS)
    # All rows: nothing is learnt or chosen by it, it can only stop; and what was made of all outcomes shows only in all.
    notes = forbid_leaks(rows, contract, seed=settings.seed)
    part = holdout(rows, contract, settings.split.holdout_share, settings.seed)
    _require_classes(rows, part.learn, contract)
    project.write(TRAIN, rows_at(rows, part.learn))
    project.write(HOLDOUT, rows_at(rows, part.judge))
    train, judged = scan_table(project.root / TRAIN.path), scan_table(project.root / HOLDOUT.path)
    project.write(LEARNT, (pl.DataFrame({"digest": row_digests(some, contract)}) for some in parts_of(train)))
    report = {
        "by": how(contract),
        "says": FLATTERS[how(contract)],
        "left_out": part.left_out,
        "leak_alarm": notes,
        "train": _describe(train, contract),
        "holdout": _describe(judged, contract),
    }
    project.write(SPLIT, report)
    said = "".join(f"; {count} left out: {why}" for why, count in part.left_out.items())
    by = "at random" if how(contract) == "random" else f"by {how(contract)}"
    return f"{len(part.learn)} rows to learn from, {len(part.judge)} to judge by, divided {by}{said}"


def _require_classes(rows: pl.LazyFrame, places: np.ndarray, contract: Contract) -> None:
    from ..features.split import rows_at

    target = contract.target.column
    seen: set[str] = set()
    for part in rows_at(rows.select(target), places) if contract.labels else ():
        seen.update(part[target].unique())
    if len(seen) == 1:
        raise DataError(
            f"All {len(places)} rows to learn from have the outcome `{seen.pop()}`.",
            "Add rows of the other outcomes; if there are some, divide the rows otherwise (split, or `time`).",
        )


def _describe(rows: pl.LazyFrame, contract: Contract) -> dict[str, Any]:
    """One side: how many rows, from when to when in the place's own time if that is not personal, and the share of each class."""
    count = rows.select(pl.len()).collect(engine="streaming").item()
    described: dict[str, Any] = {"rows": count}
    column = contract.columns.get(contract.time or "")
    if contract.time and not (column and column.pii):
        time = pl.col(contract.time)
        first_last = rows.select(time.min().alias("first"), time.max().alias("last")).collect(engine="streaming")
        described["time"] = [str(moment) for moment in first_last.row(0)]
    if contract.labels:
        target = pl.col(contract.target.column)
        found = rows.select((target == label).sum().alias(label) for label in contract.labels)
        counts = found.collect(engine="streaming").row(0, named=True)
        described["classes"] = {label: round(counts[label] / count, 6) for label in contract.labels}
    return described


STEP = Step(
    "split",
    run,
    reads=(ROWS,),
    writes=(TRAIN, HOLDOUT, SPLIT, LEARNT),
    params=("seed", "split.holdout_share"),
    judges=True,
)

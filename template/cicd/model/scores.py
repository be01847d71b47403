"""Tell the scores of the model that was judged: reports/ci/model.md to read, reports/ci/metrics.txt for the request.

A run that a gate has stopped before it was judged has none: what git keeps of an earlier run is not told.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKS = Path(os.environ.get("CHECKS", "reports/ci"))
METRICS = Path("reports/metrics.json")
#: Steps that refuse a model when it has been judged.
JUDGED = {"evaluate", "analyse", "export"}


def refused_before() -> set[str]:
    """Steps that a gate has refused before there was a model to judge."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in Path("reports/lineage").glob("*.json")]
    return {record["step"] for record in records if record["blocked"]} - JUDGED


def page(metrics: dict[str, Any]) -> Iterator[str]:
    """A table of the scores beside the baseline's, and what was noted."""
    yield f"# {metrics['model']}, on {metrics['rows']} rows that it has never seen"
    yield ""
    yield "| score | value | from | to | naive baseline |"
    yield "|---|---|---|---|---|"
    for name, score in metrics["holdout"].items():
        naive = metrics["baseline"].get(name)
        bounds = " | ".join(f"{score[each]:.4g}" for each in ("value", "low", "high"))
        yield f"| {name} | {bounds} | {'' if naive is None else f'{naive:.4g}'} |"
    yield ""
    yield from (f"- refused: {each}" for each in metrics["objections"])
    yield from (f"- {each}" for each in metrics["notes"])


def main() -> None:
    """Write both files."""
    CHECKS.mkdir(parents=True, exist_ok=True)
    stopped = refused_before()
    metrics: dict[str, Any] = {} if stopped else json.loads(METRICS.read_text(encoding="utf-8"))
    told = [f"# No model was judged: {', '.join(sorted(stopped))} stopped the run"] if stopped else list(page(metrics))
    (CHECKS / "model.md").write_text("\n".join(told) + "\n", encoding="utf-8")
    scores = metrics.get("holdout", {})
    (CHECKS / "metrics.txt").write_text(
        "".join(f"{name} {score['value']}\n" for name, score in scores.items()), encoding="utf-8"
    )


if __name__ == "__main__":
    main()

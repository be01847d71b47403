"""Drift of one made table, by another tool as it comes: `python drift.py evidently|nannyml RUNS`, told in JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from drift_table import CURRENT, REFERENCE, ROWS, table

warnings.filterwarnings("ignore")


def evidently(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """The columns that the preset for drift calls drifted."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    found = Report([DataDriftPreset()]).run(current, reference).dict()
    drifted = []
    for metric in found["metrics"]:
        config = metric["config"]
        if "column" in config and "threshold" in config and isinstance(metric["value"], float):
            value, threshold = metric["value"], config["threshold"]
            # Of a p-value small is drift, of a distance large.
            if value < threshold if "p_value" in config["method"] else value >= threshold:
                drifted.append(config["column"])
    return drifted


def nannyml(reference: pd.DataFrame, current: pd.DataFrame) -> list[str]:
    """The columns for which its default method raises an alert in at least half of the chunks."""
    import nannyml as nml

    # Its threshold is learnt from chunks of the reference, ten of them; so many chunks the current rows have, too.
    calculator = nml.UnivariateDriftCalculator(column_names=list(reference.columns), chunk_size=ROWS // 10)
    calculator.fit(reference)
    begun = time.perf_counter()
    result = calculator.calculate(current)
    TIMES.append(time.perf_counter() - begun)
    found = result.filter(period="analysis").to_df()
    alerts = found.loc[:, [name for name in found.columns if name[-1] == "alert"]].mean()
    return sorted({name[0] for name, share in alerts.items() if share >= 0.5})


#: Where a tool has a part that is done once, the seconds of the rest.
TIMES: list[float] = []


def main() -> None:
    """Print seconds, and what is called drifted."""
    tool, runs = sys.argv[1], int(sys.argv[2])
    reference, current = (pd.DataFrame(table(seed)) for seed in (REFERENCE, CURRENT))
    # Imports are no part of what is timed.
    import_module(tool)
    import_module({"evidently": "evidently.presets"}.get(tool, tool))
    seconds, drifted = [], []
    for _ in range(runs):
        begun = time.perf_counter()
        drifted = {"evidently": evidently, "nannyml": nannyml}[tool](reference, current)
        seconds.append(TIMES.pop() if TIMES else time.perf_counter() - begun)
    print(json.dumps({"seconds": seconds, "drifted": drifted}))


if __name__ == "__main__":
    main()

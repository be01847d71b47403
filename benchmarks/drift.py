"""How fast drift of 100,000 rows of 30 columns is found, and what is called drift, beside other tools in the same run.

    python benchmarks/drift.py --project FOLDER --python PYTHON --peers PYTHON [--runs N] [--into docs/performance.md]

FOLDER is a generated project with `monitoring`, PYTHON its interpreter, the other that of `benchmarks/peers/drift.txt`:
Evidently and NannyML. All have the same rows in memory before they are timed; the project has its reference, as a model
carries it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

PEERS = Path(__file__).resolve().parent / "peers"
BEGIN, END = "<!-- drift: begin -->", "<!-- drift: end -->"
MOST_SECONDS = 0.15
#: The share of the cores that other work may take before times are called too long.
_QUIET = 0.5
OURS = "monitor drift"
#: What has changed in the current rows of `peers/drift_table.py`, and whether it is to be called drift.
PLANTS = {
    "number 0": ("half a standard deviation up", True),
    "number 1": ("a fiftieth of one", False),
    "number 2": ("half again as wide", True),
    "number 3": ("the same mean and spread, in two heaps", True),
    "word 0": ("a fifth of the rows have another word", True),
    "word 1": ("two in a thousand have another word", False),
}

#: What the project's own interpreter runs.
CODE = """\
import json, sys, time
from importlib import import_module
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from drift_table import CURRENT, REFERENCE, table
parts = (import_module(f"{sys.argv[3]}.monitoring.{name}") for name in ("counting", "judging", "readings", "settings"))
counting, judging, kinds, configuration = parts
Reading, settings = kinds.Reading, configuration.Monitoring(format=1)

def readings(seed):
    columns = table(seed)
    return [
        Reading(name, "number", values) if name.startswith("number") else Reading(name, "category", values.tolist())
        for name, values in columns.items()
    ]

learnt, current = readings(REFERENCE), readings(CURRENT)
rows = len(current[0].values)
reference = counting.learn(rows, learnt)
seconds, drifted = [], set()
for _ in range(int(sys.argv[4])):
    begun = time.perf_counter()
    verdicts = judging.judge(reference, counting.count(reference, rows, current), settings)
    seconds.append(time.perf_counter() - begun)
    drifted = {verdict.column for verdict in verdicts if verdict.drifted}
print(json.dumps({"seconds": seconds, "drifted": sorted(drifted)}))
"""


def told(command: Sequence[object]) -> dict[str, Any]:
    """What a process says in its last line; it has one thread, as the service has."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DO_NOT_TRACK": "1"}
    found = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(f"{command[0]} failed:\n{found.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return said


def package_of(project: Path) -> str:
    """The package of a project."""
    scripts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    return str(next(iter(scripts.values()))).partition(".")[0]


def page(found: Mapping[str, dict[str, Any]], load: float) -> str:
    """What is known, in Markdown."""
    ours = median(found[OURS]["seconds"])
    busy = load > _QUIET * (os.cpu_count() or 1)
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load before: {load:.1f}."
        + (" It was busy with other work: times are too long, and ratios less sure." if busy else ""),
        "",
        f"| what | seconds, median of {len(found[OURS]['seconds'])} | times `{OURS}` | drifted |",
        "|---|---|---|---|",
    ]
    for name, said in found.items():
        seconds = median(said["seconds"])
        lines.append(f"| {name} | {seconds:.3f} | {seconds / ours:.1f} | {len(said['drifted'])} of 30 |")
    lines += ["", f"| planted | {' | '.join(found)} |", f"|---|{'---|' * len(found)}"]
    for column, (what, is_drift) in PLANTS.items():
        says = ["drift" if column in said["drifted"] else "-" for said in found.values()]
        lines.append(f"| {what} ({'drift' if is_drift else 'of no interest'}) | {' | '.join(says)} |")
    others = [str(len(set(said["drifted"]) - set(PLANTS))) for said in found.values()]
    lines.append(f"| nothing, in the other {30 - len(PLANTS)} columns: called drift | {' | '.join(others)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and say by the exit code whether our time and our verdicts are as they should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--into", type=Path, help="a page that takes the tables between its marks")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    source, package = options.project / "src", package_of(options.project)
    found = {OURS: told([options.python, "-c", CODE, source, PEERS, package, 4 * options.runs])}
    for tool, name in (("evidently", "Evidently"), ("nannyml", "NannyML")):
        found[name] = told([options.peers, PEERS / "drift.py", tool, options.runs])
    said = page(found, load)
    print(said)
    if options.into:
        text = options.into.read_text(encoding="utf-8")
        before, after = text.partition(BEGIN)[0], text.partition(END)[2]
        options.into.write_text(f"{before}{BEGIN}\n\n{said}\n{END}{after}", encoding="utf-8")
    wanted = sorted(column for column, (_, is_drift) in PLANTS.items() if is_drift)
    if found[OURS]["drifted"] != wanted:
        raise SystemExit(f"{OURS} calls {found[OURS]['drifted']} drifted, and not {wanted}")
    if median(found[OURS]["seconds"]) > MOST_SECONDS:
        raise SystemExit(f"{OURS} takes more than {MOST_SECONDS} s")


if __name__ == "__main__":
    main()

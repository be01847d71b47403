"""Start-up of the command, as ratios to `python -c pass` in the same run: `nox -s bench`.

Goals: `--version` at most 8 times, `--help` at most 15 times. The measured commands take turns, so that a busy machine
slows all of them alike; the median of each is compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TOOL = str(Path(sys.executable).with_name("mlscaffold"))


def seconds(command: Sequence[str], folder: str) -> float:
    """Wall time of one cold process."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> int:
    """Measure, print the table, and fail if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([TOOL, "new", f"{folder}/demo", "--defaults"], check=True, stdout=subprocess.DEVNULL)
        commands: dict[str, tuple[list[str], float | None]] = {
            "python -c pass": ([sys.executable, "-c", "pass"], None),
            "mlscaffold --version": ([TOOL, "--version"], 8),
            "mlscaffold --help": ([TOOL, "--help"], 15),
            "mlscaffold check": ([TOOL, "check", "demo"], None),
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, (command, _goal) in commands.items():
                taken[name].append(seconds(command, folder))
    base = statistics.median(taken["python -c pass"])
    missed = False
    for name, (_command, goal) in commands.items():
        median = statistics.median(taken[name])
        missed |= goal is not None and median / base > goal
        limit = f"  (goal: at most {goal:.0f})" if goal else ""
        print(f"{name:<22} {median * 1000:7.0f} ms  {median / base:5.1f} x{limit}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())

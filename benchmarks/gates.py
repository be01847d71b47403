"""How often the gates of the analyses are wrong: right models refused, and wrong ones passed.

    python benchmarks/gates.py PROJECT [--runs N]

PROJECT is the folder of a generated project with the components `analysis` and `fairness`; run it with the project's
environment. The numbers in a project's docs/models/analysis.md and fairness.md are from this script.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from trust import Project

TILTS = (1.0, 1.5, 2.0, 3.0, 6.0)
APART = (0.0, 0.2, 0.3, 0.5)


def calibration(project: Project, rows: int, tilt: float, seed: int) -> bool:
    """Whether a model whose log-odds are so many times too large is refused at the default bound."""
    gate, uncertainty = project("analysis.calibration"), project("evaluation.uncertainty")
    random = np.random.default_rng(seed)
    logit = random.normal(0, 1, rows)
    happened = (random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    curve = gate._binned("made", 1 / (1 + np.exp(-tilt * logit)), happened, np.ones(rows))
    blocks = np.arange(rows) * min(40, rows) // rows
    found = uncertainty.jackknife(lambda some: {"error": gate.error_of(curve, some)}, blocks).get("error")
    return found is not None and max(found.low, 0.0) ** 0.5 > gate.CalibrationSettings().largest_error


def fairness(project: Project, rows: int, apart: float, seed: int) -> bool:
    """Whether a model that says it less often by so much of the rarest of five groups is refused."""
    gate, random = project("analysis.fairness"), np.random.default_rng(seed)
    group = random.choice(5, rows, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    said = (random.random(rows) < np.where(group == 4, 0.6 - apart, 0.6)).astype(np.float64)
    large = {str(one): own for one in range(5) if len(own := np.flatnonzero(group == one)) >= 30}
    pairs = len(large) * (len(large) - 1) // 2
    blocks = random.permutation(np.arange(rows) * min(40, rows) // rows)
    rate = gate._rate(said, np.ones(rows))
    worst = gate._worst(blocks, large, "said", rate, 1 - 0.05 / max(1, 3 * pairs))
    return worst is not None and worst["low"] > gate.Differences().demographic_parity


def print_shares(name: str, refused: Callable[[int, float, int], bool], sizes: tuple[float, ...], runs: int) -> None:
    """A table: rows down, how wrong the model is across."""
    print(f"{name:>12}", *(f"{size:>7g}" for size in sizes))
    for rows in (100, 300, 1000, 5000):
        shares = [np.mean([refused(rows, size, seed) for seed in range(runs)]) for size in sizes]
        print(f"{rows:>12}", *(f"{share:>7.1%}" for share in shares))


def main() -> None:
    """Print how often each gate refuses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--runs", type=int, default=150)
    arguments = parser.parse_args()
    project = Project(arguments.project)
    print_shares("calibration", lambda *of: calibration(project, *of), TILTS, arguments.runs)
    print_shares("fairness", lambda *of: fairness(project, *of), APART, arguments.runs)


if __name__ == "__main__":
    main()

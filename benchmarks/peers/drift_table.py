"""100,000 rows of 30 columns, in which some are planted: the same for whoever compares."""

from __future__ import annotations

import numpy as np

ROWS, NUMBERS, WORDS = 100_000, 20, 10
REFERENCE, CURRENT = 1, 2


def table(seed: int) -> dict[str, np.ndarray]:
    """Columns by name; float64, or words as objects. What is planted is told in benchmarks/drift.py."""
    random = np.random.default_rng(seed)
    is_current = seed == CURRENT
    columns: dict[str, np.ndarray] = {}
    for number in range(NUMBERS):
        columns[f"number {number}"] = random.normal(size=ROWS) if number % 2 == 0 else random.lognormal(0, 0.5, ROWS)
    for word in range(WORDS):
        columns[f"word {word}"] = random.choice(np.array(list("abcdefgh"), dtype=object), ROWS)
    columns["number 3"] = random.normal(size=ROWS)
    if is_current:
        columns["number 0"] += 0.5
        columns["number 1"] += 0.02 * 0.6
        columns["number 2"] *= 1.5
        heaps = np.where(random.random(ROWS) < 0.5, -1.0, 1.0) * 0.9
        columns["number 3"] = heaps + random.normal(0, np.sqrt(1 - 0.81), ROWS)
        for name, share in (("word 0", 0.2), ("word 1", 0.002)):
            columns[name] = np.where(random.random(ROWS) < share, "a", columns[name])
    return columns

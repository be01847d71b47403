"""`predict` of files beside a bare loop over the same files."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from .bench import Bench, Row
from .servers import BENCHMARKS

_REPEATED = """
import sys
import pyarrow as pa, pyarrow.parquet as pq
few, rows = pq.read_table(sys.argv[1] + "/data/processed/holdout.parquet"), int(sys.argv[3])
with pq.ParquetWriter(sys.argv[2], few.schema) as writer:
    block = pa.concat_tables([few] * (100_000 // len(few) + 1))[:100_000].combine_chunks()
    for _ in range(rows // 100_000):
        writer.write_table(block)
"""


def batch(bench: Bench) -> Iterator[Row]:
    """`predict` of files beside a bare loop over the same files."""
    scripts = {
        "predict": (
            bench.python,
            "-m",
            f"{bench.package}.run",
            "predict",
            "--model",
            str(bench.model),
            "--input",
            "{}",
            "--output",
        ),
        "bare": (bench.python, str(BENCHMARKS / "peers" / "batch.py"), "{}"),
    }
    peaks: dict[int, float] = {}
    sizes = [10**power for power in range(5, 8) if 10**power <= bench.rows]
    for rows in sizes:
        table = bench.scratch / f"rows{rows}.parquet"
        subprocess.run([bench.python, "-c", _REPEATED, str(bench.project), str(table), str(rows)], check=True)
        seconds: dict[str, list[float]] = {name: [] for name in scripts}
        # Large ones are long enough to be measured once.
        for number in range(bench.rounds if rows < 10**7 else 1):
            for name in list(scripts)[:: -1 if number % 2 else 1]:
                command = [word.format(table) for word in (*scripts[name], str(bench.scratch / "out.parquet"))]
                took, peak = _finished(command, bench)
                seconds[name].append(took)
                if name == "predict":
                    peaks[rows] = max(peak, peaks.get(rows, 0))
        if rows >= 10**6:
            ratio = statistics.median(seconds["bare"]) / statistics.median(seconds["predict"])
            speed = rows / statistics.median(seconds["predict"])
            yield Row(
                what=f"`predict` of {rows:,} rows, of a bare loop's rows/s", goal="≥ 0.9 ×",
                measured=f"{ratio:.2f} × ({speed:,.0f} rows/s)", met=ratio >= 0.9,
            )  # fmt: skip
        table.unlink()
    grown = peaks[sizes[-1]] / peaks[sizes[0]]
    measured = ", ".join(f"{peak:.0f} MiB at {rows:,}" for rows, peak in peaks.items())
    yield Row(what="memory of `predict`, by rows", goal="flat (≤ 1.5 ×)", measured=measured, met=grown <= 1.5)


def _finished(command: Sequence[str], bench: Bench) -> tuple[float, float]:
    """The seconds that a command took, and the most memory that it had, in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=bench.scratch, env={**os.environ, **bench.graph}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.monotonic() - began, usage.ru_maxrss / 1024

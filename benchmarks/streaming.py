"""How much memory the data side of a generated project needs, and how fast it is, on tables that are made here.

    python benchmarks/streaming.py PROJECT [--rows N] [--kind csv|parquet] [--split group|time|random] [--folder F]

PROJECT is the folder of a generated project, whose own code is measured; run it with the project's environment. Every
step runs in a process of its own, and its peak of resident memory is what the system says of that process. A table has
11 columns, a key with planted duplicates (which `validate` must find, each of them, before the table without them is
taken), and groups of about ten rows. --rows, --kind and --split may be given several times. The bound is 2 GB.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

BOUND = 2e9
PART = 250_000
#: So many rows have the key of an earlier one.
DUPLICATES = 1_000
LAST = "split"
ROLES = {"group": "group: customer", "time": "time: opened", "random": ""}
CONTRACT = """\
format: 1
task: binary
target: {{column: left, labels: ["no", "yes"], positive: "yes"}}
key: [number]
{roles}
columns:
  age: {{kind: integer, minimum: 0, maximum: 120}}
  income: {{kind: number, missing: true}}
  city: {{kind: category, allowed: [Aachen, Berlin, Celle, Dresden]}}
  member: {{kind: boolean}}
  opened: {{kind: datetime, parts: [weekday, hour]}}
  visits: {{kind: integer, minimum: 0}}
  share: {{kind: number, minimum: 0, maximum: 1}}
  score: {{kind: number}}
acceptance:
  too_good: {{metrics: {{roc_auc: 0.999}}}}
"""
SOURCES = """\
format: 1
sources:
  customers: {{kind: {kind}, path: {path}, key: [number]}}
"""
DATASET = '''"""The only table is the rows."""

from collections.abc import Mapping

import polars as pl


def assemble(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """As they are."""
    return tables["customers"]
'''


def parts(rows: int, *, duplicates: int, seed: int = 1) -> Iterator[pl.DataFrame]:
    """A table in parts; each of the last `duplicates` rows has the key of one near the beginning."""
    random = np.random.default_rng(seed)
    begin = np.datetime64("2020-01-01T00:00", "ms")
    for start in range(0, rows, PART):
        size = min(PART, rows - start)
        number = np.arange(start, start + size)
        number = np.where(number >= rows - duplicates, number - (rows - duplicates), number)
        score = random.normal(size=size)
        yield pl.DataFrame(
            {
                "number": pl.Series(number).cast(pl.String).str.zfill(9).str.pad_start(10, "C"),
                "customer": pl.Series(random.integers(0, rows // 10 + 1, size)).cast(pl.String).str.pad_start(9, "K"),
                "age": random.integers(18, 90, size),
                "income": pl.Series(np.round(random.lognormal(3.5, 0.5, size), 1)).set(
                    pl.Series(random.random(size) < 0.05), None
                ),
                "city": random.choice(["Aachen", "Berlin", "Celle", "Dresden"], size),
                "member": random.random(size) < 0.4,
                "opened": begin + (np.arange(start, start + size) * 7000).astype("timedelta64[ms]"),
                "visits": random.poisson(3, size),
                "share": np.round(random.random(size), 4),
                "score": np.round(score, 5),
                "left": np.where(score + random.logistic(size=size) > 1, "yes", "no"),
            }
        )


def write(path: Path, tables: Iterator[pl.DataFrame]) -> None:
    """A table as csv or parquet, part by part."""
    if path.suffix == ".csv":
        with path.open("wb") as stream:
            for number, table in enumerate(tables):
                table.write_csv(stream, include_header=number == 0)
        return
    first = next(tables).to_arrow()
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table.to_arrow())


def project_in(folder: Path, project: Path, kind: str, split: str) -> Path:
    """A folder with the project's code and settings, and the configuration of the made table."""
    shutil.copytree(project / "src", folder / "src")
    shutil.copy(project / "params.yaml", folder / "params.yaml")
    shutil.copytree(project / "configs", folder / "configs")
    if (rules := folder / "configs" / "quality.yaml").exists():
        rules.write_text("format: 1\nchecks: {}\n", encoding="utf-8")
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "configs" / "contract.yaml").write_text(CONTRACT.format(roles=ROLES[split]), encoding="utf-8")
    sources = SOURCES.format(kind=kind, path=f"data/raw/customers.{kind}")
    (folder / "configs" / "sources.yaml").write_text(sources, encoding="utf-8")
    next((folder / "src").glob("*/dataset.py")).write_text(DATASET, encoding="utf-8")
    return folder / "data" / "raw" / f"customers.{kind}"


def measured(command: list[str], folder: Path) -> tuple[float, float, int, str]:
    """Seconds, peak of resident bytes, exit code and output of a command."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return time.perf_counter() - begun, usage.ru_maxrss * unit, process.returncode, output.read()


def steps_of(package: str, folder: Path) -> list[str]:
    """The steps up to the split, in their order."""
    code = f"from {package}.workflow import all_steps; print(*(step.name for step in all_steps()))"
    *_, said = measured([sys.executable, "-c", code], folder)
    names = said.split()
    return names[: names.index(LAST) + 1]


def run(folder: Path, project: Path, kind: str, split: str, rows: int) -> bool:
    """Measure all steps on one table, print a line each, and say whether all stayed below the bound."""
    scripts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    package = next(iter(scripts.values())).partition(".")[0]
    path = project_in(folder, project, kind, split)
    steps, held = steps_of(package, folder), True
    for duplicates in (DUPLICATES, 0):
        write(path, parts(rows, duplicates=duplicates))
        size = f"{path.stat().st_size / 1e6:,.0f} MB of {kind}, split by {split}, {duplicates} duplicates"
        print(f"{rows:,} rows, {size}", flush=True)
        for step in steps[: steps.index("validate") + 1] if duplicates else steps:
            seconds, peak, code, said = measured([sys.executable, "-m", f"{package}.run", step], folder)
            refused = duplicates and step == "validate"
            right = code == bool(refused) and (not refused or f"and {duplicates - 8} more" in said)
            held = held and peak <= BOUND and right
            last = said.strip().splitlines()[-1] if right and not refused else said.strip()[-2000:]
            print(
                f"  {step:<12}{peak / 1e6:>8,.0f} MB{seconds:>8.1f} s{rows / seconds:>12,.0f} rows/s  {last}",
                flush=True,
            )
            if not right:
                return False
    return held


def main() -> int:
    """Everything that is asked for; 1 if a step needed more than the bound or said something wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--kind", choices=["csv", "parquet"], action="append")
    parser.add_argument("--split", choices=list(ROLES), action="append")
    parser.add_argument("--folder", type=Path, help="where tables are written; else a temporary folder")
    asked = parser.parse_args()
    held = True
    for rows in asked.rows or [2_000_000]:
        for kind in asked.kind or ["csv", "parquet"]:
            for split in asked.split or ["group"]:
                with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
                    held = run(Path(folder), asked.project.resolve(), kind, split, rows) and held
    print("all within the bound" if held else f"NOT within {BOUND / 1e9:g} GB, or wrong")
    print(f"(this process itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:,.0f} MB)")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

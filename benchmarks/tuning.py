"""What the search for settings gains over defaults on public tables, judged by nested folds.

    python benchmarks/tuning.py PROJECT [TABLE ...] [--minutes M] [--trials N] [--workers W]

PROJECT is the folder of a generated project without an example and with the component `tune`; each table gets a copy of
it. Run it with the project's environment, into which tests/product/public_tables.txt is installed too: the tables come
inside of packages. The numbers in docs/performance.md are from this script.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PUBLIC = Path(__file__).resolve().parent.parent / "tests" / "product" / "public_tables.py"
#: What a person types for each: the target, and a column of time where rows are ordered by one.
TABLES = {
    "attrition": ("Attrition",),
    "churn": ("churn",),
    "default": ("default",),
    "diabetes": ("target",),
    "hotels": ("avg_price_per_room", "--time", "arrival_date"),
    "houses": ("price",),
    "seattle": ("weather", "--time", "date"),
    "titanic": ("survived",),
}
STEPS = ("ingest", "validate", "assemble", "split", "tune")


def tuned(project: Path, table: str, budget: str) -> dict[str, Any]:
    """`reports/tuning.json` of a project that has this table."""
    scripts = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    package = next(iter(scripts.values())).partition(".")[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / table
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns(".venv", ".git", "raw"))
        params = folder / "params.yaml"
        text = params.read_text(encoding="utf-8")
        params.write_text(re.sub(r"(?ms)^tune:.*?(?=^\w)", f"tune: {budget}\n\n", text), encoding="utf-8")
        raw = folder / "data" / "raw" / f"{table}.csv"
        raw.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, PUBLIC, "table", table, raw], check=True, stdout=subprocess.DEVNULL)
        target, *options = TABLES[table]
        infer = ["contract", "infer", f"data/raw/{raw.name}", "--target", target, *options]
        for step in (infer, *([name] for name in STEPS)):
            code = f"import sys; sys.path.insert(0, 'src'); from {package}.run import main; main()"
            subprocess.run([sys.executable, "-c", code, *step], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads((folder / "reports" / "tuning.json").read_text(encoding="utf-8"))
        return found


def lines(table: str, found: dict[str, Any]) -> Iterator[str]:
    """A line of Markdown for each candidate that was searched."""
    for name, candidate in found["candidates"].items():
        nested = candidate["nested"]
        gain, losses = nested["gain"], f"{nested['defaults']:.4g} | {nested['tuned']:.4g}"
        taken = "yes" if candidate["taken"] else "no"
        interval = f"{gain['value']:.2g} ({gain['low']:.2g} to {gain['high']:.2g})"
        yield f"| {table} | {nested['rows']:,} | {name} | {found['metric']} | {losses} | {interval} | {taken} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("tables", nargs="*", default=list(TABLES))
    parser.add_argument("--minutes", type=float, default=6.5)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    budget = f"{{leading: 2, trials: {arguments.trials}, minutes: {arguments.minutes}, workers: {arguments.workers}}}"
    print(
        "| table | rows | candidate | loss | defaults | tuned | gain, 95 % | taken |\n|---|---|---|---|---|---|---|---|"
    )
    for table in arguments.tables:
        for line in lines(table, tuned(arguments.project, table, budget)):
            print(line, flush=True)


if __name__ == "__main__":
    main()

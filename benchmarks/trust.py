"""How often the gates of a generated project are wrong: leaks missed, and noise taken for a leak or for a model.

    python benchmarks/trust.py PROJECT [leaks|noise|power] [--runs N] [--seed N]

PROJECT is the folder of a generated project, whose own code is measured; run it with the project's environment. Every
table is made here from the seed, so that two runs print the same. The numbers in a project's docs/models/trust.md are
from this script. `noise` and `power` take about a second a run on an idle core.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

SEED = 1
KINDS = {"Float64": "number", "Int64": "integer", "String": "category", "Boolean": "boolean"}
TASKS = ("binary", "multiclass", "regression", "regression, heavy tails")
STRUCTURES = ("rows", "groups", "days")
CLASSES = {"binary": 2, "multiclass": 3}


class Project:
    """The package of a generated project, and the seed of all tables."""

    def __init__(self, folder: Path, seed: int = SEED) -> None:
        self.seed = seed
        sys.path.insert(0, str(folder / "src"))
        scripts = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
        self.name = next(iter(scripts.values())).partition(".")[0]

    def __call__(self, module: str) -> ModuleType:
        """A module of it."""
        return importlib.import_module(f"{self.name}.{module}")


# --- leaks ------------------------------------------------------------------------------------------------------------


def outcome(task: str, rows: int, random: np.random.Generator) -> np.ndarray:
    """Classes (a fifth positive; three of unequal size), or values."""
    match task:
        case "binary":
            return (random.random(rows) < 0.2).astype(np.int64)
        case "multiclass":
            return random.choice(3, rows, p=[0.5, 0.3, 0.2])
        case "regression":
            return random.normal(size=rows)
        case _:
            return np.exp(2 * random.normal(size=rows))


def leaks(task: str, target: np.ndarray, random: np.random.Generator) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each leak by name, with the columns that stand in the table; the leaking one is called `leak`."""
    rows = len(target)
    numbers = target.astype(np.float64)
    rank = np.argsort(np.argsort(numbers + 1e-9 * random.random(rows))) / rows
    bad = target == target.max() if task in CLASSES else rank > 0.8
    words = random.permutation(10)[(target if task in CLASSES else (rank * 10).astype(int))]
    yield "a copy", {"leak": numbers}
    yield "a copy with noise", {"leak": (numbers if task in CLASSES else rank) + 0.05 * random.normal(size=rows)}
    yield "a monotone function of it", {"leak": np.log1p(np.exp(np.clip(numbers, -30, 30)))}
    yield "a function that is not monotone", {"leak": (numbers - 0.7) ** 2 if task in CLASSES else (rank + 0.5) % 1}
    yield "cut into two", {"leak": bad} if task != "multiclass" else {"leak": numbers}
    yield "category codes", {"leak": [f"code {word}" for word in words]}
    yield "codes as numbers", {"leak": words.astype(np.float64)}
    for share in (1.0, 0.6, 0.3):
        filled = bad & (random.random(rows) < share)
        yield (
            f"filled for {share:.0%} of the bad only",
            {"leak": [x if f else None for x, f in zip(random.random(rows).tolist(), filled, strict=True)]},
        )
    closed = bad & (random.random(rows) < 0.6)
    yield "0 but for 60% of the bad", {"leak": np.where(closed, random.random(rows), 0.0)}
    yield (
        "a status that 60% of the bad have",
        {"leak": np.where(closed, "closed", random.choice(["open", "new"], rows))},
    )
    group = random.integers(0, rows // 8, rows)
    told = (target == target.max()).astype(np.float64) if task in CLASSES else numbers
    total, size = np.bincount(group, told, rows // 8)[group], np.bincount(group, minlength=rows // 8)[group]
    place = {"group": [f"g{number}" for number in group]}
    others = (total - told) / np.maximum(size - 1, 1)
    yield "mean of the group, which is a column", {**place, "leak": total / size}
    yield "sum of the group, which is a column", {**place, "leak": total}
    yield "mean of the others, group is a column", {**place, "leak": others}
    yield "mean of the group, which is no column", {"leak": total / size}
    yield "mean of the others, group is no column", {"leak": others}
    yield "running count", {"leak": np.cumsum(told)}
    running = np.array([told[: row + 1][group[: row + 1] == group[row]].sum() for row in range(rows)])
    yield "running count in the group", {**place, "leak": running}


def honest(task: str, target: np.ndarray, random: np.random.Generator) -> dict[str, Any]:
    """Columns of noise of all kinds, and honest ones that tell something."""
    rows, columns = len(target), {}
    for number in range(100):
        columns[f"number {number}"] = random.normal(size=rows) if number % 2 else random.exponential(size=rows).round(1)
        distinct = (2, 10, 50, rows // 4, rows, 4 * rows)[number % 6]
        columns[f"category {number}"] = [f"c{value}" for value in random.integers(0, distinct, rows)]
    for number, share in enumerate((0.02, 0.1, 0.5, 0.9, 0.98)):
        columns[f"missing {number}"] = [None if lost else 1.0 for lost in random.random(rows) < share]
    strength = (target == target.max()) if task in CLASSES else np.argsort(np.argsort(target)) / rows
    columns["honest"] = strength + random.normal(size=rows)
    columns["often missing"] = [
        None if lost else 1.0 for lost in random.random(rows) < np.where(strength > 0.7, 0.4, 0.1)
    ]
    return columns


def alarms(project: Project, columns: dict[str, Any], target: np.ndarray, task: str, seed: int) -> set[str]:
    """Columns for which the alarm goes off, with the usual bound."""
    table = pl.DataFrame(columns).with_columns(pl.col(pl.Null).cast(pl.Float64))
    kinds = {name: KINDS[str(table[name].dtype)] for name in table.columns}
    found = project("features.leakage").strengths(table, target, kinds, classes=CLASSES.get(task, 0), seed=seed)
    return {item.column for item in found if item.structure or item.low > 0.9}


def measure_leaks(project: Project, runs: int) -> None:
    """The share of leaks that are seen, and of honest columns that set the alarm off."""
    sizes = (200, 1000, 5000)
    seen: dict[str, list[list[bool]]] = {}
    false: dict[tuple[str, int], list[int]] = {}
    for task in TASKS:
        for size in sizes:
            for run in range(runs):
                random = np.random.default_rng([project.seed, size, run, TASKS.index(task)])
                target = outcome(task, size, random)
                for name, columns in leaks(task, target, random):
                    hit = "leak" in alarms(project, columns | {"noise": random.random(size)}, target, task, run)
                    seen.setdefault(name, [[] for _ in sizes])[sizes.index(size)].append(hit)
                alarmed = alarms(project, honest(task, target, random), target, task, run)
                false.setdefault((task, size), []).append(len(alarmed))
    print(
        f"Leaks seen, of {runs * len(TASKS)} tables each\n\n| leak | {' | '.join(f'{size} rows' for size in sizes)} |"
    )
    print("|---|" + "---|" * len(sizes))
    for name, hits in seen.items():
        print(f"| {name} | " + " | ".join(f"{np.mean(hit):.0%}" for hit in hits) + " |")
    tables = sum(len(counts) for counts in false.values())
    wrong = sum(sum(counts) for counts in false.values())
    print(f"\nHonest tables of 207 columns: {wrong} columns set the alarm off in {tables} tables")
    for (task, size), counts in false.items():
        if any(counts):
            print(f"- {task}, {size} rows: {sum(counts)} of {207 * len(counts)} columns")


# --- noise and power --------------------------------------------------------------------------------------------------


def table(task: str, rows: int, structure: str, signal: float, random: np.random.Generator) -> pl.DataFrame:
    """Six numbers (two heavy-tailed), two categories; an outcome that depends on two of the numbers by `signal`.

    In groups and days both features and outcome have an effect of their own, which have nothing to do with each other.
    """
    units = np.arange(rows) // 6
    shared = np.zeros(rows) if structure == "rows" else random.normal(size=units.max() + 1)[units]
    numbers = random.normal(size=(rows, 6))
    if structure != "rows":
        numbers += random.normal(size=(units.max() + 1, 6))[units]
        numbers /= np.sqrt(2)
    score = signal * (numbers[:, 0] + numbers[:, 1]) / np.sqrt(2) + shared
    match task:
        case "binary":
            target = np.where(score + random.logistic(size=rows) > 1, "yes", "no")
        case "multiclass":
            target = np.array(["a", "b", "c"])[np.digitize(score + random.logistic(size=rows), [-0.5, 1.2])]
        case "regression":
            target = score + random.normal(size=rows)
        case _:
            target = np.exp(1.5 * (score + random.normal(size=rows)))
    numbers[:, 4:] = np.exp(1.5 * numbers[:, 4:])
    return pl.DataFrame(
        {
            **{f"number {column}": numbers[:, column] for column in range(6)},
            "few": [f"c{value}" for value in random.integers(0, 5, rows)],
            "many": [f"c{value}" for value in random.integers(0, 40, rows)],
            "target": target,
            "group": [f"g{unit}" for unit in units],
            "day": [datetime(2025, 1, 1) + timedelta(days=int(unit)) for unit in units],  # noqa: DTZ001 - local time
        }
    )


def contract(project: Project, task: str, structure: str) -> Any:
    """The contract of such a table; nothing is required but a gain."""
    name = task.partition(",")[0]
    labels = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"]}.get(name)
    target = {"column": "target", "labels": labels, "positive": "yes" if name == "binary" else None}
    columns = {f"number {column}": {"kind": "number"} for column in range(6)}
    return project("contract.types").Contract.model_validate(
        {
            "format": 1,
            "task": name,
            "target": target,
            "columns": columns | {"few": {"kind": "category"}, "many": {"kind": "category"}},
            "group": "group" if structure == "groups" else None,
            "time": "day" if structure == "days" else None,
            "acceptance": {"too_good": {"metrics": {}, "reason": "made"}},
        }
    )


def objections(project: Project, rows: pl.DataFrame, terms: Any, seed: int) -> list[str] | None:
    """What `split`, `compare` and `evaluate` say; None where they refuse to go so far (one class, no folds)."""
    split, compare, choice = project("features.split"), project("pipelines.compare"), project("models.choice")
    part = split.holdout(rows, terms, 0.25, seed)
    train, judged = rows[part.learn], rows[part.judge]
    bench = _bench(project, train, terms, seed)
    parts = [
        fold
        for fold in split.folds(train, terms, 5, seed)
        if not terms.labels or compare._classes(bench.target, fold) > 1
    ]
    if len(parts) < 2 or (terms.labels and train["target"].n_unique() < 2):
        return None
    candidates = project("discovery").discover("models", project("models.candidate").Candidate)
    results = [bench.judge(candidate, parts) for candidate in candidates.values()]
    chosen = choice.choose(results, bench.task).result
    baseline = next(candidate for candidate in candidates.values() if candidate.is_baseline)
    frame, everything, classes = (
        project("features.frame").model_frame(terms, judged),
        np.arange(len(train)),
        len(terms.labels),
    )
    acceptance = project("evaluation.acceptance")
    predictions = acceptance.Predictions(
        target=bench.task.target(judged["target"], terms),
        model=bench.task.predict(bench.fit(chosen.candidate, everything), frame, classes),
        baseline=bench.task.predict(bench.fit(baseline, everything), frame, classes),
        weight=None,
        blocks=project("evaluation.uncertainty").blocks_of(judged, terms),
        threshold=compare._threshold(bench, chosen, parts),
    )
    found: list[str] = acceptance.find_objections(acceptance.measure(bench.task, terms, predictions), bench.task, terms)
    return found


def _bench(project: Project, train: pl.DataFrame, terms: Any, seed: int) -> Any:
    settings, candidate = project("settings"), project("models.candidate")
    task, layout = project("tasks.base").task_of(terms), project("predictor.encoding").layout_of(terms)
    recipes = {
        name: candidate.Recipe(
            task=task,
            layout=layout,
            options=item.settings(),
            features=settings.Features(max_categories=50, max_words=100),
            seed=seed,
        )
        for name, item in project("discovery").discover("models", candidate.Candidate).items()
    }
    return project("pipelines.compare").Bench(
        contract=terms,
        task=task,
        frame=project("features.frame").model_frame(terms, train),
        target=task.target(train["target"], terms),
        weight=None,
        recipes=recipes,
    )


def accepted(
    project: Project, task: str, size: int, structures: tuple[str, ...], signal: float, runs: int
) -> tuple[int, int]:
    """How many models are accepted, and of how many."""
    verdicts = []
    for run in range(runs):
        structure = structures[run % len(structures)]
        random = np.random.default_rng([project.seed, size, run, TASKS.index(task)])
        rows, terms = table(task, size, structure, signal, random), contract(project, task, structure)
        errors: Any = project("errors").ProjectError
        try:
            verdicts.append(objections(project, rows, terms, run))
        except errors:
            verdicts.append(None)
    return sum(verdict == [] for verdict in verdicts), len(verdicts)


def measure_noise(project: Project, runs: int) -> None:
    """The share of models of noise that are accepted."""
    print("Models of outcomes that have nothing to do with the features; a third each of rows, groups and days\n")
    print("| task | rows | models | accepted |\n|---|---|---|---|")
    every = [0, 0]
    for size, share in ((100, 1.0), (200, 1.0), (500, 0.5), (2000, 0.2)):
        for task in TASKS:
            passed, made = accepted(project, task, size, STRUCTURES, 0.0, max(3, int(runs * share)))
            every = [every[0] + passed, every[1] + made]
            print(f"| {task} | {size} | {made} | {passed} |", flush=True)
    print(f"| all | | {every[1]} | {every[0]} ({every[0] / every[1]:.2%}) |")


def measure_power(project: Project, runs: int) -> None:
    """The share of models of an honest signal that are accepted."""
    print("Models of an honest signal\n\n| table | models | accepted |\n|---|---|---|")
    for name, task, size, signal in (
        ("binary, 2000 rows, ROC AUC of the signal 0.66", "binary", 2000, 0.6),
        ("binary, 300 rows, 0.8", "binary", 300, 1.4),
        ("binary, 300 rows, 0.9", "binary", 300, 2.5),
        ("three classes, 150 rows, clear", "multiclass", 150, 6.0),
        ("values, 2000 rows, R² of the signal 0.06", "regression", 2000, 0.25),
        ("values, 300 rows, R² 0.33", "regression", 300, 0.7),
    ):
        passed, made = accepted(project, task, size, ("rows",), signal, runs)
        print(f"| {name} | {made} | {passed / made:.0%} |", flush=True)


def main() -> None:
    """Measure and print."""
    measures: dict[str, Callable[[Project, int], None]] = {
        "leaks": measure_leaks,
        "noise": measure_noise,
        "power": measure_power,
    }
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("what", nargs="*", choices=[*measures, []], default=[])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    project = Project(arguments.project, arguments.seed)
    for name in arguments.what or measures:
        started = time.perf_counter()
        measures[name](project, arguments.runs)
        print(f"\n(seed {project.seed}, {time.perf_counter() - started:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()

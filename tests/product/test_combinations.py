"""Each example, task and Python: rendered, linted, typed, tested, reproduced twice, with right numbers.

In CI every pair of two choices occurs once: one of each Python and task with what a project has by default, the others
with what every project has (the preset `workshop`). Others run the project's own tests, which make their own tables: in
the pipeline and, some, in the images. `nox -s matrix` runs the other combinations, with what a project has by default,
and the tests of one on each Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Project, install, make_environment, new_project, ready_project, require_python

EXAMPLES = ["flights", "none"]
TASKS = ["binary", "multiclass", "regression"]
PYTHONS = ["3.11", "3.12", "3.13"]
#: Whose types of all components are checked in CI: newer libraries have other types, and 3.11 has its turn elsewhere.
TYPED_IN_CI = "3.13"
#: By example and task: the metric, and the bounds between which it must lie on the hold-out.
NUMBERS = {
    ("flights", "binary"): ("roc_auc", 0.62, 0.75),
    ("flights", "multiclass"): ("roc_auc", 0.58, 0.75),
    ("flights", "regression"): ("r2", 0.01, 0.3),
    ("none", "binary"): ("roc_auc", 0.95, 1.0),
    ("none", "multiclass"): ("roc_auc", 0.85, 0.99),
    ("none", "regression"): ("r2", 0.2, 0.7),
}
#: Tables of scikit-learn, which the environment of every project has, for a project without example, and how many of
#: their columns: with all of them the classes of wine are told apart without an error.
OWN = {"binary": ("breast_cancer", 30), "multiclass": ("wine", 4), "regression": ("diabetes", 10)}
WRITE = """
import sys
from sklearn import datasets

table = getattr(datasets, f"load_{sys.argv[1]}")(as_frame=True)
table.data.iloc[:, : int(sys.argv[2])].assign(target=table.target).to_csv(sys.argv[3], index=False)
"""


@dataclass(frozen=True)
class Combination:
    """One of each choice."""

    example: str
    task: str
    python: str
    preset: str
    #: Whether the project's own tests are run.
    tested: bool

    @property
    def name(self) -> str:
        """As part of a name."""
        return f"{self.example}_{self.task}_{self.python.replace('.', '')}"


def combinations() -> Iterator[Any]:
    for row, task in enumerate(TASKS):
        for column, python in enumerate(PYTHONS):
            for index, example in enumerate(EXAMPLES):
                marks = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group(python)]
                in_ci = (row + column) % 2 == index
                small = in_ci and (row + column) % len(PYTHONS) != 0
                # Its tests make their own tables: once on each Python is enough, with the example and without it.
                tested = not in_ci and row == (column + 1) % len(TASKS)
                chosen = Combination(example, task, python, "workshop" if small else "standard", tested=tested)
                yield pytest.param(chosen, id=chosen.name, marks=marks if in_ci else [*marks, pytest.mark.matrix])


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Environments by Python, made when they are first used."""
    del tmp_path_factory
    return {}


def environment_of(python: str, made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked libraries on a Python."""
    interpreter = require_python(python)
    if python not in made:
        made[python] = make_environment(tmp_path_factory.mktemp(f"python{python}") / "venv", interpreter)
    return made[python]


def other_pythons() -> Iterator[Any]:
    """All but the oldest."""
    for python in PYTHONS[1:]:
        marks = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group(python)]
        yield pytest.param(python, marks=marks if python == TYPED_IN_CI else [*marks, pytest.mark.matrix])


@pytest.mark.parametrize("python", list(other_pythons()))
def test_the_types_of_all_components_hold_on_other_pythons(
    python: str, environments: dict[str, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = environment_of(python, environments, tmp_path_factory)
    ready_project(tmp_path, environment, "typed", ["preset=full", f"python_version={python}"]).run("mypy")


@pytest.mark.parametrize("combination", list(combinations()))
def test_a_combination_works_in_all_that_it_promises(
    combination: Combination,
    environments: dict[str, Path],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    python = combination.python
    environment_of(python, environments, tmp_path_factory)
    answers = [f"example={combination.example}", f"python_version={python}", f"preset={combination.preset}"]
    root = new_project(tmp_path / combination.name, *(word for answer in answers for word in ("--set", answer)))
    install(root, environments[python])
    project = Project(root=root, environment=environments[python], slug=combination.name.replace("_", "-"))
    if combination.example == "none":
        infer(project, combination.task)
    else:
        predict(project, combination.task)

    project.run("ruff", "format", "--check", ".")
    project.run("ruff", "check", ".")
    project.run("mypy")
    if combination.tested:
        assert " passed" in project.run("python", "-m", "pytest", "-q").stdout
    project.run("dvc", "repro")
    again = project.run("dvc", "repro").stdout
    # Sources that are no files are asked each time what they hold, wherever a project can have such.
    asked = {"fingerprint"} if combination.preset == "standard" else set()
    assert set(re.findall(r"Running stage '(\w+)'", again)) == asked
    assert asked or "up to date" in again
    metric, low, high = NUMBERS[combination.example, combination.task]
    metrics = json.loads((root / "reports" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["accepted"]
    assert low < metrics["holdout"][metric]["value"] < high


def infer(project: Project, task: str) -> None:
    """Give a project without example a table of its own."""
    raw = project.root / "data" / "raw" / "own.csv"
    raw.parent.mkdir(exist_ok=True)
    name, columns = OWN[task]
    project.run("python", "-c", WRITE, name, str(columns), raw)
    project.run(project.slug, "contract", "infer", "data/raw/own.csv", "--target", "target", "--task", task)


def predict(project: Project, task: str) -> None:
    """Change the task of the example, as its page says."""
    page = (project.root / "docs" / "data" / "example.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    changes = {content["task"]: content for content in map(yaml.safe_load, blocks)}
    if task == "binary":
        assert set(changes) == set(TASKS) - {"binary"}
        return
    path = project.root / "configs" / "contract.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8")) | changes[task]
    path.write_text(yaml.safe_dump(contract, sort_keys=False, allow_unicode=True), encoding="utf-8")

"""The example is an example: its words stand in its own files, and it can be taken out of a living project."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Project, install, new_project, released_template

pytestmark = [pytest.mark.product, pytest.mark.slow]

#: The files that may know what the example is about.
OWN = [
    r"data/.*",
    r"configs/(contract|sources|quality|egress|wrangling|sampling)\.yaml",
    r"src/[a-z_]+/dataset\.py",
    r"tests/example/.*",
    r"scripts/sample_flights\.py",
    r"docs/data/(example|data-card)\.md",
    r"docs/media/(pipeline|profile|report)\.(svg|png|webp)",
    r"LICENSE",
    # The answers, and the record of which file came from where.
    r"\.copier-answers\.yml",
    r"\.mlscaffold\.lock",
]
#: It reads projects of releases that knew no other table, and calls things as their code did.
READS_OLD = "scripts/contract_from_0_2.py"
WORDS = re.compile(
    r"(?<!in[ _-])flight|airline|airport|weather|departure|departs|\bcarrier|\bnew york|\bEWR\b|\bJFK\b|\bLGA\b"
    r"|nycflights|tailnum|plane_|wind_|dew_point|(?<![a-z])on_time|\barr_|\bdep_|arrival_delay|20130101|\b6,000\b",
    re.IGNORECASE,
)


def text_files(root: Path) -> list[Path]:
    """Every file of a project that git has."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


@pytest.mark.parametrize("example", ["flights", "none"])
def test_the_words_of_the_example_occur_in_its_own_files_only(example: str, tmp_path: Path) -> None:
    root = new_project(tmp_path / "made", "--set", f"example={example}")
    own = re.compile("|".join(f"(?:{pattern})" for pattern in OWN))
    found = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in text_files(root)
        if example == "none" or not own.fullmatch(path.as_posix())
        if path.as_posix() not in {READS_OLD, ".copier-answers.yml", ".mlscaffold.lock"}
        for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), start=1)
        if WORDS.search(line)
        # Hashes are no words.
        if "--hash=" not in line
    ]
    assert found == []


def test_a_living_project_goes_on_without_the_example(environment: Path, tmp_path: Path, project: Project) -> None:
    clone = new_project(tmp_path / "example_demo", template=released_template(tmp_path / "template"))
    card = clone / "docs" / "data" / "data-card.md"
    card.write_text(card.read_text(encoding="utf-8") + "\nOurs.\n", encoding="utf-8")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *identity, "commit", "-qam", "Our own words"], cwd=clone, check=True)
    command = [sys.executable, "-m", "mlscaffold", "set", "example=none"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "docs/data/data-card.md" in done.stdout + done.stderr, "what was edited is named"
    assert card.exists()
    assert not (clone / "data" / "raw" / "flights.csv").exists()
    assert not (clone / "configs" / "contract.yaml").exists()
    assert not (clone / "tests" / "example").exists()
    install(clone, environment)
    try:
        project.run("ruff", "format", "--check", ".", cwd=clone)
        project.run("ruff", "check", ".", cwd=clone)
        project.run("mypy", cwd=clone)
        # What looks at the project's own files; all else is about a made table, and runs in other tests of ours.
        about = [
            "tests/data_validation",
            "tests/integration",
            "tests/components/documents",
            "tests/components/notebooks",
        ]
        about += [f"tests/unit/test_{name}.py" for name in ("configuration", "contract", "discovery", "environment")]
        assert " passed" in project.run("python", "-m", "pytest", "-q", *about, cwd=clone).stdout
        refused = project.run(project.slug, "pipeline", cwd=clone, check=False)
        assert refused.returncode == 2
        assert "contract infer" in refused.stderr
    finally:
        install(project.root, environment)


MODEL = '''"""A nearest-neighbour model."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from ..contract.types import Section
from ..features.encoders import for_linear_models
from .candidate import Candidate, Recipe
from .fitting import fit_pipeline


class NearestSettings(Section):
    """`models.nearest` in params.yaml."""

    neighbours: int = 25


def fit(
    recipe: Recipe[NearestSettings],
    frame: pl.DataFrame,
    target: np.ndarray,
    weight: np.ndarray | None,  # noqa: ARG001 - neighbours have none
) -> Any:
    """The mean of the nearest rows."""
    kind = KNeighborsClassifier if recipe.task.classifies else KNeighborsRegressor
    model = kind(n_neighbors=recipe.options.neighbours)
    encoders = for_linear_models(frame, recipe.layout, recipe.features, recipe.task)
    return fit_pipeline(encoders, model, frame, target, None)


CANDIDATE = Candidate(name="nearest", settings=NearestSettings, fit=fit, complexity=3)
'''

LOADER = '''"""Tables in files of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl

from .base import LINE, FileSource, Loader, LoaderKind, cut


class JsonLinesSource(FileSource):
    """A file with a JSON object in each line."""

    kind: Literal["jsonl"]


class JsonLinesLoader(Loader):
    """Loads a file of JSON lines."""

    def batches(self) -> Iterator[pl.DataFrame]:
        """See `Loader.batches`."""
        (path,) = self.files
        yield from cut([pl.read_ndjson(path).with_row_index(LINE, offset=1)])


KIND = LoaderKind("jsonl", JsonLinesSource, JsonLinesLoader)
'''

STEP = '''"""`count`: say how many rows there are to learn from."""

from __future__ import annotations

from ..artifacts import TRAIN, Artifact, _read_json, write_json
from ..steps import Project, Step

COUNTED = Artifact("reports/counted.json", _read_json, write_json)


def run(project: Project) -> str:
    """Write reports/counted.json."""
    rows = len(project.read(TRAIN))
    project.write(COUNTED, {"rows": rows})
    return f"{rows} rows"


STEP = Step("count", run, reads=(TRAIN,), writes=(COUNTED,))
'''


def test_a_column_a_model_a_loader_are_one_file_each_and_a_step_is_a_module_and_its_stage(
    environment: Path, project: Project, tmp_path: Path
) -> None:
    clone = project.clone(tmp_path / "extended")
    package = next((clone / "src").iterdir())
    (package / "models" / "nearest.py").write_text(MODEL, encoding="utf-8")
    (package / "data_loaders" / "jsonl.py").write_text(LOADER, encoding="utf-8")
    (package / "pipelines" / "count.py").write_text(STEP, encoding="utf-8")
    contract = clone / "configs" / "contract.yaml"
    lines = contract.read_text(encoding="utf-8").replace(
        "columns:\n", "columns:\n  flight: {kind: integer, minimum: 1}\n", 1
    )
    contract.write_text(lines, encoding="utf-8")
    install(clone, environment)
    try:
        project.run("ruff", "check", ".", cwd=clone)
        project.run("mypy", cwd=clone)
        weather = clone / "data" / "raw" / "weather.csv"
        convert = "import sys, polars as pl; pl.read_csv(sys.argv[1], infer_schema_length=None, null_values=['']).write_ndjson(sys.argv[2])"  # noqa: E501
        project.run("python", "-c", convert, weather, weather.with_suffix(".jsonl"), cwd=clone)
        sources = clone / "configs" / "sources.yaml"
        head, tail = sources.read_text(encoding="utf-8").split("  weather:\n")
        tail = tail.replace("kind: csv", "kind: jsonl").replace("weather.csv", "weather.jsonl")
        sources.write_text(f"{head}  weather:\n{tail}", encoding="utf-8")
        done = project.run(project.slug, "pipeline", cwd=clone)
        assert "nearest" in done.stdout
        assert "\ncount " in done.stdout
        assert json.loads((clone / "reports" / "counted.json").read_text(encoding="utf-8"))["rows"] > 4000
        assert b'"flight"' in (clone / "models" / "model.onnx").read_bytes()
        told = project.run("python", "-m", "pytest", "-q", "tests/unit/test_discovery.py", cwd=clone, check=False)
        assert "count" in told.stdout, "its stage is missing, which a test says"
    finally:
        install(project.root, environment)

"""The way from 0.2 to 0.3: the page is walked, and a contract is written from what the project itself said, or not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from mlscaffold.template.newer import releases
from mlscaffold.template.source import find_source
from scripts import release

from ..walks import walk
from .conftest import ROOT, Machine, Outcome, write_files

pytestmark = pytest.mark.slow

PACKAGE = "src/flight_delays"
SCRIPT = ROOT / "template" / "scripts" / "contract_from_0_2.py"
CONTRACT, SOURCES = Path("configs/contract.yaml"), Path("configs/sources.yaml")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All releases up to 0.3.0; that one as it lies here until it is released."""
    if any(each.tag == "0.3.0" for each in releases(find_source(str(release.BUNDLE)))):
        return release.BUNDLE
    made = tmp_path_factory.mktemp("releases") / "template.bundle"
    release.write("0.3.0", "2026-11-26", made)
    return made


def made(machine: Machine, bundle: Path, edits: Mapping[str, tuple[str, str]], *options: str) -> Path:
    """A project of 0.2.0, in which each edit replaces a text by another."""
    done = machine.run(
        *("new", "flight-delays", "--template", bundle, "--ref", "0.2.0", "--defaults"),
        *(word for option in options for word in ("--set", option)),
    )
    assert done.code == 0, done
    project = machine.work / "flight-delays"
    for path, (before, after) in edits.items():
        text = (project / path).read_text()
        assert before in text
        (project / path).write_text(text.replace(before, after))
    machine.git("commit", "-qam", "Ours", "--allow-empty", cwd=project)
    return project


def write_contract(project: Path, *options: str) -> Outcome:
    """Run the script, as it lies here, in a project."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *options], cwd=project, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr
    return Outcome(code=done.returncode, out=done.stdout, err=done.stderr)


def test_the_page_is_walked(machine: Machine, bundle: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "MLSCAFFOLD_TEMPLATE": str(bundle)}
    done = walk("update-to-0.3.md", environment, machine.work, programs=Path(sys.executable).parent)
    assert done.returncode == 0, done.stdout + done.stderr
    project = machine.work / "flight-delays"
    contract = yaml.safe_load((project / CONTRACT).read_text())
    assert contract["columns"]["month"]["maximum"] == 12
    assert contract["acceptance"]["required"] == {"roc_auc": 0.55}
    assert "our-report:" in (project / ".gitlab-ci.yml").read_text()
    assert "month=" in (project / PACKAGE / "dataset.py").read_text()
    assert not (project / "tests" / "example").exists()


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0", "0.2.1"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_whoever_edited_nothing_has_nothing_to_do(machine: Machine, bundle: Path, version: str, task: str) -> None:
    options = ("--template", bundle, "--ref", version, "--defaults", "--set", f"task={task}")
    assert machine.run("new", "flight-delays", *options).code == 0
    project = machine.work / "flight-delays"

    assert machine.run("update", project, "--to", "0.3.0").code == 0

    expected = {"classification": "binary", "regression": "regression"}[task]
    assert yaml.safe_load((project / CONTRACT).read_text())["task"] == expected
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Update", cwd=project)
    assert machine.run("check", "--strict", project).code == 0
    files = [line.split("\t")[0] for line in (project / ".mlscaffold.lock").read_text().splitlines() if "\t" in line]
    assert sum(policy in {"owned", "seeded", "seeded!"} for policy in files) >= 0.7 * len(files)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (f"{PACKAGE}/features/contract.py", '"distance", "Distance flown"', '"distance", "Distance, flown"'),
        (f"{PACKAGE}/features/build.py", "America/New_York", "Europe/Berlin"),
        (f"{PACKAGE}/data_loaders/tables.py", '"distance": pl.Float64', '"distance": pl.Int64'),
        ("params.yaml", "maximum: 6000.0", "maximum: 7000.0"),
        ("params.yaml", "late_after_minutes: 15.0", "late_after_minutes: 30.0"),
        ("params.yaml", "minimum_roc_auc: 0.6", "minimum_roc_auc: 0.7"),
        ("params.yaml", "decision_threshold: 0.3", "decision_threshold: 0.4"),
        ("data/raw/flights.csv", "EWR", "MUC"),
    ],
)
def test_no_contract_of_the_example_comes_into_an_edited_project(
    machine: Machine, bundle: Path, path: str, before: str, after: str
) -> None:
    project = made(machine, bundle, {path: (before, after)})

    done = machine.run("update", project, "--to", "0.3.0", "--dry-run")
    assert done.code == 3
    assert f"configs/contract.yaml  (not written: it takes over from {path}" in done.out
    assert f"configs/sources.yaml  (not written: it takes over from {path}" in done.out
    machine.run("update", project, "--to", "0.3.0")

    assert not (project / "configs" / "contract.yaml").exists()
    assert not (project / "configs" / "sources.yaml").exists()


def test_other_edits_are_no_reason_to_withhold_it(machine: Machine, bundle: Path) -> None:
    project = made(machine, bundle, {"params.yaml": ("threads: 1\n", "threads: 2\n")})

    assert machine.run("update", project, "--to", "0.3.0").code == 0

    assert (project / CONTRACT).exists()
    assert "threads: 2\n" in (project / "params.yaml").read_text()


# The script


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_script_says_what_an_untouched_project_gets(machine: Machine, bundle: Path, task: str) -> None:
    """As the template says it, but for what 0.3 knows better: kinds, allowed words, local time."""
    project = made(machine, bundle, {}, f"task={task}")
    assert write_contract(project).code == 0
    ours = [yaml.safe_load((project / path).read_text()) for path in (CONTRACT, SOURCES)]
    for path in (CONTRACT, SOURCES):
        (project / path).unlink()
    machine.run("update", project, "--to", "0.3.0")
    template = [yaml.safe_load((project / path).read_text()) for path in (CONTRACT, SOURCES)]
    assert ours[1] == template[1]
    assert ours[0]["columns"].keys() == template[0]["columns"].keys()
    assert (ours[0]["task"], ours[0]["target"]) == (template[0]["task"], template[0]["target"])
    for name, column in template[0]["columns"].items():
        for key in ("minimum", "maximum", "unit", "missing"):
            assert ours[0]["columns"][name].get(key) == column.get(key), name


CHURN: Mapping[str, str] = {
    "data_loaders/tables.py": """
import polars as pl
from .base import TableSchema
DAY = pl.Datetime("us", "Europe/Berlin")
CUSTOMERS = TableSchema(
    {"number": pl.String, "signed_up": DAY, "plan": pl.String, "amount": pl.Float64, "left": pl.Int64}
)
CUSTOMER_KEY = ("number", "signed_up")
OUTCOME = "left"
""",
    "features/contract.py": """
from .columns import Column
def amount(name, *, unit="euros"):
    return Column(name=name, kind="numeric", description="An amount: of money", unit=unit, nullable=True)
MONEY = (amount("amount"), amount("per cent", unit="%"))
COLUMNS = (*MONEY, Column(name="plan", kind="categorical", description="")) + ()
KNOWN_LATER = ["cancelled"]
""",
    "features/build.py": 'DEPARTURE = "signed_up"\n',
    "pipelines/ingest.py": """
def run(workspace, settings):
    customers = CsvLoader(workspace.root / settings.data.customers).load(CUSTOMERS)
""",
    "models/common/onnx_graph.py": """
def describe(settings):
    if settings.task == "classification":
        return {"name": "churn", "unit": None, "labels": ["no", "yes"], "threshold": 0.2}
    return {"name": "months", "unit": "months"}
""",
}


def churn(machine: Machine, bundle: Path, edits: Mapping[str, str] | None = None) -> Path:
    """A project of 0.2.0 that is about customers."""
    project = made(machine, bundle, {})
    write_files(project / PACKAGE, {**CHURN, **(edits or {})})
    settings = yaml.safe_load((project / "params.yaml").read_text())
    settings["data"] = {"customers": "data/raw/customers.csv", "days": 30}
    settings["validation"]["ranges"] = {"amount": {"minimum": -1.5, "maximum": 10.0}}
    (project / "params.yaml").write_text(yaml.safe_dump(settings))
    machine.git("commit", "-qam", "Customers", cwd=project)
    return project


def test_it_reads_a_project_about_something_else(machine: Machine, bundle: Path) -> None:
    project = churn(machine, bundle)

    assert write_contract(project).code == 0

    contract, sources = (yaml.safe_load((project / path).read_text()) for path in (CONTRACT, SOURCES))
    assert contract == {
        "format": 1,
        "task": "binary",
        "target": {"column": "churn", "labels": ["no", "yes"], "positive": "yes", "threshold": 0.3},
        "key": ["number", "signed_up"],
        "time": "signed_up",
        "time_zone": "Europe/Berlin",
        "known_later": ["cancelled"],
        "columns": {
            "amount": {
                "kind": "number",
                "minimum": -1.5,
                "maximum": 10.0,
                "unit": "euros",
                "description": "An amount: of money",
                "missing": True,
            },
            "per cent": {"kind": "number", "unit": "%", "description": "An amount: of money", "missing": True},
            "plan": {"kind": "category"},
        },
        "acceptance": {
            "required": {"roc_auc": 0.6},
            "gain": 0.01,
            "too_good": {"metrics": {"roc_auc": 0.85}, "single_column": 0.9},
        },
    }
    assert sources == {
        "format": 1,
        "sources": {
            "customers": {
                "kind": "csv",
                "path": "data/raw/customers.csv",
                "key": ["number", "signed_up"],
                "columns": {"signed_up": "datetime", "left": "integer"},
            }
        },
    }


def test_after_the_update_is_committed_it_still_reads_what_was_before(machine: Machine, bundle: Path) -> None:
    project = churn(machine, bundle)
    assert write_contract(project).code == 0
    before = (project / CONTRACT).read_text()
    machine.git("clean", "-qfd", cwd=project)
    machine.run("update", project, "--to", "0.3.0", "--set", "example=none")
    for path in machine.git("diff", "--name-only", "--diff-filter=U", cwd=project).split():
        machine.git("checkout", "--theirs", "--", path, cwd=project)
        machine.git("add", path, cwd=project)
    machine.run("update", project, "--continue")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Update", cwd=project)
    assert not (project / CONTRACT).exists()
    assert not (project / "data" / "raw" / "flights.csv").exists()

    done = write_contract(project)

    assert done.code == 0
    assert (project / CONTRACT).read_text() == before


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "features/contract.py",
            "KNOWN_LATER = ()\nCOLUMNS = [make(x) for x in range(3)]\n",
            "features/contract.py:2: cannot be read",
        ),
        (
            "features/contract.py",
            "\nKNOWN_LATER = ()\nCOLUMNS = read()\n",
            "features/contract.py:3: cannot be read: read()",
        ),
        ("features/contract.py", "COLUMNS = ((((\n", "features/contract.py:1:"),
        ("features/build.py", "TIME = 'x'\n", "features/build.py: there is no `DEPARTURE`"),
        ("models/common/onnx_graph.py", "\n", "onnx_graph.py: what the classification predicts"),
        ("pipelines/ingest.py", "def run(): pass\n", "ingest.py: no table is loaded"),
        ("pipelines/ingest.py", "\nx = Loader().load(OTHER)\n", "ingest.py:2: which file has which table"),
    ],
)
def test_what_it_cannot_read_it_names_and_writes_nothing(
    machine: Machine, bundle: Path, path: str, text: str, said: str
) -> None:
    project = churn(machine, bundle, {path: text})

    done = write_contract(project)

    assert done.code == 1
    assert said in done.err
    assert "docs/update-to-0.3.md" in done.err
    assert not (project / "configs").exists()


def test_what_is_there_stays(machine: Machine, bundle: Path) -> None:
    project = churn(machine, bundle)
    write_files(project, {str(CONTRACT): "mine\n"})

    assert write_contract(project).code == 0
    assert (project / CONTRACT).read_text() == "mine\n"
    assert (project / SOURCES).exists()
    assert write_contract(project).code == 1


def test_it_reads_the_commit_that_is_named_and_no_other_project(machine: Machine, bundle: Path) -> None:
    project = churn(machine, bundle)

    assert write_contract(project, "--rev", "HEAD~1").code == 0
    assert "carrier" in (project / CONTRACT).read_text()
    machine.git("init", "-q", str(machine.work / "other"))
    refused = write_contract(machine.work / "other")
    assert (refused.code, "Nothing was written" in refused.err) == (1, True)

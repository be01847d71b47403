"""The wheel of a model in an environment of its own: installed, imported, asked."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from .conftest import Project, ready_project

pytestmark = [pytest.mark.product, pytest.mark.slow]

ASKING = """
import json, sys
import embedded_demo_model as packed
rows = json.load(open(sys.argv[1]))["instances"]
others = sorted(set(sys.modules) & {"polars", "pandas", "fastapi", "sklearn"})
print(json.dumps([packed.predict(rows), packed.__version__, others]))
"""


def test_a_fresh_environment_installs_imports_and_predicts(environment: Path, tmp_path: Path) -> None:
    project: Project = ready_project(tmp_path, environment, "embedded_demo", ["preset=workshop", "also=[embedded]"])
    project.run(project.slug, "pipeline")
    project.run(project.slug, "embed")
    (wheel,) = (project.root / "dist").glob("*.whl")
    fresh = tmp_path / "fresh"
    uv = environment / "bin" / "uv"
    subprocess.run([uv, "venv", "-q", "--python", environment / "bin" / "python", fresh], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", fresh / "bin" / "python", wheel], check=True)
    request = project.root / "models" / "request.json"
    asked: list[str | Path] = [fresh / "bin" / "python", "-c", ASKING, request]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    predictions, version, others = json.loads(done.stdout)
    registered = json.loads((project.root / "reports" / "registered.json").read_text(encoding="utf-8"))
    assert version == registered["model_version"]
    assert len(predictions) == len(json.loads(request.read_text(encoding="utf-8"))["instances"])
    assert others == []

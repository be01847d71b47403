"""A project whose service is soaked, its models, and an environment that runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PACKAGE = "soaked"
WRITE = """
import sys; from pathlib import Path
sys.path.insert(0, "tests")
from shells import ROW, write_example_model
import json
for number in range(6):
    write_example_model(Path(sys.argv[1]) / f"{number}.onnx", version=f"{number}.0")
print(json.dumps(ROW))
"""


def made(folder: Path) -> tuple[str, Path]:
    """A project, and the Python of an environment that runs it."""
    root, python = folder / "project", folder / "venv" / "bin" / "python"
    new: list[str | Path] = [
        sys.executable,
        "-m",
        "mlscaffold",
        "new",
        root,
        "--template",
        ".",
        "--trust",
        "--defaults",
    ]
    answers = ["preset=workshop", "also=[prediction_log]", f"package_name={PACKAGE}"]
    uv = Path(sys.executable).with_name("uv")
    commands: list[list[str | Path]] = [
        [*new, *(word for answer in answers for word in ("--set", answer))],
        [uv, "venv", "-q", "--python", sys.executable, python.parents[1]],
        [uv, "pip", "install", "-q", "--python", python, "-r", root / "requirements" / "dev.txt"],
        [uv, "pip", "install", "-q", "--python", python, "--no-deps", "-e", root],
    ]
    for command in commands:
        without_downloads = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=without_downloads)
    return str(python), root


def written(python: str, root: Path, models: Path) -> tuple[dict[str, object], list[bytes]]:
    """A row that can be asked for, and models of several versions."""
    row = subprocess.run(
        [python, "-c", WRITE, str(models)], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    return json.loads(row), [path.read_bytes() for path in sorted(models.glob("*.onnx"))]

"""What is measured, with what, and what came of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table; `met` is None where nothing is asked."""

    what: str
    goal: str
    measured: str
    met: bool | None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is measured, and with what."""

    project: Path
    python: str
    package: str
    peers: str | None
    rounds: int
    seconds: float
    minute: float
    rows: int
    scratch: Path
    described: Mapping[str, object]

    @property
    def model(self) -> Path:
        """The exported graph."""
        return self.project / "models" / "model.onnx"

    @property
    def graph(self) -> dict[str, str]:
        """What the limit and the peers are told of it."""
        columns = self.scratch / "columns.json"
        columns.write_text(json.dumps(self.described["columns"]), encoding="utf-8")
        return {"MODEL": str(self.model), "COLUMNS": str(columns), "OUTPUT": str(self.described["output"])}

    @property
    def body(self) -> str:
        """The request that all but MLflow are sent."""
        return str(self.described["body"])

    def run(self, script: str, *arguments: str) -> str:
        """What a script of the project's Python prints; the request is its input."""
        command = [self.python, "-c", script, self.package, *arguments]
        return subprocess.run(command, input=self.body, capture_output=True, text=True, check=True).stdout

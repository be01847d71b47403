"""scripts/evidently_report.py, as far as it needs no Evidently: what is compared, and of which rows."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "evidently_report.py"


def script() -> Any:
    spec = spec_from_file_location("evidently_report", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_personal_columns_texts_and_moments_are_left_out() -> None:
    columns = {
        "age": {"kind": "integer"},
        "pay": {"kind": "number", "pii": True},
        "plan": {"kind": "category", "pii": False},
        "ok": {"kind": "boolean"},
        "note": {"kind": "text"},
        "since": {"kind": "datetime"},
    }
    found = script().columns_of({"columns": columns})
    assert found == {"age": "numerical", "plan": "categorical", "ok": "categorical"}


def test_the_newest_records_are_read_and_torn_lines_are_not(tmp_path: Path) -> None:
    for file, numbers in (("b.jsonl", [3, 4]), ("a.jsonl", [1, 2])):
        lines = [json.dumps({"inputs": {"age": number}}) for number in numbers]
        (tmp_path / file).write_text("\n".join([*lines, '{"inputs": {"ag', "7", '{"inputs": 7}']), encoding="utf-8")
    assert script().newest(tmp_path, 3) == [{"age": 2}, {"age": 3}, {"age": 4}]
    assert script().newest(tmp_path / "none", 3) == []


def test_without_records_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--log", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nowhere has 0 records" in done.stderr


def test_its_requirements_are_locked_and_of_nobody_else() -> None:
    locked = (ROOT / "requirements" / "apart" / "evidently.txt").read_text(encoding="utf-8")
    assert "evidently==0.7" in locked
    assert locked.count("--hash=sha256:") > locked.count("==")
    others = [*(ROOT / "requirements").glob("*.txt"), *(ROOT / "requirements" / "components").glob("*.txt")]
    assert not [file for file in others if "evidently" in file.read_text(encoding="utf-8")]

"""The run that lies in a project's folder: which records of its steps, and which reports, are of one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]


def read_records(folder: Path) -> dict[str, Record]:
    """reports/lineage/*.json by step: those of steps that read what the others say they made."""
    records = {
        file.stem: json.loads(file.read_text(encoding="utf-8"))
        for file in sorted((folder / "reports" / "lineage").glob("*.json"))
    }
    return {step: record for step, record in records.items() if _belongs(record, records)}


def is_of(file: Path, path: str, records: Mapping[str, Record]) -> bool:
    """Whether a file, called `path` in the project, is what the step that makes it has made last; without records, any is."""
    maker = _makers(records).get(path)
    return not records or (maker is not None and maker["made"].get(path) == digest(file))


def digest(file: Path) -> str:
    """Of its bytes, as records have it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _makers(records: Mapping[str, Record]) -> dict[str, Record]:
    """The record of the step that makes a file."""
    return {path: record for record in records.values() for path in (*record["made"], *record.get("writes", ()))}


def _belongs(record: Record, records: Mapping[str, Record]) -> bool:
    """Whether a step read what the present records say that others made."""
    makers = _makers(records)

    @cache
    def made_of_these(step: str) -> bool:
        for path, known in records[step]["made_from"]["inputs"].items():
            maker = makers.get(path)
            if maker is not None and not (
                maker["status"] == "ok" and maker["made"].get(path) == known and made_of_these(maker["step"])
            ):
                return False
        return True

    return made_of_these(record["step"])

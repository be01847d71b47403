"""Reading what an earlier step wrote, and writing reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import DataError


def read_table(path: Path, made_by: str) -> pl.DataFrame:
    """A parquet file that the step `made_by` writes.

    Raises:
        DataError: it is not there; says which step to run.
    """
    return pl.read_parquet(existing(path, made_by))


def existing(path: Path, made_by: str) -> Path:
    """The path, if there is a file.

    Raises:
        DataError: there is none; says which step to run.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist.", f"Run the step `{made_by}` first, or `pipeline` for all steps.")
    return path


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a report that people and DVC read: keys in order, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

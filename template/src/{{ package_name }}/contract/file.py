"""Reading configs/contract.yaml."""

from __future__ import annotations

from pathlib import Path

from ..configuration import load
from ..errors import SettingsError
from .types import Contract


def load_contract(path: Path) -> Contract:
    """The contract of a project.

    Raises:
        SettingsError: there is none yet, or it is wrong; names the line to mend.
    """
    if not path.is_file():
        raise SettingsError(
            f"There is no {path}: nothing says yet what one row means.",
            "Write one from your table: contract infer FILE --target COLUMN (a csv or parquet file).",
        )
    return load(path, Contract)

"""What candidates are told by, and steps on rows to learn from, besides training rows and params.yaml; what is not there has none."""

from __future__ import annotations

from typing import Any

from ..artifacts import Artifact, read_table, write_table
from ..discovery import names_in

CONFIGS = (
    *(("configs/rule.yaml",) if "rule" in names_in("models/rule_based") else ()),
    *(("configs/sampling.yaml",) if names_in("models/sampling") else ()),
)
#: Rows of the contract without an outcome, as far as they may be known to what the hold-out judges.
UNLABELLED: Artifact[Any] = Artifact("data/interim/unlabelled.parquet", read_table, write_table)
READS = (UNLABELLED,) if names_in("models/semi_supervised") else ()

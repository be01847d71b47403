"""Files of configs/ that candidates, and steps on rows to learn from, are told by; what is not there has none."""

from __future__ import annotations

from ..discovery import names_in

CONFIGS = (
    *(("configs/rule.yaml",) if "rule" in names_in("models/rule_based") else ()),
    *(("configs/sampling.yaml",) if names_in("models/sampling") else ()),
)

"""Which model is served, who said so, when and why: a ledger over MLflow's registry, and what follows from it."""

from __future__ import annotations

#: As `export` calls it: the name of the distribution.
MODEL_NAME = __name__.partition(".")[0].replace("_", "-")

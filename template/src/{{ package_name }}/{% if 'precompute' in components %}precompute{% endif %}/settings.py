"""configs/precompute.yaml: where predictions are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configuration import load
from ..connections.environment import Address
from ..contract.types import Contract, Names, Section
from ..errors import SettingsError

PRECOMPUTE = "configs/precompute.yaml"


class Precompute(Section):
    """Where predictions are kept that are made beforehand."""

    format: Literal[1]
    url: Annotated[
        Address,
        Field(
            description="As SQLAlchemy writes it, a file of SQLite relative to the project; ${NAME} is set in the environment."
        ),
    ] = "sqlite:///data/processed/precomputed.db"
    table: Annotated[
        str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,49}$", description="It and its view TABLE_newest are made.")
    ] = "precomputed"
    key: Annotated[Names, Field(description="Columns that together name one row; else the contract's.")] = ()
    pii: Annotated[bool, Field(description="Whether the key may hold what the contract calls personal.")] = False
    batch: Annotated[
        int, Field(gt=0, le=100_000, description="Rows that are predicted, and written in one transaction.")
    ] = 10_000


def load_precompute(root: Path) -> Precompute:
    """The settings; raises `SettingsError`."""
    return load(root / PRECOMPUTE, Precompute)


def key_of(settings: Precompute, contract: Contract) -> tuple[str, ...]:
    """The columns that name a row; raises `SettingsError` where there are none, or where they may not be kept."""
    if not (key := settings.key or contract.key):
        raise SettingsError(
            "The contract has no `key`, so no prediction could be found again.",
            f"Name the columns that tell rows apart as `key` in {PRECOMPUTE}, or in configs/contract.yaml.",
        )
    personal = [name for name in key if name in contract.columns and contract.columns[name].pii]
    if personal and not settings.pii:
        raise SettingsError(
            f"{PRECOMPUTE}: `{personal[0]}`, a part of the key, is personal, and `pii: true` is not said.",
            "Say so, if it may be kept there, or name another `key`.",
        )
    return key

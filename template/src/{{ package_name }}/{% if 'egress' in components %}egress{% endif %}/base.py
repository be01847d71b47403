"""What every kind of destination offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field

from ..contract.types import Name, Names, Section

EGRESS = "configs/egress.yaml"
#: What is kept of what was sent, and what is about to be.
FOLDER = Path("data/interim/egress")


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A table that is about to be sent, as it was when that began.

    Args:
        destination: its name.
        root: the project's folder.
        source: the file that it was read from.
        table: at least one column: numbers, text, truth, dates and moments; NaN is missing.
        rows: how many there are.
        content: a digest that differs when the table does.
        run: names this sending; later ones have greater names.
        withheld: columns that are personal, and not a part of it.
    """

    destination: str
    root: Path
    source: Path
    table: pl.LazyFrame
    rows: int
    content: str
    run: str
    withheld: tuple[str, ...]


class Destination(Section, ABC):
    """What configs/egress.yaml says about a destination of any kind."""

    kind: str
    send: Annotated[
        Name,
        Field(
            description="`predictions` (of `predict`), a file that `predict --output` wrote, `rows` (of the contract), or a source."
        ),
    ] = "predictions"
    columns: Annotated[Names, Field(description="Only these, in this order.")] = ()
    pii: Annotated[bool, Field(description="Whether columns go there that the contract calls personal.")] = False

    @abstractmethod
    def deliver(self, outgoing: Outgoing) -> str:
        """Bring a table there and return what to print about it; a second time changes nothing. Raises `ProjectError`."""

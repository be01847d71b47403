"""What every loader promises. A new kind of source is a new file in this folder, and nothing else changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import Field

from ..contract.cells import EXPECTED, Form, Unreadable, read_cells
from ..contract.types import Kind, Name, Names, Section
from ..errors import DataError

#: The column that says where a row stands in its source, so that a problem can be found by hand: the number of its first line,
#: or of the row where there are no lines. A name with no-break spaces cannot be a column of the contract.
LINE = "line\u00a0of\u00a0file"
SHOWN_LINES = 8


class Source(Section):
    """What configs/sources.yaml says about a source of any kind."""

    kind: str
    key: Annotated[Names, Field(description="Columns that together name one row, and no other.")] = ()
    columns: Annotated[dict[Name, Kind], Field(description="Kinds of columns that only dataset.py uses.")] = {}  # noqa: RUF012


class FileSource(Source):
    """A source that is one file."""

    path: Annotated[str, Field(min_length=1, description="Relative to the project's folder, or absolute.")]


class Loader(ABC):
    """Loads one table."""

    #: What there is to mend where a cell cannot be what it must be.
    advice: ClassVar[str] = "Mend these rows in the source."

    def __init__(self, settings: Any, root: Path = Path()) -> None:
        self.settings = settings
        self.root = root

    @property
    def files(self) -> list[Path]:
        """The files that are read."""
        return [self.root / self.settings.path]

    @property
    def where(self) -> str:
        """The source, as a person calls it."""
        return str(self.settings.path)

    @property
    def form(self) -> Form:
        """How its cells are written."""
        return Form()

    @abstractmethod
    def text(self) -> pl.DataFrame:
        """The table as it is: all columns, in types that say no more than the source does, missing as null, and `LINE`.

        Raises:
            DataError: the source is missing, empty or unreadable; says where, and which setting to write.
        """

    def load(self, kinds: Mapping[str, Kind], zone: str) -> pl.DataFrame:
        """The table with the canonical type of each column that has a kind, and `LINE`. Columns without one stay as they are.

        Args:
            kinds: by column; names that the table does not have are passed over.
            zone: of the place where moments are told.

        Raises:
            DataError: as `text`, or a cell cannot be of its kind; names its line.
        """
        table = self.text()
        found, problems = typed(table, kinds, self.form.in_zone(zone))
        if problems:
            raise DataError("\n".join(f"{self.where}: {problem}" for problem in problems), self.mend(table, kinds))
        return found

    def mend(self, table: pl.DataFrame, kinds: Mapping[str, Kind]) -> str:  # noqa: ARG002
        """What to do about cells that cannot be of their kind."""
        return self.advice


@dataclass(frozen=True)
class LoaderKind:
    """What a file of this folder offers.

    Args:
        name: the `kind` in configs/sources.yaml.
        settings: what else stands there.
        loader: reads it.
        guess: the settings for a file, as they are written to configs/sources.yaml; None if it is of another kind.
    """

    name: str
    settings: type[Source]
    loader: type[Loader]
    guess: Callable[[Path], dict[str, Any] | None] = lambda _: None


def typed(table: pl.DataFrame, kinds: Mapping[str, Kind], form: Form) -> tuple[pl.DataFrame, list[str]]:
    """The table with canonical types where a kind is known, and what is wrong, one sentence a column."""
    columns, problems = [], []
    for name, kind in kinds.items():
        if name not in table.columns:
            continue
        try:
            values, wrong = read_cells(table[name], kind, form)
        except Unreadable as error:
            problems.append(f"column `{name}`: {error}")
            continue
        columns.append(values)
        if wrong.any():
            problems.append(f"column `{name}`: not {EXPECTED[kind]} {places(table, wrong)}")
    return table.with_columns(columns), problems


def places(table: pl.DataFrame, wrong: pl.Series) -> str:
    """Where the rows stand for which `wrong` is true: `in lines 3, 7 and 2 more`; rows if their lines are not known."""
    called, numbers = (
        ("line", table[LINE]) if LINE in table.columns else ("row", pl.int_range(1, len(table) + 1, eager=True))
    )
    found = numbers.filter(wrong)
    shown = ", ".join("?" if number is None else str(number) for number in found.head(SHOWN_LINES))
    more = f" and {len(found) - SHOWN_LINES} more" if len(found) > SHOWN_LINES else ""
    return f"in {called}{'s' if len(found) > 1 else ''} {shown}{more}"


def clean_name(name: str) -> str:
    """A column's name as the contract can say it: in one line, without blanks around it."""
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()

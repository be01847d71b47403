"""What every loader promises. A new kind of source is a new file in this folder, and nothing else changes."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

import polars as pl
from pydantic import Field

from ..artifacts import ROWS_AT_ONCE, rows_at_once
from ..contract.cells import EXPECTED, Form, Unreadable, read_cells
from ..contract.types import Contract, Kind, Name, Names
from ..errors import DataError
from ..problems import SHOWN_LINES, Problem, merged
from .catalogue import Catalogue

#: The column that says where a row stands in its source, so that a problem can be found by hand: the number of its first line,
#: or of the row where there are no lines. A name with no-break spaces cannot be a column of the contract.
LINE = "line\u00a0of\u00a0file"
#: Rows that are in memory at once, at most.
BATCH = ROWS_AT_ONCE
#: Different values of a column that are kept to see how they are written.
SAMPLE = 2000


class Source(Catalogue):
    """What configs/sources.yaml says about a source of any kind."""

    kind: str
    key: Annotated[Names, Field(description="Columns that together name one row, and no other.")] = ()
    columns: Annotated[dict[Name, Kind], Field(description="Kinds of columns that only dataset.py uses.")] = {}  # noqa: RUF012
    assembled: Annotated[
        bool, Field(description="Its rows are rows of the contract already: dataset.py and the flows do not see them.")
    ] = False


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
        """The files that are read; none if the source is no file."""
        return [self.root / self.settings.path] if isinstance(self.settings, FileSource) else []

    def fingerprint(self) -> str:
        """What a source that is no file holds now: it differs when the table does.

        Here all rows are read for it, in any order; a loader that can ask its source for less does.
        """
        total, rows, names = 0, 0, []
        for batch in self.batches():
            table = batch.drop(LINE)
            names, rows = table.columns, rows + len(table)
            total = (total + int(table.hash_rows().to_numpy().sum())) % 2**64
        return json.dumps({"rows": rows, "digest": total, "columns": names})

    def modified(self) -> datetime | None:
        """When the newest of its files was written; None for what is none."""
        newest = max((file.stat().st_mtime for file in self.files), default=None)
        return None if newest is None else datetime.fromtimestamp(newest, UTC)

    @property
    def where(self) -> str:
        """The source, as a person calls it: the path of a file, or the address of what is none."""
        return str(self.settings.path if isinstance(self.settings, FileSource) else self.settings.url)

    @property
    def form(self) -> Form:
        """How its cells are written."""
        return Form()

    @abstractmethod
    def batches(self) -> Iterator[pl.DataFrame]:
        """The table as it is, in parts of at most `BATCH` rows, with the same columns and types in each.

        All columns, in types that say no more than the source does, missing as null, and `LINE`. There is a row at least.

        Raises:
            DataError: the source is missing, empty or unreadable; says where, and which setting to write.
        """

    def load(
        self, kinds: Mapping[str, Kind], zone: str, treat: Callable[[pl.DataFrame], pl.DataFrame] = lambda part: part
    ) -> Iterator[pl.DataFrame]:
        """The table in parts, each with the canonical type of a column that has a kind. Columns without one stay as they are.

        Args:
            kinds: by column; names that the table does not have are passed over.
            zone: of the place where moments are told.
            treat: is done to each part before its cells are read.

        Raises:
            DataError: as `batches`; or, behind the last part, cells cannot be of their kinds: names their lines.
        """
        typing = Typing(kinds, self.form.in_zone(zone))
        for batch in self.batches():
            if patterns := [name for name in batch.columns if name == "*" or (name[:1] == "^" and name[-1:] == "$")]:
                raise DataError(
                    f"{self.where}: a column is called `{patterns[0]}`, which is read as a pattern for names.",
                    "Call it otherwise in the source.",
                )
            yield typing.of(treat(batch))
        if problems := typing.problems:
            raise DataError("\n".join(f"{self.where}: {problem}" for problem in problems), self.mend(typing))

    def mend(self, typing: Typing) -> str:  # noqa: ARG002
        """What to do about cells that are not of their kinds."""
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


@dataclass(frozen=True)
class Treatment:
    """What a file of this folder does to the parts of every source before their cells are read.

    Args:
        name: what it is called.
        of: the project's folder, the source's name and the contract to what is done to each part; raises `SettingsError`.
    """

    name: str
    of: Callable[[Path, str, Contract], Callable[[pl.DataFrame], pl.DataFrame]]


class Typing:
    """Gives the parts of a table canonical types, one after the other, and keeps what is wrong in them.

    Args:
        kinds: by column; names that the table does not have are passed over.
        form: how its cells are written.
    """

    def __init__(self, kinds: Mapping[str, Kind], form: Form) -> None:
        self.kinds, self.form = kinds, form
        #: What is wrong so far, one a column.
        self.problems: list[Problem] = []
        #: The first different values of each column that are wrong.
        self.wrong: dict[str, pl.Series] = {}
        self._rows = 0

    def of(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The next part, with canonical types where a kind is known; what cannot be of its kind is null."""
        columns = []
        for name, kind in self.kinds.items():
            if name not in batch.columns:
                continue
            try:
                values, wrong = read_cells(batch[name], kind, self.form)
            except Unreadable as error:
                self._keep(Problem(column=name, says=str(error)))
                continue
            columns.append(values)
            if wrong.any():
                self._keep(located(batch, wrong, Problem(column=name, says=f"not {EXPECTED[kind]}"), before=self._rows))
                seen = batch[name].filter(wrong)
                known = self.wrong[name].append(seen) if name in self.wrong else seen
                self.wrong[name] = known.unique(maintain_order=True).head(SAMPLE)
        self._rows += len(batch)
        return batch.with_columns(columns)

    def _keep(self, problem: Problem) -> None:
        self.problems = merged([*self.problems, problem])


def typed(table: pl.DataFrame, kinds: Mapping[str, Kind], form: Form) -> tuple[pl.DataFrame, list[Problem]]:
    """A whole table with canonical types where a kind is known, and what is wrong."""
    typing = Typing(kinds, form)
    return typing.of(table), typing.problems


def located(table: pl.DataFrame, wrong: pl.Series, problem: Problem, *, before: int = 0) -> Problem:
    """A problem with the lines of the rows [N] that have it, or their numbers where lines are not known.

    Args:
        table: a part of one, `LINE` among its columns or not.
        wrong: which rows, [N].
        problem: without lines.
        before: rows of the table in front of this part.
    """
    called, numbers = ("line", table[LINE]) if LINE in table.columns else ("row", pl.int_range(len(table), eager=True))
    if called == "row":
        numbers = numbers + before + 1
    found = numbers.filter(wrong)
    return replace(problem, called=called, lines=tuple(found.head(SHOWN_LINES)), count=len(found))


def cut(tables: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """A table in parts of any size as one in parts of `BATCH` rows at most, and of fewer where there are many columns."""
    for table in tables:
        yield from table.iter_slices(rows_at_once(table.width))


#: Text columns without what is only blank.
FILLED = pl.when(pl.col(pl.String).str.strip_chars() != "").then(pl.col(pl.String))


def clean_names(names: Iterable[str], where: object) -> list[str]:
    """Columns' names as the contract can say them; raises `DataError` if two are the same by that, or one is none."""
    cleaned = [clean_name(name) for name in names]
    if repeated := [name for name in cleaned if not name or cleaned.count(name) > 1]:
        raise DataError(f"{where}: several columns are called `{repeated[0]}`, or one has no name.", "Name them apart.")
    return cleaned


def clean_name(name: str) -> str:
    """A column's name as the contract can say it: in one line, without blanks around it."""
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()

"""What is found out about the rows to learn from, each part when it is asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl
from polars import selectors

from ..contract.cells import kinds_of
from ..contract.types import Contract, Kind
from ..features.identifiers import names_rows
from ..features.leakage import Finding, strengths
from ..tasks.base import task_of
from .association import associations
from .remarks import Remark, about_classes, about_columns, about_leaks, about_pairs
from .summaries import Summary, drawn, summarise
from .views import Outcome, Parts, cut, outcome_of, shift_of

#: Rows of the sample that figures are made of, and of the part of it on which columns are compared with each other.
SAMPLE, COMPARED_ROWS = 20_000, 5_000
#: Columns that have figures, and that are compared with each other.
MOST_FIGURES, MOST_COMPARED = 40, 40
#: With fewer rows a difference between two times is chance.
FEWEST = 500


class Study:
    """The rows to learn from.

    Args:
        rows: all of them, with the columns of the contract.
        contract: names the columns, and those whose values are never shown.
        seed: of the sample.
    """

    def __init__(self, rows: pl.LazyFrame, contract: Contract, seed: int) -> None:
        self.rows, self.contract, self.seed = rows, contract, seed
        self.target = contract.target.column
        self.kinds = kinds_of(contract)
        #: Personal data.
        self.secret = {name for name, column in contract.columns.items() if column.pii}
        names = {*contract.key, contract.group} - contract.columns.keys() - {self.target, contract.time}
        #: Columns that are counted, and never shown: personal data, and what names rows.
        self.hidden = self.secret | {name for name in names if name is not None}
        #: What orders the rows, if that is no secret.
        self.time = None if contract.time in self.hidden else contract.time
        #: Features that are shown.
        self.features: dict[str, Kind] = {
            name: column.kind for name, column in contract.columns.items() if name not in self.hidden
        }

    @cached_property
    def summaries(self) -> dict[str, Summary]:
        """Of each column, over all rows."""
        return summarise(self.rows, self.kinds, self.hidden)

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return self.summaries[self.target].rows

    @property
    def missing_share(self) -> float:
        """Of all values of features."""
        return sum(self.summaries[name].missing for name in self.contract.columns) / (
            self.count * len(self.contract.columns)
        )

    @cached_property
    def classes(self) -> dict[str, int]:
        """Rows of each class, in the contract's order; none for values."""
        label = selectors.by_name(self.target).alias("label")
        found = dict(self.rows.select(label).group_by("label").len().collect(engine="streaming").iter_rows())
        return {label: found.get(label, 0) for label in self.contract.labels}

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Some rows, in order of time if there is one."""
        rows = drawn(self.rows, SAMPLE, self.seed)
        return rows.sort(rows[self.contract.time], maintain_order=True) if self.contract.time else rows

    @cached_property
    def outcome(self) -> Outcome:
        """Of the sample."""
        return outcome_of(self.sample, self.contract)

    @cached_property
    def findings(self) -> dict[str, Finding]:
        """What each feature tells alone, in the sample."""
        target = task_of(self.contract).target(self.sample[self.target], self.contract)
        classes = len(self.contract.labels)
        found = strengths(self.sample, target, self.features, classes=classes, seed=self.seed)
        return {item.column: item for item in found}

    @cached_property
    def telling(self) -> list[str]:
        """Features, those that tell most first."""
        return sorted(self.features, key=lambda name: -self.findings[name].strength)

    @cached_property
    def identifiers(self) -> dict[str, str]:
        """Features that name rows, each with the reason."""
        found = {}
        for name, kind in self.features.items():
            summary, values = self.summaries[name], self.sample[name]
            counts = {"different": summary.distinct, "rows": summary.known} if len(values) < summary.rows else {}
            found[name] = names_rows(values, kind, **counts)
        return {name: why for name, why in found.items() if why}

    @cached_property
    def useful(self) -> list[str]:
        """Features that have more than one value and do not name rows, those that tell most first."""
        return [name for name in self.telling if self.summaries[name].distinct > 1 and name not in self.identifiers]

    @cached_property
    def drawn_columns(self) -> list[str]:
        """Features that have figures: all useful ones in their own order, or those that tell most."""
        most = self.useful[:MOST_FIGURES]
        return most if len(most) < len(self.useful) else [name for name in self.features if name in most]

    @cached_property
    def parts(self) -> dict[str, Parts]:
        """The sample by each feature."""
        return {name: cut(self.sample[name], kind) for name, kind in self.features.items()}

    @cached_property
    def shifts(self) -> dict[str, float]:
        """By feature, how far the later half of the sample differs from the earlier one; none without a time."""
        others = self.parts.items() if self.time else ()
        return {name: shift_of(parts) for name, parts in others if name != self.time}

    @cached_property
    def compared(self) -> dict[str, Kind]:
        """The columns that are compared with each other: the target, and the features that tell most, in their own order."""
        most = {self.target, *[name for name in self.useful if self.features[name] != "text"][:MOST_COMPARED]}
        return {name: self.kinds[name] for name in (self.target, *self.features) if name in most}

    @cached_property
    def compared_rows(self) -> pl.DataFrame:
        """The part of the sample on which columns are compared with each other."""
        return self.sample.gather_every(-(-len(self.sample) // COMPARED_ROWS))

    @cached_property
    def associations(self) -> np.ndarray:
        """Between the columns that are compared, [k, k]; NaN where nothing can be said."""
        return associations(self.compared_rows, self.compared)

    @cached_property
    def pairs(self) -> list[tuple[str, str, float]]:
        """Columns that are compared, the most associated first."""
        names, matrix = list(self.compared), np.nan_to_num(self.associations)
        places = sorted(zip(*np.tril_indices(len(names), -1), strict=True), key=lambda place: -abs(matrix[place]))
        return [(names[column], names[row], float(matrix[row, column])) for row, column in places]

    @cached_property
    def remarks(self) -> list[Remark]:
        """What a person should look at, the gravest first."""
        found = [
            *about_leaks(self.findings, self.contract),
            *(Remark("look", f"{why}. A model learns it by heart.", name) for name, why in self.identifiers.items()),
            *about_columns(self.summaries, self.features, self.shifts if len(self.sample) >= FEWEST else {}),
            *about_pairs(list(self.compared), self.associations, self.target),
            *about_classes(self.classes),
        ]
        return sorted(found, key=lambda remark: ["leak", "look", "note"].index(remark.grave))

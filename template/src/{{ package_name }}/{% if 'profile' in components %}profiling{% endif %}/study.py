"""What is found out about the rows to learn from."""

from __future__ import annotations

import numpy as np
import polars as pl
from polars import selectors

from ..contract.cells import kinds_of
from ..contract.types import Contract, Kind
from ..features.identifiers import names_rows
from ..features.leakage import strengths
from ..tasks.base import task_of
from .association import associations
from .remarks import Remark, about_classes, about_columns, about_leaks, about_pairs
from .summaries import drawn, summarise
from .views import cut, outcome_of, shift_of

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
        self.contract, self.seed = contract, seed
        self.target, self.kinds = contract.target.column, kinds_of(contract)
        #: Personal data; and all columns that are counted and never shown, to which belong those that name rows.
        self.secret = {name for name, column in contract.columns.items() if column.pii}
        shown = {*contract.columns, self.target, contract.time}
        self.hidden = self.secret | {name for name in (*contract.key, contract.group) if name and name not in shown}
        #: What orders the rows, if that is no secret.
        self.time = None if contract.time in self.hidden else contract.time
        #: Features that are shown.
        self.features: dict[str, Kind] = {
            name: column.kind for name, column in contract.columns.items() if name not in self.hidden
        }
        #: Of each column, and rows of each class, in the contract's order: of all rows.
        self.summaries = summarise(rows, self.kinds, self.hidden)
        self.count = self.summaries[self.target].rows
        label = selectors.by_name(self.target).alias("label")
        found = dict(rows.select(label).group_by("label").len().collect(engine="streaming").iter_rows())
        self.classes = {label: int(found.get(label, 0)) for label in contract.labels}
        #: Some rows, in order of time if there is one, and what is found out by them.
        self.sample = drawn(rows, SAMPLE, seed)
        if contract.time:
            self.sample = self.sample.sort(self.sample[contract.time], maintain_order=True)
        self.outcome = outcome_of(self.sample, contract)
        self.parts = {name: cut(self.sample[name], kind) for name, kind in self.features.items()}
        self._judge()
        self._compare()

    def _judge(self) -> None:
        """What each feature tells alone, whether it names rows, and how far its later half differs from the earlier one."""
        target = task_of(self.contract).target(self.sample[self.target], self.contract)
        classes = len(self.contract.labels)
        told = strengths(
            self.sample, target, self.features, classes=classes, seed=self.seed, personal=frozenset(self.secret)
        )
        self.findings = {item.column: item for item in told}
        self.identifiers = {name: why for name in self.features if (why := self._why_identifier(name))}
        timed = self.parts.items() if self.time else ()
        self.shifts = {name: shift_of(parts) for name, parts in timed if name != self.time}

    def _why_identifier(self, name: str) -> str | None:
        summary = self.summaries[name]
        of_all = {"different": summary.distinct, "rows": summary.known} if len(self.sample) < summary.rows else {}
        return names_rows(self.sample[name], self.features[name], **of_all)

    def _compare(self) -> None:
        """The features that have figures; those that are compared with each other and the target, and how; all pairs."""
        telling = sorted(self.features, key=lambda name: -self.findings[name].strength)
        #: Features that have more than one value and do not name rows, those that tell most first.
        self.useful = [name for name in telling if self.summaries[name].distinct > 1 and name not in self.identifiers]
        most = self.useful[:MOST_FIGURES]
        self.drawn = most if len(most) < len(self.useful) else [name for name in self.features if name in most]
        chosen = {self.target, *[name for name in self.useful if self.features[name] != "text"][:MOST_COMPARED]}
        self.compared = {name: self.kinds[name] for name in (self.target, *self.features) if name in chosen}
        self.compared_rows = self.sample.gather_every(-(-len(self.sample) // COMPARED_ROWS))
        self.associations = associations(self.compared_rows, self.compared)
        names, matrix = list(self.compared), np.nan_to_num(self.associations)
        places = sorted(zip(*np.tril_indices(len(names), -1), strict=True), key=lambda place: -abs(matrix[place]))
        self.pairs = [(names[column], names[row], float(matrix[row, column])) for row, column in places]

    @property
    def remarks(self) -> list[Remark]:
        """What a person should look at, the gravest first."""
        found = [
            *about_leaks(self.findings, self.contract),
            *(Remark("look", f"{why}. A model learns it by heart.", name) for name, why in self.identifiers.items()),
            *about_columns(self.summaries, self.features, self.shifts if len(self.sample) >= FEWEST else {}),
            *about_pairs(self.pairs, self.target),
            *about_classes(self.classes),
        ]
        return sorted(found, key=lambda remark: ["leak", "look", "note"].index(remark.grave))

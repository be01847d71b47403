"""Choosing rows: by a condition, the newest, some of each group; and leaving out those far from all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from ...contract.conditions import Condition
from ...contract.types import Contract
from ...errors import SettingsError
from ...problems import reason
from ..lesson import Sample
from .base import SAMPLING, Columns, Positive, RowSettings, by_chance, numeric, taken

#: Beyond so many times the distance of the quartiles a value is "far out" (J. W. Tukey 1977, section 2D).
FAR_OUT = 3.0
_QUARTILES = (0.25, 0.75)
_Level = Annotated[float, Field(ge=0, le=1)]


class Select(RowSettings):
    """Rows that are worth learning from; of several settings each chooses among what the one before has left."""

    kind: Literal["select"]
    where: Annotated[
        Condition | None, Field(description="In SQL: `year >= 2020`; unknown, as a value is missing, is no.")
    ] = None
    newest: Annotated[int | None, Field(gt=0, description="So many of the latest periods that have rows.")] = None
    per_group: Annotated[
        int | None, Field(gt=0, description="At most so many rows a group: the newest, or by chance.")
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.where is None and self.newest is None and self.per_group is None:
            raise ValueError("`where`, `newest` or `per_group` is needed")
        return self

    def problems(self, contract: Contract) -> Iterator[str]:
        """Roles and columns that it needs and the contract does not have."""
        if self.newest and not contract.time:
            yield "`newest` needs a `time` in the contract"
        if self.per_group and not contract.group:
            yield "`per_group` needs a `group` in the contract"
        there = {*contract.columns, *contract.roles, contract.target.column}
        named = pl.sql_expr(self.where).meta.root_names() if self.where else []
        for name in sorted({*named} - there):
            yield f"the rows of the contract have no column `{name}`"

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:
        """See `RowSettings.apply`."""
        if self.where is not None:
            sample = taken(sample, np.flatnonzero(_true(sample.rows, self.where)))
        if self.newest is not None and len(sample.rows):
            periods = sample.rows[str(contract.time)].dt.truncate(contract.period)
            first = periods.unique().sort().tail(self.newest)[0]
            sample = taken(sample, np.flatnonzero((periods >= first).to_numpy()))
        if self.per_group is not None and len(sample.rows):
            places = pl.Series("place", by_chance(sample, contract, random))
            when = sample.rows[contract.time] if contract.time else places
            table = pl.DataFrame({"group": sample.rows[str(contract.group)], "when": when, "place": places})
            ordered = table.with_row_index("row").sort("when", "place", descending=True)
            kept = ordered.group_by("group", maintain_order=True).head(self.per_group)
            sample = taken(sample, kept["row"].sort().to_numpy())
        return sample


class Outliers(RowSettings):
    """Rows with a number far from the others are not learnt from; limits are learnt from the rows that the step is given."""

    kind: Literal["outliers"]
    columns: Annotated[Columns, Field(description="Numbers; of a regression also the target.")]
    iqr: Annotated[
        Positive | None,
        Field(description="So many distances of the quartiles beyond a quartile; 3 if nothing is said."),
    ] = None
    quantiles: Annotated[
        tuple[_Level, _Level] | None,
        Field(strict=False, description="Below the one and above the other: [0.001, 0.999]."),
    ] = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.iqr is not None and self.quantiles is not None:
            raise ValueError("limits are by `iqr` or by `quantiles`, not by both")
        if self.quantiles is not None and self.quantiles[0] >= self.quantiles[1]:
            raise ValueError("`quantiles` are a lower and a higher one")
        return self

    def problems(self, contract: Contract) -> Iterator[str]:
        """Columns that are no numbers."""
        yield from numeric(self.columns, contract, also=() if contract.labels else (contract.target.column,))

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:  # noqa: ARG002
        """See `RowSettings.apply`."""
        out, says = np.zeros(len(sample.rows), dtype=bool), []
        for name in self.columns:
            low, high = limits(sample.rows[name], self)
            far = ((sample.rows[name] < low) | (sample.rows[name] > high)).fill_null(value=False).to_numpy()
            says += [f"`{name}` of {far.sum()}"] if far.any() else []
            out |= far
        return replace(taken(sample, np.flatnonzero(~out)), says=tuple(says))


def _true(rows: pl.DataFrame, condition: str) -> np.ndarray:
    """For which rows a condition is known to be true, bool [N]."""
    try:
        said = rows.select(pl.when(pl.sql_expr(condition)).then(True).otherwise(False)).to_series()  # noqa: FBT003
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        problem = f"{SAMPLING}: `{condition}` is no condition on a row: {reason(error)}"
        raise SettingsError(problem, f"Mend {SAMPLING}.") from None
    return np.broadcast_to(said.to_numpy(), len(rows))


def limits(values: pl.Series, step: Outliers) -> tuple[float, float]:
    """Below and above which values are far out; infinite where the values say nothing about it."""
    known, levels = values.drop_nulls(), step.quantiles or _QUARTILES
    low, high = (known.quantile(level, "linear") for level in levels)
    if low is None or high is None or (step.quantiles is None and low == high):
        return -np.inf, np.inf
    reach = 0.0 if step.quantiles else (step.iqr or FAR_OUT) * (high - low)
    return low - reach, high + reach

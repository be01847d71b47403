"""What is found of the labels, in numbers for a report and in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .agreement import Measure, krippendorff_of_numbers, measures
from .rates import Period, periods
from .ratings import NONE, Ratings
from .settings import Gate, Labelling


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A measure with its interval, and on how many rows it stands."""

    measure: str
    of: tuple[str, ...]
    rows: int
    value: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All that is found; what objects makes the command end with a refusal."""

    rows: int
    shared: int
    labels: tuple[str, ...]
    labellers: tuple[str, ...]
    agreement: tuple[Agreement, ...]
    periods: tuple[Period, ...]
    objections: tuple[str, ...]

    def report(self) -> dict[str, Any]:
        """As reports/labelling.json has it."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For the terminal."""
        yield f"{self.rows} rows, {self.shared} of them by two or more of {len(self.labellers)} labellers"
        for each in self.agreement:
            among = f" of {' and '.join(each.of)}" if each.of else ""
            yield f"{each.measure}{among}: {_value(each)}, {each.rows} rows"
        for period in self.periods:
            if period.drifted:
                said = f"`{period.label}` {period.change:+.1%} of the rows against all before, p = {period.p:.2g}"
                yield f"{period.name}: {said}, {period.rows} rows"


def judge(ratings: Ratings, settings: Labelling, *, are_numbers: bool) -> Judged:
    """Agreement and rates; numbers, of a regression, have no rates."""
    found = [krippendorff_of_numbers(_numbers(ratings))] if are_numbers else list(measures(ratings))
    agreement = tuple(_agreement(measure, settings) for measure in found)
    told = () if are_numbers else tuple(periods(ratings, settings.rates))
    return Judged(
        rows=ratings.rows,
        shared=ratings.shared,
        labels=() if are_numbers else ratings.labels,
        labellers=ratings.labellers,
        agreement=agreement,
        periods=told,
        objections=tuple(_objections(agreement[0], told, settings.gate)),
    )


def _objections(alpha: Agreement, told: tuple[Period, ...], gate: Gate) -> Iterator[str]:
    if gate.least_agreement is not None:
        if alpha.rows < gate.least_rows:
            yield f"only {alpha.rows} rows are labelled by two or more, at least {gate.least_rows} are wanted"
        elif alpha.value is None or alpha.interval is None:
            yield "all labels are the same, or nearly so: agreement cannot be told from chance"
        elif alpha.interval[1] < gate.least_agreement:
            yield f"{alpha.measure} is {_value(alpha)}: surely below {gate.least_agreement:g}"
    if gate.rates and told and told[-1].drifted:
        newest = told[-1]
        yield f"in {newest.name} the share of `{newest.label}` is {newest.change:+.1%} against all before"


def _agreement(measure: Measure, settings: Labelling) -> Agreement:
    return Agreement(
        measure=measure.name,
        of=measure.of,
        rows=measure.rows,
        value=measure.estimate(),
        interval=measure.interval(settings.resamples, settings.seed),
    )


def _numbers(ratings: Ratings) -> np.ndarray:
    values = np.array([*map(float, ratings.labels), np.nan])
    # The last one stands for NONE, which is -1.
    assert NONE == -1
    given: np.ndarray = values[ratings.given]
    return given


def _value(found: Agreement) -> str:
    if found.value is None:
        return "cannot be told, all labels are the same"
    sure = f" ({found.interval[0]:.2f} to {found.interval[1]:.2f})" if found.interval else ""
    return f"{found.value:.2f}{sure}"

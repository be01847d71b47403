"""`validate`: stop before anything is learnt from data that cannot be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from ..data_loaders.tables import FLIGHT_KEY, OUTCOME, WEATHER_KEY
from ..errors import DataError, SettingsError
from ..features.build import outcome
from ..features.contract import NUMERIC
from ..settings import Range, Settings
from ..validation import Rules, find_problems
from ..workspace import Workspace
from .files import read_table, write_json

#: Never missing in the table of flights: a request must carry them as well.
REQUIRED_OF_FLIGHT = (*FLIGHT_KEY, "dest", "distance", "origin_departures")

MEND = "Mend or remove what is named, or widen the bounds under `validation` in params.yaml."
MORE_ROWS = "Add rows. How many flights are enough stands in params.yaml: validation.minimum_rows."
OTHER_OUTCOMES = "Add flights that ended otherwise, or change data.late_after_minutes in params.yaml."


@dataclass(frozen=True)
class Validated:
    """What was checked and found right."""

    flights: int
    readings: int
    flights_without_outcome: int
    share_of_missing_values: float

    def __str__(self) -> str:
        return f"no problem found; {self.flights_without_outcome} flights never arrived and have no outcome"


def run(workspace: Workspace, settings: Settings) -> Validated:
    """Check both tables and write reports/validation.json.

    Raises:
        DataError: all problems at once, each with the lines of the csv file.
    """
    flights = read_table(workspace.flights, "ingest")
    weather = read_table(workspace.weather, "ingest")
    ranges = check_ranges(settings.validation.ranges)
    limits = settings.validation
    rules_of_flights = Rules(REQUIRED_OF_FLIGHT, FLIGHT_KEY, ranges, limits.maximum_missing_share, limits.minimum_rows)
    rules_of_weather = Rules(WEATHER_KEY, WEATHER_KEY, ranges, limits.maximum_missing_share, minimum_rows=1)
    too_few = len(flights) < limits.minimum_rows or weather.is_empty()
    problems = [
        *(f"{settings.data.flights}: {problem}" for problem in find_problems(flights, rules_of_flights)),
        *(f"{settings.data.weather}: {problem}" for problem in find_problems(weather, rules_of_weather)),
    ]
    if problems:
        raise DataError("\n".join(problems), MORE_ROWS if too_few else MEND)
    if problems := _one_class(flights, settings):
        raise DataError("\n".join(problems), OTHER_OUTCOMES)
    validated = Validated(
        len(flights), len(weather), flights[OUTCOME].null_count(), round(_missing_share([flights, weather]), 4)
    )
    write_json(workspace.validation, asdict(validated))
    return validated


def check_ranges(ranges: Mapping[str, Range]) -> Mapping[str, Range]:
    """The ranges, if there is one for each number of the contract and none besides.

    Raises:
        SettingsError: names what is missing or too much.
    """
    expected = {column.name for column in NUMERIC}
    if wrong := sorted(expected.symmetric_difference(ranges)):
        raise SettingsError(
            f"params.yaml: validation.ranges and the numbers of features/contract.py differ in: {', '.join(wrong)}.",
            "Give each number of the contract a range, and nothing else.",
        )
    return ranges


def _one_class(flights: pl.DataFrame, settings: Settings) -> list[str]:
    """A target that never varies cannot be learnt."""
    target = outcome(flights.filter(pl.col(OUTCOME).is_not_null()), settings.data, settings.task)
    if target.n_unique() > 1:
        return []
    what = "there is only one class" if settings.task == "classification" else "it never varies"
    return [f"{settings.data.flights}: column `{OUTCOME}`: {what}, so there is nothing to learn"]


def _missing_share(tables: Sequence[pl.DataFrame]) -> float:
    missing = sum(table.null_count().sum_horizontal().item() for table in tables)
    return float(missing / sum(table.height * table.width for table in tables))

"""From flights and weather to the columns of the contract and the target."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ..data_loaders.tables import OUTCOME
from ..settings import Data, Task
from .contract import COLUMNS, WEATHER, forbid_later_knowledge

TARGET = "target"
DEPARTURE = "scheduled_departure"
#: All three airports keep New York's time.
LOCAL_TIME = "America/New_York"


@dataclass(frozen=True)
class Examples:
    """Flights with their features and target, in order of departure.

    Args:
        table: `DEPARTURE`, the contract's columns (numbers as float32, missing category as ""), and `TARGET`.
        without_outcome: how many flights were left out because they were cancelled or diverted and never arrived.
    """

    table: pl.DataFrame
    without_outcome: int


def build_examples(flights: pl.DataFrame, weather: pl.DataFrame, settings: Data, task: Task) -> Examples:
    """Join, derive, and split features from outcome."""
    arrived = flights.filter(pl.col(OUTCOME).is_not_null())
    joined = join_weather(arrived, weather, settings)
    features = derive(joined)
    target = outcome(joined, settings, task)
    return Examples(
        features.with_columns(joined[DEPARTURE], target).select(DEPARTURE, *features.columns, TARGET),
        without_outcome=len(flights) - len(arrived),
    )


def join_weather(flights: pl.DataFrame, weather: pl.DataFrame, settings: Data) -> pl.DataFrame:
    """Each flight with the latest reading at its airport that was known when the prediction is made.

    The moment of prediction is `hours_before_departure` before the scheduled departure. A reading is known when the
    hour in which it was taken is over. Flights without a reading young enough get nulls. Sorted by departure.
    """
    moment = pl.col(DEPARTURE) - pl.duration(minutes=settings.hours_before_departure * 60)
    known = pl.col("hour_starting") + pl.duration(minutes=settings.weather_delay_minutes)
    readings = weather.select("origin", known_at=known, **{column.name: pl.col(column.name) for column in WEATHER})
    ordered = flights.with_columns(moment=moment).sort("moment", "origin", "carrier", "flight")
    return ordered.join_asof(
        readings.sort("known_at"),
        left_on="moment",
        right_on="known_at",
        by="origin",
        strategy="backward",
        tolerance=f"{round(settings.weather_max_age_hours * 60)}m",
        check_sortedness=False,
    )


def derive(joined: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns, in its order: the same values and types that a request carries."""
    forbid_later_knowledge(column.name for column in COLUMNS)
    local = pl.col(DEPARTURE).dt.convert_time_zone(LOCAL_TIME)
    derived = joined.with_columns(
        departure_hour=local.dt.hour() + local.dt.minute() / 60,
        weekday=local.dt.weekday(),
    )
    return derived.select(
        pl.col(column.name).cast(pl.Float32) if column.kind == "numeric" else pl.col(column.name).fill_null("")
        for column in COLUMNS
    )


def outcome(joined: pl.DataFrame, settings: Data, task: Task) -> pl.Series:
    """What is to be predicted: minutes of delay on arrival, or 1 if they are more than `late_after_minutes`, else 0."""
    delay = joined[OUTCOME]
    match task:
        case "classification":
            return (delay > settings.late_after_minutes).cast(pl.Int64).alias(TARGET)
        case "regression":
            return delay.cast(pl.Float64).alias(TARGET)

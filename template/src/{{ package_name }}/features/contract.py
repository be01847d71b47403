"""The columns that a request carries and a model sees, in order: the one list that training and serving share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..errors import LeakageError


@dataclass(frozen=True, kw_only=True)
class Column:
    """One raw column. Its range, if it is a number, stands in params.yaml."""

    name: str
    kind: Literal["numeric", "categorical"]
    description: str
    unit: str | None = None
    nullable: bool = False


def _number(name: str, description: str, unit: str | None = None, *, nullable: bool = False) -> Column:
    return Column(name=name, kind="numeric", description=description, unit=unit, nullable=nullable)


def _category(name: str, description: str, *, nullable: bool = False) -> Column:
    return Column(name=name, kind="categorical", description=description, nullable=nullable)


#: Known when the schedule is published.
SCHEDULE = (
    _number("departure_hour", "Scheduled departure, local time, minutes as decimals", "hours"),
    _number("weekday", "Day of the week of the scheduled departure, Monday is 1"),
    _number("distance", "Distance flown", "miles"),
    _number("origin_departures", "Flights scheduled to leave the same airport in the same hour"),
)
#: Known once a plane is assigned; missing for planes outside the register.
PLANE = (
    _number("plane_year", "Year in which the plane was built", nullable=True),
    _number("plane_seats", "Seats of the plane", nullable=True),
)
#: The latest reading at the airport that is known at the moment of prediction; a station can fall silent.
WEATHER = (
    _number("temperature", "Temperature", "degrees Fahrenheit", nullable=True),
    _number("dew_point", "Dew point", "degrees Fahrenheit", nullable=True),
    _number("humidity", "Relative humidity", "per cent", nullable=True),
    _number("wind_direction", "Direction the wind comes from, 360 is north", "degrees", nullable=True),
    _number("wind_speed", "Wind speed", "miles an hour", nullable=True),
    _number("wind_gust", "Speed of gusts, missing when there are none", "miles an hour", nullable=True),
    _number("precipitation", "Precipitation in the hour", "inches", nullable=True),
    _number("pressure", "Pressure at sea level", "millibars", nullable=True),
    _number("visibility", "Visibility", "miles", nullable=True),
)
CATEGORIES = (
    _category("carrier", "Airline, two-letter code"),
    _category("origin", "Airport of departure: EWR, JFK or LGA"),
    _category("dest", "Airport of arrival, three-letter code"),
    _category("plane_manufacturer", "Maker of the plane", nullable=True),
)

NUMERIC: tuple[Column, ...] = SCHEDULE + PLANE + WEATHER
CATEGORICAL: tuple[Column, ...] = CATEGORIES
COLUMNS: tuple[Column, ...] = NUMERIC + CATEGORICAL

#: Known only after the moment of prediction. Neither they nor anything named after them may be a feature.
KNOWN_LATER = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")


def forbid_later_knowledge(names: Iterable[str]) -> None:
    """Refuse features that are named, wholly or in part, after a column of `KNOWN_LATER`.

    Raises:
        LeakageError: names the features and the columns that they come from.
    """
    found = [(name, later) for name in names for later in KNOWN_LATER if later in name.lower()]
    if found:
        listed = ", ".join(f"`{name}` (from `{later}`)" for name, later in found)
        raise LeakageError(
            f"Features that are known only after the moment of prediction: {listed}.",
            "Take them out of features/contract.py: a model that learns from them fails in service.",
        )

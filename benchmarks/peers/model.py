"""One row to one answer by onnxruntime, as every peer here does it; the environment says which file.

MODEL: the graph. COLUMNS: a JSON file, {input name of the graph: [column, …]}. OUTPUT: the output that is asked for.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
columns: dict[str, list[str]] = json.loads(Path(os.environ["COLUMNS"]).read_text(encoding="utf-8"))
output = os.environ["OUTPUT"]
_TYPES = {"tensor(float)": np.float32, "tensor(string)": object}
_INPUTS = [(each.name, columns[each.name], _TYPES[each.type]) for each in session.get_inputs()]


def predict(row: dict[str, Any]) -> list[float]:
    """What the model says of a row."""
    feeds = {name: np.array([[row[column] for column in names]], dtype=kind) for name, names, kind in _INPUTS}
    found: list[float] = session.run([output], feeds)[0][0].tolist()
    return found

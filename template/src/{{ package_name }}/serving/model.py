"""The model as the service sees it: one ONNX graph, checked once when it is loaded.

Nothing of the training code is needed here, and no pickle is ever loaded.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from pydantic import ValidationError

from .contract import MAX_CONTRACT, MAX_NAME, Contract, Value
from .loading import open_session, read_graph, unusable
from .problems import shown

Row = dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """One entry a row: the predicted values, and for a classifier the index of each row's label.

    ``values`` are float32 ``[N]``: the output's unit, or the probability of the positive class.
    """

    values: np.ndarray
    label_indices: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """A loaded graph together with its name, version and contract."""

    name: str
    version: str
    contract: Contract
    session: ort.InferenceSession

    def predict(self, rows: Sequence[Row], options: ort.RunOptions | None = None) -> Predictions:
        """Predict rows that already passed the contract.

        Raises ``FloatingPointError`` when the graph answers with anything but one finite number a row.
        """
        feeds: dict[str, np.ndarray] = {}
        if numeric := self.contract.numeric:
            # A float array turns None (missing) into NaN, which is what the graph expects.
            feeds["numeric"] = np.array([[row[column.name] for column in numeric] for row in rows], dtype=np.float32)
        if categorical := self.contract.categorical:
            feeds["categorical"] = np.array(
                [[row[column.name] or "" for column in categorical] for row in rows], dtype=object
            )
        if self.contract.task == "regression":
            (prediction,) = self.session.run(["prediction"], feeds, options)
            result = Predictions(values=prediction[:, 0])
        else:
            label, probabilities = self.session.run(["label", "probabilities"], feeds, options)
            result = Predictions(values=probabilities[:, 1], label_indices=label)
        if len(result.values) != len(rows) or not np.isfinite(result.values).all():
            message = f"model {self.name} {self.version} answered with something else than one finite number a row"
            raise FloatingPointError(message)
        return result


def load_model(path: Path) -> ServedModel:
    """Load an exported model and prove that it fits its own contract; raises ``ModelFileError``."""
    session = open_session(read_graph(path), path)
    try:
        metadata = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise unusable(path, f"what it says about itself is no text: {error}") from None
    missing = [key for key in ("model_name", "model_version", "contract") if not metadata.get(key)]
    if missing:
        reason = f"it does not carry {', '.join(missing)}, so it was not written by this project's export"
        raise unusable(path, reason)
    for key in ("model_name", "model_version"):
        # They stand in logs, metrics and the title of a page.
        if html.escape(shown(metadata[key], MAX_NAME)) != metadata[key]:
            raise unusable(path, f"its {key} must be printable, without markup, and at most {MAX_NAME} letters long")
    contract = _read_contract(path, metadata["contract"])
    _check_signature(path, session, contract)
    return ServedModel(
        name=metadata["model_name"],
        version=metadata["model_version"],
        contract=contract,
        session=session,
    )


def _read_contract(path: Path, text: str) -> Contract:
    if len(text) > MAX_CONTRACT:
        raise unusable(path, f"its contract has more than {MAX_CONTRACT} letters")
    try:
        return Contract.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(shown(str(part)) for part in first["loc"]) or "contract"
        raise unusable(path, f"its contract is wrong at {where}: {first['msg']}") from None


def _check_signature(path: Path, session: ort.InferenceSession, contract: Contract) -> None:
    """Compare the graph's real inputs and outputs with what the contract promises."""
    expected_inputs: dict[str, tuple[str, int]] = {}
    if contract.numeric:
        expected_inputs["numeric"] = ("tensor(float)", len(contract.numeric))
    if contract.categorical:
        expected_inputs["categorical"] = ("tensor(string)", len(contract.categorical))
    inputs = {node.name: (node.type, next(reversed(node.shape), None)) for node in session.get_inputs()}
    if inputs != expected_inputs:
        problem = f"its graph takes {inputs}, but its contract says {expected_inputs}"
        raise unusable(path, problem)
    expected_outputs = (
        {"prediction": "tensor(float)"}
        if contract.task == "regression"
        else {"label": "tensor(int64)", "probabilities": "tensor(float)"}
    )
    outputs = {node.name: node.type for node in session.get_outputs()}
    if outputs != expected_outputs:
        problem = f"its graph gives {outputs}, but a {contract.task} model gives {expected_outputs}"
        raise unusable(path, problem)

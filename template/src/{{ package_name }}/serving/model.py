"""The model as the service sees it: one ONNX graph, checked once when it is loaded.

Nothing of the training code is needed here, and no pickle is ever loaded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort
from pydantic import ValidationError

from .contract import Contract, Value
from .errors import ModelFileError

Row = dict[str, Value]

_REMEDY = "Export it again (the `export` command), or set MODEL_PATH to another file."
_FATAL_ONLY = 4


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

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Predict rows that already passed the contract.

        Raises ``FloatingPointError`` when the graph answers with something that is no finite number.
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
            (prediction,) = self.session.run(["prediction"], feeds)
            result = Predictions(values=prediction[:, 0])
        else:
            label, probabilities = self.session.run(["label", "probabilities"], feeds)
            result = Predictions(values=probabilities[:, 1], label_indices=label)
        if not np.isfinite(result.values).all():
            message = f"model {self.name} {self.version} answered with a value that is no finite number"
            raise FloatingPointError(message)
        return result


def load_model(path: Path) -> ServedModel:
    """Load an exported model and prove that it fits its own contract; raises ``ModelFileError``."""
    session = _open_session(path)
    metadata = session.get_modelmeta().custom_metadata_map
    missing = [key for key in ("model_name", "model_version", "contract") if not metadata.get(key)]
    if missing:
        problem = f"it does not carry {', '.join(missing)}, so it was not written by this project's export"
        raise _unusable(path, problem)
    try:
        contract = Contract.model_validate_json(metadata["contract"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "contract"
        problem = f"its contract is wrong at {where}: {first['msg']}"
        raise _unusable(path, problem) from None
    _check_signature(path, session, contract)
    return ServedModel(
        name=metadata["model_name"],
        version=metadata["model_version"],
        contract=contract,
        session=session,
    )


def _open_session(path: Path) -> ort.InferenceSession:
    if not path.exists():
        advice = "Train and export one first (the `pipeline` command), or set MODEL_PATH to where it is."
        raise ModelFileError(f"There is no model at {path}.", advice)
    options = ort.SessionOptions()
    # One request is tens of microseconds of work: handing it to more threads costs more than it gains.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # What goes wrong is raised below; the runtime's own lines on stderr would only repeat it.
    options.log_severity_level = _FATAL_ONLY
    try:
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - the runtime's exceptions share no other base class
        problem = f"the ONNX runtime cannot read it: {str(error).splitlines()[0]}"
        raise _unusable(path, problem) from None


def _check_signature(path: Path, session: ort.InferenceSession, contract: Contract) -> None:
    """Compare the graph's real inputs and outputs with what the contract promises."""
    expected_inputs: dict[str, tuple[str, int]] = {}
    if contract.numeric:
        expected_inputs["numeric"] = ("tensor(float)", len(contract.numeric))
    if contract.categorical:
        expected_inputs["categorical"] = ("tensor(string)", len(contract.categorical))
    inputs = {node.name: (node.type, node.shape[-1]) for node in session.get_inputs()}
    if inputs != expected_inputs:
        problem = f"its graph takes {inputs}, but its contract says {expected_inputs}"
        raise _unusable(path, problem)
    expected_outputs = (
        {"prediction": "tensor(float)"}
        if contract.task == "regression"
        else {"label": "tensor(int64)", "probabilities": "tensor(float)"}
    )
    outputs = {node.name: node.type for node in session.get_outputs()}
    if outputs != expected_outputs:
        problem = f"its graph gives {outputs}, but a {contract.task} model gives {expected_outputs}"
        raise _unusable(path, problem)


def _unusable(path: Path, problem: str) -> ModelFileError:
    return ModelFileError(f"The model {path} cannot be served: {problem}.", _REMEDY)

"""The model as MLflow loads and serves it: columns in, the service's answers out, by code that is kept with it.

Its code stands there under a name that follows from it, so that MLflow takes it and not the project's of today, also where both
are installed. Whoever wants the bare graph has it by MLflow's ONNX flavour.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from ..contract.types import Contract
from ..digests import PACKAGE
from ..packing.core import code_behind, pins
from .record import GRAPH, Example

_SHELL = "pyfunc/loader.py"
_LOADER = "pyfunc.loader"
_GRAPH = PurePosixPath(GRAPH).name


def write_model(folder: Path, graph: Path, example: Example) -> None:
    """Write MLmodel and what belongs to it: the code, the signature that follows from the contract, and an example."""
    import onnx
    from mlflow import pyfunc
    from mlflow.models import Model
    from mlflow.onnx import save_model

    model = Model()
    with tempfile.TemporaryDirectory() as scratch:
        name = _write_code(Path(scratch))
        save_model(
            onnx.load(graph),
            folder,
            mlflow_model=model,
            signature=_signature(example.contract),
            input_example=[dict(example.row)],
            code_paths=[str(Path(scratch) / name)],
            # Not asked of MLflow, which would load the model in another process to find them.
            pip_requirements=[f"{library}=={version}" for library, version in pins().items()],
            onnx_execution_providers=["CPUExecutionProvider"],
            save_as_external_data=False,
        )
    files = {"conda_env": "conda.yaml", "python_env": "python_env.yaml"}
    pyfunc.add_to_model(model, loader_module=f"{name}.{_LOADER}", data=_GRAPH, code="code", **files)
    model.save(str(folder / "MLmodel"))


def _write_code(folder: Path) -> str:
    """Write the code that predicts; the name of its package comes back."""
    code = code_behind(_SHELL)
    digest = hashlib.sha256()
    for path, content in sorted(code.items()):
        digest.update(f"{path.as_posix()}\n{len(content)}\n".encode() + content)
    name = f"{PACKAGE.name}_{digest.hexdigest()[:12]}"
    for path, content in code.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / name / path).write_bytes(content)
    return name


def _signature(contract: Contract) -> Any:
    """Which columns there are. What may stand in them the contract says: MLflow would make a 41 of 41.5, and go on."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType, Object, Property

    anything: Any = AnyType
    columns = [ColSpec(anything(), name, required=not column.missing) for name, column in contract.columns.items()]
    number = DataType.double
    said = [ColSpec(number)]
    if contract.target.positive is not None:
        said = [ColSpec(DataType.string, "label"), ColSpec(number, "probability")]
    elif contract.labels:
        shares = Object([Property(label, number) for label in contract.labels])
        said = [ColSpec(DataType.string, "label"), ColSpec(shares, "probabilities")]
    return ModelSignature(Schema([*columns]), Schema([*said]))

"""All that is kept of a run, in one folder; its model is one of MLflow's ONNX flavour, which MLflow can load."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from ..digests import library_versions
from .record import GRAPH, Example, Record

#: What MLflow needs to load the model.
_NEEDS = ("onnx", "onnxruntime", "numpy")


def gather(record: Record, folder: Path) -> None:
    """Put the files and texts of a record in a folder, and with an example of its graph what MLflow must know of that."""
    if record.example:
        _write_model(folder / PurePosixPath(GRAPH).parent, record.files[GRAPH], record.example)
    for name in (*record.files, *record.texts):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    # The graph that was tested goes over MLflow's copy of it.
    for name, source in record.files.items():
        shutil.copyfile(source, folder / name)
    for name, text in record.texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_model(folder: Path, graph: Path, example: Example) -> None:
    """Write MLmodel and what belongs to it: the signature that follows from the example, and the example."""
    import onnx
    from mlflow.models import infer_signature
    from mlflow.onnx import save_model

    versions = library_versions()
    save_model(
        onnx.load(graph),
        folder,
        signature=infer_signature(dict(example.inputs), dict(example.outputs)),
        input_example=dict(example.inputs),
        # Not asked of MLflow, which would load the model in another process to find them.
        pip_requirements=[f"{name}=={versions[name]}" for name in _NEEDS],
        onnx_execution_providers=["CPUExecutionProvider"],
        save_as_external_data=False,
    )

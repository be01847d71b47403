"""The chosen model as scikit-learn knows it, in skops' format: nothing in the file is run when it is read, as of a pickle."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..discovery import PACKAGE
from ..errors import ParityError
from ..features.frame import model_frame
from ..models.candidate import Trained
from ..tasks.base import task_of

#: What may stand in a file besides what skops trusts itself: types of these packages, and this type.
TRUSTED = (PACKAGE, "sklearn")
_TRUSTED_TYPE = "numpy.dtype"
#: Rows that are asked about: the format either holds a model whole, or not.
_ROWS = 1000
_SCHEMA, _ADDRESS, _FILE = "schema.json", "__id__", "file"


def write_native(trained: Trained, contract: Contract, rows: pl.DataFrame) -> bytes:
    """The fitted pipeline as the content of a file, after a proof that the file predicts the same.

    Args:
        trained: with the pipeline.
        contract: what it has learnt about.
        rows: of the contract, by which both are compared.

    Raises:
        ParityError: it cannot be written without pickle, or predicts something else when it is read again.
    """
    from skops.io import dumps

    try:
        content = _repeatable(dumps(trained.model))
        native = read_native(content)
    except Exception as error:
        raise ParityError(
            f"{trained.name} cannot be kept without pickle: {error}",
            "Let the model be made of scikit-learn's classes, and of classes of this package with plain attributes.",
        ) from error
    task, frame = task_of(contract), model_frame(contract, rows.head(_ROWS))
    expected, read = (task.predict(model, frame, len(contract.labels)) for model in (trained.model, native))
    if not np.array_equal(expected, read):
        raise ParityError(
            f"{trained.name} predicts something else when it is read from models/artifacts/model.skops.",
            "Look for an attribute of the model that skops does not keep.",
        )
    return content


def _repeatable(content: bytes) -> bytes:
    """The same file of the same model: skops calls things by their addresses in memory, and notes the time."""
    made, numbers = io.BytesIO(), dict[int, int]()

    def counted(address: int) -> int:
        return numbers.setdefault(address, len(numbers) + 1)

    def file_of(name: str) -> str:
        address, _, suffix = name.partition(".")
        return f"{counted(int(address))}.{suffix}"

    def settled(node: Any) -> Any:
        if isinstance(node, list):
            return [settled(item) for item in node]
        if not isinstance(node, dict):
            return node
        told = {key: settled(item) for key, item in node.items()}
        if isinstance(address := told.get(_ADDRESS), int):
            told[_ADDRESS] = counted(address)
        if isinstance(name := told.get(_FILE), str):
            told[_FILE] = file_of(name)
        return told

    with zipfile.ZipFile(io.BytesIO(content)) as found, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        schema = json.dumps(settled(json.loads(found.read(_SCHEMA))))
        texts = {file_of(name): found.read(name) for name in found.namelist() if name != _SCHEMA}
        for name, text in [(_SCHEMA, schema.encode()), *sorted(texts.items())]:
            file.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read_native(content: bytes) -> Any:
    """The pipeline in a file; a type of a library that is not among `TRUSTED` is refused by skops."""
    from skops.io import get_untrusted_types, loads

    named = get_untrusted_types(data=content)
    trusted = [name for name in named if name == _TRUSTED_TYPE or name.partition(".")[0] in TRUSTED]
    return loads(content, trusted=trusted)

"""The chosen model as scikit-learn knows it, in skops' format: nothing in the file is run when it is read, as of a pickle."""

from __future__ import annotations

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
        content: bytes = dumps(trained.model)
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


def read_native(content: bytes) -> Any:
    """The pipeline in a file; a type of a library that is not among `TRUSTED` is refused by skops."""
    from skops.io import get_untrusted_types, loads

    named = get_untrusted_types(data=content)
    trusted = [name for name in named if name == _TRUSTED_TYPE or name.partition(".")[0] in TRUSTED]
    return loads(content, trusted=trusted)

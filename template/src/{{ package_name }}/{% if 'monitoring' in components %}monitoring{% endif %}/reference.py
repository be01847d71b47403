"""What was learnt from, in some kilobytes: it travels in the metadata of the exported graph, and holds no row."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from ..contract.types import MAX_NAME, Section
from ..predictor.loading import ModelFileError, shown, unusable
from ..predictor.predictor import Predictor
from .summary import Summary

#: Its key in the graph's metadata.
KEY = "reference"
# Far above what two thousand columns need: it keeps a file from a stranger from filling memory.
_MAX_LETTERS = 32 * 1024**2
_Name = Annotated[str, Field(max_length=MAX_NAME)]


class Score(Section):
    """A score on the hold-out, and its lower and upper bound."""

    value: float
    low: float
    high: float


class Reference(Section):
    """What a model learnt from, and how it did.

    Args:
        summary: of the rows learnt from; its predictions are those on the hold-out.
        holdout_rows: on how many rows predictions and scores stand.
        scores: by metric, on the hold-out.
        estimates: by estimator and metric, what it says of the hold-out without its outcomes.
    """

    format: Literal[1] = 1
    summary: Summary
    holdout_rows: Annotated[int, Field(ge=0)]
    scores: Annotated[dict[_Name, Score], Field(max_length=100)]
    estimates: Annotated[dict[_Name, dict[_Name, Score]], Field(max_length=100)] = {}  # noqa: RUF012 - pydantic copies it


def reference_of(model: Predictor) -> Reference | None:
    """What a model carries; None if it was exported without.

    Raises:
        ModelFileError: what it carries is wrong.
    """
    said = model.session.get_modelmeta().custom_metadata_map.get(KEY)
    if said is None:
        return None
    if len(said) > _MAX_LETTERS:
        raise unusable(model.path, f"its {KEY} has more than {_MAX_LETTERS} letters")
    try:
        return Reference.model_validate_json(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(shown(str(part)) for part in first["loc"]) or "its beginning"
        raise unusable(model.path, f"its {KEY} is wrong at {where}: {first['msg']}") from None


def require_reference(model: Predictor) -> Reference:
    """What a model carries; raises `ModelFileError` if it carries nothing, or what is wrong."""
    reference = reference_of(model)
    if reference is None:
        raise ModelFileError(
            f"The model {model.path} does not say what it learnt from, so nothing can be compared with that.",
            "Run the pipeline: it makes one that does.",
        )
    return reference

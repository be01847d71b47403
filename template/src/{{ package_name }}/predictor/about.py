"""What an exported model says of itself: its contract, and what is known only when it is trained."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from ..contract.types import MAX_NAME, Contract, Name, Section
from .loading import shown, unusable

#: The keys in the graph's metadata.
NAME, VERSION, CONTRACT, MODEL = "model_name", "model_version", "contract", "model"
# Far above what anybody needs: they keep a file from a stranger from filling memory and screen.
_MAX_LETTERS = {CONTRACT: 4 * 1024**2, MODEL: 16 * 1024**2}

Value = float | int | bool | str | None
Part = TypeVar("Part", bound=BaseModel)


class Limits(Section):
    """How sure single predictions are: what holds the outcome in a share of rows that are like those learnt from.

    Args:
        coverage: that share.
        half_width: of the interval around a value; None for labels.
        probability: by label, that from which on it belongs to the set of those that are possible; None for values.
    """

    coverage: Annotated[float, Field(gt=0, lt=1)]
    half_width: Annotated[float, Field(ge=0)] | None = None
    probability: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None


class About(Section):
    """What only training knows.

    Args:
        threshold: the probability of the positive class from which a row is called positive; None if not binary.
        vocabularies: by category column, the words that the model tells apart.
        example: a row as a request has it.
        lineage: digests of what the model was made of, by name.
        limits: of single predictions, where they are known; a graph without them says nothing of them.
    """

    format: Literal[1] = 1
    threshold: float | None
    vocabularies: dict[Name, list[str]]
    example: dict[Name, Value]
    lineage: dict[str, str]
    limits: Annotated[Limits | None, Field(exclude_if=lambda limits: limits is None)] = None


def read_metadata(metadata: Mapping[str, str], path: Path) -> tuple[str, str, Contract, About]:
    """Name, version, contract and the rest.

    Raises:
        ModelFileError: something is missing or wrong.
    """
    missing = [key for key in (NAME, VERSION, CONTRACT, MODEL) if not metadata.get(key)]
    if missing:
        raise unusable(path, f"it does not carry {', '.join(missing)}, so it was not written by this project's export")
    for key in (NAME, VERSION):
        # They stand in logs, metrics and the title of a page.
        if html.escape(shown(metadata[key], MAX_NAME)) != metadata[key]:
            raise unusable(path, f"its {key} must be printable, without markup, and at most {MAX_NAME} letters long")
    contract = _read(Contract, CONTRACT, metadata, path)
    return metadata[NAME], metadata[VERSION], contract, _read(About, MODEL, metadata, path)


def _read(kind: type[Part], key: str, metadata: Mapping[str, str], path: Path) -> Part:
    if len(metadata[key]) > _MAX_LETTERS[key]:
        raise unusable(path, f"its {key} has more than {_MAX_LETTERS[key]} letters")
    try:
        return kind.model_validate_json(metadata[key])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(shown(str(part)) for part in first["loc"]) or "its beginning"
        raise unusable(path, f"its {key} is wrong at {where}: {first['msg']}") from None

"""Formats of configuration files: each file names its own, and every older one is read for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from .errors import SettingsError

Values = dict[str, Any]
#: By the name of a file's model, and by the format that it reads: what makes the next format of it. Pure, and never changed
#: once it is released. Empty as long as there is only format 1.
UPGRADES: dict[str, dict[int, Callable[[Values], Values]]] = {}


def newest(model: type[BaseModel]) -> int | None:
    """The format that this code writes; None for what is no whole file."""
    field = model.model_fields.get("format")
    return max(get_args(field.annotation)) if field else None


def upgraded(path: Path, values: Any, model: type[BaseModel]) -> Any:
    """The values of a file in the newest format; what has no format is left for the model to refuse.

    Raises:
        SettingsError: the file is of a format that this code does not know yet.
    """
    known, steps = newest(model), UPGRADES.get(model.__name__, {})
    if known is None or not isinstance(values, dict) or type(values.get("format")) is not int:
        return values
    if values["format"] > known:
        raise SettingsError(
            f"{path}: format: {values['format']} was written by a newer version; this one reads up to format {known}.",
            "Use the code that the file came with, or bring this project up to date: mlscaffold update.",
        )
    while (step := steps.get(values["format"])) is not None:
        values = {**step(values), "format": values["format"] + 1}
    return values

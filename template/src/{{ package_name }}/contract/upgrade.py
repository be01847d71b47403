"""Rewriting a configuration file in the newest format. Older ones are read as they are, so nobody has to."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

import yaml
from pydantic import BaseModel

from ..artifacts import whole
from ..configuration import load, values_of
from ..formats import newest, upgraded


def upgrade(path: Path, model: type[BaseModel]) -> str:
    """Bring a file to the newest format, and say what was done.

    Raises:
        SettingsError: the file is wrong, or newer than this code; it is left as it is.
    """
    load(path, model)
    text = path.read_text(encoding="utf-8-sig")
    values = values_of(text)
    if values["format"] == newest(model):
        return f"{path} is already format {newest(model)}."
    head = "".join(takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True)))
    changed = yaml.safe_dump(upgraded(path, values, model), sort_keys=False, allow_unicode=True, width=120)
    with whole(path) as place:
        place.write_text(head + changed, encoding="utf-8")
    return f"{path} is format {newest(model)} now, was {values['format']}; comments below its first lines are gone."

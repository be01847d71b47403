"""configs/egress.yaml: where predictions and tables go."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, create_model

from ..configuration import load
from ..contract.types import Section
from ..discovery import discover
from ..errors import SettingsError
from .base import EGRESS, Destination, DestinationKind


def destination_kinds() -> dict[str, DestinationKind]:
    """Every kind of destination that a file of this folder offers, by name."""
    return discover("egress", DestinationKind)


def _known(kind: str) -> str:
    if kind not in (kinds := destination_kinds()):
        raise ValueError(f"there is no kind `{kind}` of destination; there are {', '.join(sorted(kinds))}")
    return kind


class _AnyDestination(Section):
    model_config = ConfigDict(extra="allow")

    kind: Annotated[str, AfterValidator(_known)]


#: It is the name of a file, too.
_DestinationName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,59}$")]


class Egress(Section):
    """All of configs/egress.yaml; the settings of a destination are those of its kind."""

    format: Literal[1]
    destinations: dict[_DestinationName, _AnyDestination]


def egress_schema() -> dict[str, Any]:
    """The JSON Schema of configs/egress.yaml, by which editors explain keys; it stands in configs/egress.schema.json."""
    kinds: Any = reduce(or_, (kind.settings for kind in destination_kinds().values()))
    destinations = dict[str, Annotated[kinds, Field(description="Where it goes, by its kind.")]]
    fields: dict[str, Any] = {
        "format": (Literal[1], ...),
        "destinations": (destinations, Field(description="Destinations by name.")),
    }
    return create_model("Egress", __base__=Section, __doc__="What goes where.", **fields).model_json_schema()


def load_destinations(root: Path, names: Sequence[str]) -> dict[str, tuple[DestinationKind, Destination]]:
    """Kind and settings of each destination that is named, or of all, by name.

    Raises:
        SettingsError: the file is missing or wrong, or there is no such destination, or none at all.
    """
    path, kinds = root / EGRESS, destination_kinds()
    said = load(path, Egress).destinations
    if absent := [name for name in names if name not in said]:
        there = f"there are {', '.join(said)}" if said else "there is none"
        raise SettingsError(f"{EGRESS} names no destination `{absent[0]}`; {there}.", f"Write it to {EGRESS}.")
    if not said:
        raise SettingsError(f"{EGRESS} names no destination.", f"Write one there; {EGRESS} shows how.")
    return {
        name: (kind, load(path, kind.settings, at=("destinations", name)))
        for name in dict.fromkeys(names or said)
        for kind in [kinds[said[name].kind]]
    }

"""Configuration files that name things, each of a kind: sources, checks, steps, destinations. The kinds are found, not listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, create_model

from .configuration import load
from .contract.types import Section

Settings = TypeVar("Settings", bound=Section)

#: Names of things: one that is the name of a file, too, and one that is a few words for a report.
FILE_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,59}$"
WORDS = r"^[A-Za-z0-9_][A-Za-z0-9_ -]{0,99}$"


@dataclass(frozen=True, kw_only=True)
class KindsFile(Generic[Settings]):
    """A configuration file of named things; what is said of one is what its kind has.

    Args:
        name: of configs/NAME.yaml.
        says: what the file is for.
        things: the key under which they stand, by name.
        names: the pattern of their names.
        kinds: the settings of every kind that there is, each with its own word as `tag`.
        tag: the setting that says of which kind a thing is.
        least: so many things there must be.
    """

    name: str
    says: str
    things: str
    names: str
    kinds: Callable[[], Iterable[type[Settings]]]
    tag: str = "kind"
    least: int | None = None

    @property
    def model(self) -> type[Section]:
        """The whole file, by the kinds that there are."""
        kinds: Any = reduce(or_, self.kinds())
        named = dict[Annotated[str, Field(pattern=self.names)], Annotated[kinds, Field(discriminator=self.tag)]]
        said = Field(min_length=self.least, description=f"{self.things.capitalize()} by name.")
        fields: dict[str, Any] = {"format": (Literal[1], ...), self.things: (named, said)}
        return create_model(self.name.capitalize(), __base__=Section, __doc__=self.says, **fields)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema by which editors explain keys; it stands in configs/NAME.schema.json."""
        return self.model.model_json_schema()

    def load(self, path: Path) -> dict[str, Settings]:
        """The settings of each thing that a file names, in its order; raises `SettingsError` with the line to mend."""
        named: dict[str, Settings] = getattr(load(path, self.model), self.things)
        return named

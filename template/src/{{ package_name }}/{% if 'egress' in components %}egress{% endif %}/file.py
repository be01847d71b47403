"""Files that others read: csv or parquet, replaced whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..artifacts import HOLDOUT, TRAIN, whole, write_table
from ..counts import counted
from ..errors import SettingsError
from .base import EGRESS, Destination, Outgoing

#: What the project itself reads or makes.
_OWN = ("data/raw", "data/interim", "models", TRAIN.path, HOLDOUT.path)


class FileDestination(Destination):
    """A csv or parquet file."""

    kind: Literal["file"]
    path: Annotated[
        str, Field(pattern=r"\.(csv|parquet)$", description="Relative to the project's folder, or absolute.")
    ]

    def deliver(self, outgoing: Outgoing) -> str:
        """Replace the file.

        Raises:
            SettingsError: the project needs what is there.
            DataError: it cannot be written; what was there is as it was.
        """
        path = outgoing.root / self.path
        own = {outgoing.source.resolve(), *((outgoing.root / name).resolve() for name in _OWN)}
        if own & {path.resolve(), *path.resolve().parents}:
            raise SettingsError(
                f"{EGRESS}: {outgoing.destination}: {self.path} is the project's own.", "Name another file as `path`."
            )
        with whole(path) as place:
            write_table(place, outgoing.table)
        return f"{counted(outgoing.rows, 'row')} in {self.path}"

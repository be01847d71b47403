"""configs/sources.yaml: where the tables come from, and how each is written."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ..discovery import discover
from ..errors import DataError, SettingsError
from ..kinds import FILE_NAME, KindsFile
from .base import Loader, LoaderKind, Source


def loader_kinds() -> dict[str, LoaderKind]:
    """Every kind of source that a file of this folder offers, by name; raises `SettingsError` if one cannot be used."""
    kinds = discover("data_loaders", LoaderKind)
    for name, offer in kinds.items():
        if inspect.isabstract(offer.loader):
            raise SettingsError(
                f"{inspect.getfile(offer.loader)}: the loader of the kind `{name}` has no "
                f"{' and no '.join(f'`{method}`' for method in sorted(offer.loader.__abstractmethods__))}.",
                "Write that: docs/data/sources.md shows a loader.",
            )
    return kinds


#: All of configs/sources.yaml.
SOURCES_FILE = KindsFile[Source](
    name="sources",
    says="Where the raw tables come from.",
    things="sources",
    names=FILE_NAME,
    kinds=lambda: (offer.settings for offer in loader_kinds().values()),
    least=1,
)


def load_sources(path: Path, root: Path) -> dict[str, Loader]:
    """A loader for each source of a project, by the source's name.

    Args:
        path: configs/sources.yaml.
        root: the folder to which paths in it are relative.

    Raises:
        SettingsError: the file is missing or wrong, or names a kind that there is not; names the line to mend.
    """
    if not path.is_file():
        raise SettingsError(
            f"There is no {path}: nothing says yet where the tables are.",
            "Write it and the contract from your table: contract infer FILE --target COLUMN (a csv or parquet file).",
        )
    kinds = loader_kinds()
    return {name: kinds[source.kind].loader(source, root) for name, source in SOURCES_FILE.load(path).items()}


def guess(path: Path) -> dict[str, Any]:
    """What to write into configs/sources.yaml for a file: its kind, its path as given, and what is not as usual.

    Raises:
        DataError: it cannot be read, or no loader reads such a file.
    """
    # What has a mark of its own first: any other file could be text.
    for name, offer in sorted(loader_kinds().items(), key=lambda item: item[0] == "csv"):
        if (settings := offer.guess(path)) is not None:
            return {"kind": name, "path": str(path), **settings}
    raise DataError(f"{path} is no file that can be read as a table.", "Name a csv or parquet file.")


def loader_of(path: Path) -> Loader:
    """A loader for a file that no configuration names, by what the file looks like; raises `DataError` as `guess`."""
    settings = guess(path)
    offer = loader_kinds()[settings["kind"]]
    return offer.loader(offer.settings.model_validate(settings))

"""All that is kept of a run, in one folder, with its graph as a model that MLflow can load."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from .flavour import write_model
from .record import GRAPH, Record


def gather(record: Record, folder: Path) -> None:
    """Put the files and texts of a record in a folder, and with an example of its graph what MLflow must know of that."""
    if record.example:
        write_model(folder / PurePosixPath(GRAPH).parent, record.files[GRAPH], record.example)
    for name in (*record.files, *record.texts):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    # The graph that was tested goes over MLflow's copy of it.
    for name, source in record.files.items():
        shutil.copyfile(source, folder / name)
    for name, text in record.texts.items():
        (folder / name).write_text(text, encoding="utf-8")

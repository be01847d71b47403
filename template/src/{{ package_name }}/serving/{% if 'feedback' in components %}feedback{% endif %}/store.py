"""Where labels are kept: in a folder of the prediction log's, one a line, each sent one at the end; nothing is ever changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

from ..recording.files import Files
from ..recording.reading import Log
from ..recording.settings import load_prediction_log
from .labels import Label, labels_of

_FILE_BYTES = 64 * 1024 * 1024


def folder_of_labels() -> Path:
    """The folder; raises `SettingsError` where configs/prediction_log.yaml is wrong."""
    return Path(load_prediction_log().folder) / "labels"


class LabelStore:
    """Labels in a folder, of which other processes may have files, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = Files(folder, _FILE_BYTES)
        self._lock = Lock()

    def keep(self, labels: Sequence[Label]) -> None:
        """Keep labels, whatever happens to the process or the machine from then on.

        Raises:
            OSError: that was not possible; some may be kept, and to send all again changes nothing.
        """
        lines = [label.line() for label in labels]
        with self._lock:
            while lines:
                lines = lines[self._files.write(lines) :]
                self._files.sync()

    def close(self) -> None:
        """End the file."""
        self._files.close()

    def __iter__(self) -> Iterator[Label]:
        """All labels, the oldest file first; raises `DataError`."""
        yield from labels_of(Log(self._folder))

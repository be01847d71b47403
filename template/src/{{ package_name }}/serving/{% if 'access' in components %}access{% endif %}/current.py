"""The keys that count now: a file of them is read again when it changes, so that a key can be taken back at once."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from ...errors import SettingsError
from .keys import KEYS_FILE, Keys, load_keys

_SECONDS = 1.0

logger = logging.getLogger(__name__)


class CurrentKeys:
    """The keys of the environment; for the event loop's thread only."""

    def __init__(self) -> None:
        """Read the keys; raises `SettingsError`."""
        self._path = Path(os.environ.get(KEYS_FILE, ""))
        self._state = self._look()
        self._keys = load_keys()
        self._looked_at = time.monotonic()

    def get(self) -> Keys | None:
        """The keys; None where none are set. A file that has become unusable changes nothing, which is said."""
        if time.monotonic() - self._looked_at >= _SECONDS:
            self._looked_at = time.monotonic()
            if (state := self._look()) != self._state:
                self._state = state
                self._read_again()
        return self._keys

    def _look(self) -> tuple[int, ...] | None:
        """What changes with the file; None where there is no file."""
        if KEYS_FILE not in os.environ:
            return None
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_ino, status.st_size

    def _read_again(self) -> None:
        try:
            self._keys = load_keys()
            logger.info("The keys in %s were read again", self._path)
        except SettingsError as error:
            logger.warning("The keys stay as they were: %s", error)

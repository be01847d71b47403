"""Start the service from the environment: ``MODEL_PATH``, ``HOST``, ``PORT`` and ``DRAIN_SECONDS``.

This is what the container runs: it needs only the serving dependencies.
"""

import math
import os
import sys
from pathlib import Path

from ..errors import ProjectError, SettingsError
from .app import serve
from .http.limits import Limits

_LONGEST_DRAIN = 3600


def main() -> int:
    """Serve until stopped; returns the exit code, 2 when the service could not start."""
    try:
        serve(
            Path(os.environ.get("MODEL_PATH", "models/model.onnx")),
            os.environ.get("HOST", "127.0.0.1"),
            _port(os.environ.get("PORT", "8000")),
            _limits(os.environ.get("DRAIN_SECONDS")),
        )
    except ProjectError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"PORT is {text!r}, but a port is a number.", "Write for example PORT=8000.") from None


def _limits(drain: str | None) -> Limits:
    if drain is None:
        return Limits()
    try:
        seconds = float(drain)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_DRAIN:
        message = f"DRAIN_SECONDS is {drain!r}, but has to be a number from 0 to {_LONGEST_DRAIN}."
        raise SettingsError(message, "Write for example DRAIN_SECONDS=5.")
    return Limits(drain_seconds=seconds)


if __name__ == "__main__":
    sys.exit(main())

"""Start the service from the environment: ``MODEL_PATH``, ``HOST``, ``PORT``, ``DRAIN_SECONDS``, ``RELOAD_SECONDS``, ``WAIT_FOR_MODEL``.

This is what the container runs: it needs only the serving dependencies.
"""

import math
import os
import sys

from ..errors import ProjectError, SettingsError
from .app import serve
from .http.limits import Limits
from .publishing import RELOAD_SECONDS

_LONGEST = 3600
_ANSWERS = {"": False, "0": False, "false": False, "1": True, "true": True}


def main() -> int:
    """Serve until stopped; returns the exit code, 2 when the service could not start."""
    try:
        serve(
            os.environ.get("MODEL_PATH", "models/model.onnx"),
            os.environ.get("HOST", "127.0.0.1"),
            _port(os.environ.get("PORT", "8000")),
            _limits(os.environ.get("DRAIN_SECONDS")),
            _seconds("RELOAD_SECONDS", os.environ.get("RELOAD_SECONDS", str(RELOAD_SECONDS))),
            wait=_is_on("WAIT_FOR_MODEL", os.environ.get("WAIT_FOR_MODEL", "0")),
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
    return Limits() if drain is None else Limits(drain_seconds=_seconds("DRAIN_SECONDS", drain))


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST:
        message = f"{name} is {text!r}, but has to be a number from 0 to {_LONGEST}."
        raise SettingsError(message, f"Write for example {name}=5.")
    return seconds


def _is_on(name: str, text: str) -> bool:
    if text not in _ANSWERS:
        raise SettingsError(f"{name} is {text!r}, but has to be 1 or 0.", f"Write for example {name}=1.")
    return _ANSWERS[text]


if __name__ == "__main__":
    sys.exit(main())

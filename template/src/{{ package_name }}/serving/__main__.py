"""Start the service from the environment: ``MODEL_PATH``, ``HOST`` and ``PORT``.

This is what the container runs: it needs only the serving dependencies.
"""

import os
import sys
from pathlib import Path

from .app import serve
from .errors import AddressError, ServingError


def main() -> int:
    """Serve until stopped; returns the exit code, 2 when the service could not start."""
    try:
        serve(
            Path(os.environ.get("MODEL_PATH", "models/model.onnx")),
            os.environ.get("HOST", "127.0.0.1"),
            _port(os.environ.get("PORT", "8000")),
        )
    except ServingError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


def _port(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise AddressError(f"PORT is {text!r}, but a port is a number.", "Write for example PORT=8000.") from None


if __name__ == "__main__":
    sys.exit(main())

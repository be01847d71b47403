"""Start the service from the environment: ``MODEL_PATH``, ``HOST``, ``PORT``, ``DRAIN_SECONDS``, ``RELOAD_SECONDS``, ``WAIT_FOR_MODEL``.

This is what the container runs: it needs only the serving dependencies.
"""

import sys

from ..errors import ProjectError
from . import environment
from .app import serve
from .http.limits import Limits


def main() -> int:
    """Serve until stopped; returns the exit code, 2 when the service could not start."""
    try:
        serve(
            environment.model_path(),
            environment.host(),
            environment.port("PORT", 8000),
            Limits(drain_seconds=environment.seconds("DRAIN_SECONDS", Limits().drain_seconds)),
            environment.reload_seconds(),
            wait=environment.is_on("WAIT_FOR_MODEL"),
        )
    except ProjectError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

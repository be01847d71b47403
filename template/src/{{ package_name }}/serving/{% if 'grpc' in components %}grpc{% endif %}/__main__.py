"""Start the gRPC server from the environment: ``MODEL_PATH``, ``HOST``, ``GRPC_PORT``, ``METRICS_PORT``, ``DRAIN_SECONDS``, ``RELOAD_SECONDS``.

This is what a container runs: it needs only the dependencies of serving and of gRPC.
"""

import asyncio
import logging
import sys

from ...errors import ProjectError
from .. import environment
from ..http.limits import Limits
from ..starting import service_of
from .running import serve


def main() -> int:
    """Serve until stopped; returns the exit code, 2 when the server could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        limits = Limits(drain_seconds=environment.seconds("DRAIN_SECONDS", Limits().drain_seconds))
        port, metrics_port = environment.port("GRPC_PORT", 8001), environment.port("METRICS_PORT", 0)
        service = service_of(environment.model_path(), environment.reload_seconds())
        asyncio.run(serve(service, environment.host(), port, metrics_port, limits))
    except ProjectError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

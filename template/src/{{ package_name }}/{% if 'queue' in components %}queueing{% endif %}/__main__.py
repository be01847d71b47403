"""Start a worker from the environment: ``MODEL_PATH``, ``RELOAD_SECONDS``, and configs/queue.yaml below the current folder.

This is what a container runs: it needs only the dependencies of serving and of the queue.
"""

import asyncio
import logging
import sys
from pathlib import Path

from ..errors import ProjectError
from ..serving import environment
from ..serving.starting import service_of
from .running import work
from .settings import load_queue

logger = logging.getLogger(__name__)


def main() -> int:
    """Work until stopped; returns the exit code, not 0 when the worker could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        _serve()
    except ProjectError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


def _serve() -> None:
    """Answer what is in the queue until stopped; raises `ProjectError`."""
    settings = load_queue(Path())
    service = service_of(environment.model_path(), environment.reload_seconds())
    model = service.models.current.model
    asyncio.run(
        work(
            settings,
            service,
            lambda: logger.info("%s %s answers %s.requests", model.name, model.version, settings.name),
        )
    )


if __name__ == "__main__":
    sys.exit(main())

"""Start a worker from the environment: ``MODEL_PATH``, and configs/queue.yaml below the current folder.

This is what a container runs: it needs only the dependencies of serving and of the queue.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

from ..errors import ProjectError
from ..serving.answering import Answering
from .running import work
from .settings import load_queue

logger = logging.getLogger(__name__)


def main() -> int:
    """Work until stopped; returns the exit code, not 0 when the worker could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        _serve(Path(os.environ.get("MODEL_PATH", "models/model.onnx")))
    except ProjectError as error:
        sys.stderr.write(f"Error: {error}\nNext:  {error.advice}\n")
        return error.exit_code
    return 0


def _serve(model: Path) -> None:
    """Answer what is in the queue with the model of a file until stopped; raises `ProjectError`."""
    settings = load_queue(Path())
    answering = Answering.load(model)
    name = f"{answering.model.name} {answering.model.version}"
    asyncio.run(work(settings, answering, lambda: logger.info("%s answers %s.requests", name, settings.name)))


if __name__ == "__main__":
    sys.exit(main())

"""How many threads the libraries take: as many as params.yaml says, whether they are loaded already or by the work itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Native libraries take at most so many threads in the block.

    OpenMP counts when it is loaded, so those that come in the block keep the number after it; each process is for one project.
    """
    from threadpoolctl import threadpool_limits

    os.environ["OMP_NUM_THREADS"] = str(threads)
    with threadpool_limits(limits=threads):
        yield

"""Threads: how many the libraries take, as params.yaml says, and work that goes on ahead of who uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Part = TypeVar("Part")


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Native libraries take at most so many threads in the block.

    OpenMP counts when it is loaded, so those that come in the block keep the number after it; each process is for one project.
    """
    from threadpoolctl import threadpool_limits

    os.environ["OMP_NUM_THREADS"] = str(threads)
    with threadpool_limits(limits=threads):
        yield


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ahead(parts: Iterator[Part]) -> Iterator[Part]:
    """The same parts, none of them None; while one is used the next is made in another thread, and no more than that one."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = thread.submit(next, parts, None)
            yield part
            del part

"""Trials on this machine: in this process, or in as many as there are cores for."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cloudpickle
import joblib

from ..models.bench import Bench
from ..threads import limited
from .base import Crew, Engine, Fit, Found, Hands

#: Polars has threads of its own, counted when it is imported.
POLARS = "POLARS_MAX_THREADS"


@contextmanager
def start(bench: Bench, crew: Crew) -> Iterator[Hands]:
    """Processes with so many threads each, if there is more than one."""
    if crew.workers == 1:
        yield Hands(lambda work, fits: [work(bench, fit) for fit in fits], 1)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        few_threads(crew.threads),
        joblib.parallel_config("loky", n_jobs=crew.workers, inner_max_num_threads=crew.threads),
    ):
        file = Path(folder) / "bench"
        file.write_bytes(cloudpickle.dumps(bench))

        def spread(work: Callable[[Bench, Fit], Found], fits: Sequence[Fit]) -> list[Found]:
            tasks = (joblib.delayed(apart)(work, str(file), fit, crew.threads) for fit in fits)
            return list(joblib.Parallel()(tasks))

        yield Hands(spread, crew.workers)


@contextmanager
def few_threads(threads: int) -> Iterator[None]:
    """Processes that are started in the block give Polars so many threads."""
    before = os.environ.get(POLARS)
    os.environ[POLARS] = str(threads)
    try:
        yield
    finally:
        if before is None:
            del os.environ[POLARS]
        else:
            os.environ[POLARS] = before


def apart(work: Callable[[Bench, Fit], Found], file: str, fit: Fit, threads: int) -> Found:
    """A fit in another process, which reads the bench once."""
    with limited(threads):
        return work(bench_of(file), fit)


@lru_cache(maxsize=1)
def bench_of(file: str) -> Bench:
    """The bench that the first process has written."""
    bench: Bench = cloudpickle.loads(Path(file).read_bytes())
    return bench


ENGINE = Engine("local", start)

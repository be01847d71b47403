"""What must come to an end: a bound of processor time, which neither a busy machine nor a measurement breaks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from coverage import Coverage

#: So many times longer at most does code take whose lines and branches are counted.
_COUNTED = 6


@contextlib.contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fail if what is done inside takes more processor time: a bound for what hangs, many times what it should take."""
    bound = seconds * (_COUNTED if Coverage.current() else 1)
    start = time.process_time()
    yield
    took = time.process_time() - start
    assert took < bound, f"{took:.1f} s of processor time, where {bound:.0f} s are far too many"

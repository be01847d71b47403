"""The limits under which a template is evaluated: processor time, memory, and how much its expressions yield.

What a template says is a program: a loop in a loop, or a number in a format, can take all that a machine has. Time is
counted in the main thread (where signals arrive), memory where the system can be told a limit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from ...errors import MachineError

__all__ = ["Budget", "LimitError"]

_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class _Limit:
    """One of the limits."""

    variable: str
    default: int
    #: What strikes, as the end of a sentence about the template, with the number in it.
    says: str


_SECONDS = _Limit(
    variable="MLSCAFFOLD_TEMPLATE_SECONDS", default=30, says="takes more than {} seconds of processor time"
)
_MEMORY = _Limit(variable="MLSCAFFOLD_TEMPLATE_MEMORY", default=1024, says="takes more than {} MiB of memory")
_OUTPUT = _Limit(variable="MLSCAFFOLD_TEMPLATE_OUTPUT", default=256, says="yields more than {} MiB of text")


class LimitError(BaseException):
    """A limit struck.

    No `Exception`: Copier turns whatever a validator raises into its message.
    """

    def __init__(self, limit: _Limit) -> None:
        self.problem = limit.says.format(_allowed(limit))
        self.hint = (
            f"If that is right, raise the limit: {limit.variable}={_allowed(limit) * 4}. Else tell the template's authors."
        )
        super().__init__(self.problem)


def _allowed(limit: _Limit) -> int:
    text = os.environ.get(limit.variable, "")
    if not text:
        return limit.default
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 1_000_000):
        raise MachineError(f"{limit.variable} is {text!r}: it must be a whole number from 1 to 1000000.")
    return int(text)


class Budget:
    """What the evaluation of one template may still take."""

    def __init__(self) -> None:
        self._seconds = float(_allowed(_SECONDS))
        self._output = _allowed(_OUTPUT) * _MIB
        self._active = False

    @contextlib.contextmanager
    def spent(self) -> Iterator[None]:
        """Evaluate within what is left.

        Raises:
            LimitError: Nothing is left.
        """
        if self._active:
            yield
            return
        self._active = True
        try:
            with _memory_limited(), self._timed():
                yield
        except MemoryError as error:
            struck = LimitError(_MEMORY)
            for note in getattr(error, "__notes__", ()):
                struck.add_note(note)
            raise struck.with_traceback(error.__traceback__) from None
        finally:
            self._active = False

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return

        def strike(_number: int, _frame: FrameType | None) -> None:
            raise LimitError(_SECONDS)

        before = signal.signal(signal.SIGVTALRM, strike)
        try:
            # Once more a little later, should the first one be raised where nothing gets out, as in a destructor.
            signal.setitimer(signal.ITIMER_VIRTUAL, max(self._seconds, 0.001), 0.5)
            try:
                yield
            finally:
                self._seconds = signal.setitimer(signal.ITIMER_VIRTUAL, 0)[0]
        finally:
            # It may strike at the very end, before the timer is stopped above.
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    def joined(self, parts: Iterable[str]) -> str:
        """What a template yields, as one text.

        Raises:
            LimitError: It is too much.
        """
        kept = []
        for part in parts:
            self._output -= len(part)
            if self._output < 0:
                raise LimitError(_OUTPUT)
            kept.append(part)
        return "".join(kept)

    @staticmethod
    def require_room(left: Any, operator: str, right: Any) -> None:
        """Look at an operation of the template whose result may be much larger than its operands.

        Raises:
            LimitError: It would be too large.
        """
        if operator == "**" and isinstance(left, int) and isinstance(right, int):
            size = abs(left).bit_length() * max(right, 0) // 8
        elif operator == "*" and isinstance(left, str | bytes | list | tuple) and isinstance(right, int):
            size = len(left) * right
        elif operator == "*" and isinstance(right, str | bytes | list | tuple) and isinstance(left, int):
            size = len(right) * left
        else:
            return
        if size > _allowed(_MEMORY) * _MIB:
            raise LimitError(_MEMORY)


@contextlib.contextmanager
def _memory_limited() -> Iterator[None]:
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):
        # Windows cannot be asked; macOS does not keep to such a limit.
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + _allowed(_MEMORY) * _MIB
    ceilings = [limit for limit in (before, most) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *ceilings]), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))

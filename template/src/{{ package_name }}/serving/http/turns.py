"""Work in turns: no round of the event loop is long, whatever a crowd sends at once, so a probe is answered between."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial


class Turns:
    """So much work a round; the rest waits for the next, first come, first served."""

    def __init__(self, per_round: int) -> None:
        self._per_round = self._left = per_round
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_counting = False

    def take(self, work: Callable[[], None]) -> None:
        """Do ``work`` now if the round has room for it, else in a later one."""
        if self._is_free():
            work()
        else:
            self._waiting.append(work)

    async def wait(self) -> None:
        """Return when there is room."""
        if not self._is_free():
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(partial(_end, turn))
            await turn

    def _is_free(self) -> bool:
        if not self._is_counting:
            self._is_counting = True
            asyncio.get_running_loop().call_soon(self._begin_round)
        if self._left == 0:
            return False
        self._left -= 1
        return True

    def _begin_round(self) -> None:
        was_used = self._left < self._per_round
        self._left = self._per_round
        while self._waiting and self._left:
            self._left -= 1
            self._waiting.popleft()()
        if was_used or self._waiting:
            asyncio.get_running_loop().call_soon(self._begin_round)
        else:
            self._is_counting = False


def _end(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)

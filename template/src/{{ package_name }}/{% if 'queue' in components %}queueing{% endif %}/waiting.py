"""A broker that is not there yet is waited for, and whoever looks on is told which one it is."""

from __future__ import annotations

import asyncio
import logging

from ..connections.environment import address_of, hidden
from ..predictor.origin import shown_address
from .messages import Queues
from .settings import Queue

#: Seconds until it is said that a broker is waited for, and until it is said again.
_FIRST, _AGAIN = 2.0, 30.0

logger = logging.getLogger(__name__)


async def opened(queues: Queues, settings: Queue) -> None:
    """Open the queues, however long it takes until their broker is there; raises what `Queues.open` does."""
    opening = asyncio.ensure_future(queues.open())
    pause = _FIRST
    try:
        while not (await asyncio.wait({opening}, timeout=pause))[0]:
            pause = _AGAIN
            reason = hidden(queues.trouble, [settings.url])
            logger.warning("Waiting for the broker %s%s", _named(settings), f": {reason}" if reason else "")
        opening.result()
    finally:
        opening.cancel()


def _named(settings: Queue) -> str:
    """Its address without what is secret in it."""
    return shown_address(address_of(settings.url))

"""A worker as a process: from the connection to the broker to the last answer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from ..connections.environment import hidden
from ..errors import DataError
from ..serving.service import Service
from .broker import queues_of
from .messages import Queues
from .settings import QUEUE, Queue
from .waiting import opened
from .worker import Worker


async def work(settings: Queue, service: Service, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; `ready` is called when the first can be answered.

    A broker that is not there is waited for.

    Raises:
        SettingsError: the address is none, or a variable in it is not set.
        DataError: the broker refuses.
    """
    stopped, begun = asyncio.Event(), asyncio.Event()

    def stop() -> None:
        if not begun.is_set():
            # Nothing is under way, and the libraries do not let go of a broker that they look for.
            os._exit(0)
        stopped.set()

    if sys.platform != "win32":  # there Ctrl-C ends it all the same
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
    queues = queues_of(settings)
    worker = Worker(service, queues, settings.attempts)
    service.open()
    try:
        await _begin(queues, worker, settings)
        begun.set()
        ready()
        await stopped.wait()
    finally:
        with suppress(Exception):
            await queues.close()
        service.close()


async def _begin(queues: Queues, worker: Worker, settings: Queue) -> None:
    """Reach the broker, and take what is asked from now on."""
    try:
        await opened(queues, settings)
        await queues.receive("requests", worker.take, settings.in_flight)
    except Exception as error:  # noqa: BLE001 - the libraries of the brokers share no base class
        said = hidden(str(error) or type(error).__name__, [settings.url])
        raise DataError(f"{settings.url}: {said}", f"See that the broker lets you in, and {QUEUE}.") from None

"""A worker as a process: from the connection to the broker to the last answer."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from ..connections.environment import hidden
from ..errors import DataError
from ..serving.answering import Answering
from ..serving.models import Models
from ..serving.service import Service
from .broker import queues_of
from .settings import QUEUE, Queue
from .worker import Worker

#: Seconds for which a broker that is not there yet is asked for at the start.
_STARTING = 60.0


async def work(settings: Queue, answering: Answering, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; `ready` is called when the first can be answered.

    Raises:
        SettingsError: the address is none, or a variable in it is not set.
        DataError: the broker cannot be reached, or refuses.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # there Ctrl-C ends it all the same
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
    queues, service = queues_of(settings), Service(Models(answering))
    worker = Worker(service, queues, settings.attempts)
    service.open()
    try:
        try:
            async with asyncio.timeout(_STARTING):
                await queues.open()
                await queues.receive("requests", worker.take, settings.in_flight)
        except Exception as error:  # noqa: BLE001 - the libraries of the brokers share no base class
            said = hidden(str(error) or type(error).__name__, [settings.url])
            raise DataError(
                f"{settings.url}: {said}", f"See that the broker is up and lets you in, and {QUEUE}."
            ) from None
        ready()
        await stopped.wait()
    finally:
        with suppress(Exception):
            await queues.close()
        service.close()

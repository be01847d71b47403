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
from .messages import Queues
from .settings import QUEUE, Queue
from .waiting import opened
from .worker import Worker


async def work(settings: Queue, answering: Answering, ready: Callable[[], None]) -> None:
    """Answer requests until SIGINT or SIGTERM; `ready` is called when the first can be answered.

    A broker that is not there is waited for.

    Raises:
        SettingsError: the address is none, or a variable in it is not set.
        DataError: the broker refuses.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # there Ctrl-C ends it all the same
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
    queues, service = queues_of(settings), Service(Models(answering))
    worker = Worker(service, queues, settings.attempts)
    service.open()
    beginning = asyncio.create_task(_begin(queues, worker, settings))
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({beginning, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if beginning.done():
            beginning.result()
            ready()
            await stopping
    finally:
        beginning.cancel()
        stopping.cancel()
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

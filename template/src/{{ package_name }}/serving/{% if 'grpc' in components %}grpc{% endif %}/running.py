"""The gRPC server as a process: from the first call to the last."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import grpc.aio
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from ...discovery import discover
from ...errors import SettingsError
from ..http.limits import Limits
from ..rest.routes import FOLDER, Guard
from ..service import Service
from .calls import MOST_CALLS, Calls

#: Calls under way in all, probes and those that are about to be refused included; grpcio refuses more.
_MOST_IN_ALL = 4 * MOST_CALLS
_OPTIONS_OF_CONNECTIONS = [
    # Two servers on one port would share its calls, and nobody would know.
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 100),
    # Whoever asks seldom connects again; whoever is gone without a word is found out.
    ("grpc.max_connection_idle_ms", 300_000),
    ("grpc.keepalive_time_ms", 60_000),
]
_METRICS_SECONDS = 5.0
# What a shell reports of a program that a signal has ended.
_ENDED_BY_SIGNAL = 128

logger = logging.getLogger(__name__)


class _InLoop(Collector):
    """Metrics for another thread: they are collected where they are counted."""

    def __init__(self, registry: CollectorRegistry, loop: asyncio.AbstractEventLoop) -> None:
        self._registry, self._loop = registry, loop

    def collect(self) -> Iterator[Metric]:
        async def collected() -> list[Metric]:
            return list(self._registry.collect())

        yield from asyncio.run_coroutine_threadsafe(collected(), self._loop).result(_METRICS_SECONDS)


async def serve(service: Service, host: str, port: int, metrics_port: int, limits: Limits) -> None:
    """Answer calls until SIGTERM or SIGINT; those under way are finished.

    Args:
        service: answers; its guards are those of the HTTP service.
        host: address to listen on.
        port: port to listen on.
        metrics_port: where Prometheus finds the metrics; 0 for nowhere.
        limits: what clients may take, and how long the end takes.

    Raises:
        SettingsError: nobody can listen there.
    """
    stopped: asyncio.Queue[float] = asyncio.Queue()
    _stop_by_signals(stopped, limits)
    service.guards += [guard.start(service) for guard in discover(FOLDER, Guard).values()]
    options = [*_OPTIONS_OF_CONNECTIONS, ("grpc.max_receive_message_length", limits.body_bytes)]
    server = grpc.aio.server(options=options, maximum_concurrent_rpcs=_MOST_IN_ALL)
    calls = Calls(service, limits)
    server.add_generic_rpc_handlers(calls.handlers())
    try:
        bound = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError:
        advice = "Stop the program that uses it, or choose another with --port."
        raise SettingsError(f"Cannot listen on {host}, port {port}.", advice) from None
    with _metrics(service, host, metrics_port):
        service.open()
        await server.start()
        model = service.models.current.model
        logger.info("Serving %s %s by gRPC on %s:%d (stop with Ctrl-C)", model.name, model.version, host, bound)
        drain = await stopped.get()
        service.leaving = True
        await asyncio.sleep(drain)
        calls.closing = True
        await asyncio.sleep(limits.settle_seconds)
        await server.stop(limits.grace_seconds)
        service.close()
    logger.info("Stopped")


def _stop_by_signals(stopped: asyncio.Queue[float], limits: Limits) -> None:
    """Begin to stop at the first signal, with the seconds until nobody new is let in; a second one ends the process."""

    def stop(number: int) -> None:
        if stopping:
            os._exit(_ENDED_BY_SIGNAL + number)
        stopping.append(number)
        # A person at a keyboard does not wait for load balancers.
        stopped.put_nowait(limits.drain_seconds if number == signal.SIGTERM else 0.0)

    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(RuntimeError):  # on Windows, where Ctrl-C ends it all the same
            asyncio.get_running_loop().add_signal_handler(number, stop, number)


@contextmanager
def _metrics(service: Service, host: str, port: int) -> Iterator[None]:
    """Metrics for Prometheus over HTTP, if a port is given; raises `SettingsError`."""
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(_InLoop(service.registry, asyncio.get_running_loop()))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise SettingsError(f"Cannot offer metrics on {host}, port {port}: {error}.", "Choose another port.") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

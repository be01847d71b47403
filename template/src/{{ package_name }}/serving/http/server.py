"""Listening on an address, and serving there until a signal says stop."""

import contextlib
import errno
import gc
import logging
import socket
from collections.abc import Callable

from starlette.types import ASGIApp

from ...errors import SettingsError
from .connections import Connections
from .lifecycle import Server

_FIRST_FREE_PORT = 1024
_LAST_PORT = 65535
_PLAIN_ADDRESS = "Try host 127.0.0.1, port 8000."

logger = logging.getLogger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Bind the address before anything starts; raises ``SettingsError`` that says what to do."""
    if not 0 <= port <= _LAST_PORT:
        raise SettingsError(f"There is no port {port}: the last is {_LAST_PORT}.", _PLAIN_ADDRESS)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"Cannot listen on {host!r}, port {port}: {error}.", _PLAIN_ADDRESS) from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _address_error(host, port, error) from None
    return listener


def run(
    app: ASGIApp, listener: socket.socket, name: str, connections: Connections, on_leave: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; ``on_leave`` is called at once, requests under way get some seconds to finish."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    logger.info("Serving %s on http://%s:%d (see /docs; stop with Ctrl-C)", name, shown, port)
    # What is there by now stays: to look through it again and again would hold up answers for tens of milliseconds.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt), listener:
        Server(app, connections, on_leave).serve_on(listener)
    logger.info("Stopped")


def _address_error(host: str, port: int, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        another = port + 1 if port < _LAST_PORT else _FIRST_FREE_PORT
        advice = f"Stop the program that uses it, or choose another port, for example {another}."
        return SettingsError(f"Port {port} on {host} is already in use.", advice)
    if error.errno == errno.EACCES:
        advice = f"Choose one from {_FIRST_FREE_PORT}, for example 8000."
        return SettingsError(f"Port {port} needs administrator rights.", advice)
    return SettingsError(f"Cannot listen on {host}, port {port}: {error}.", _PLAIN_ADDRESS)

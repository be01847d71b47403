"""What uvicorn sees of a connection's transport: it writes as always, but asks before it closes or reads on."""

import asyncio
from collections.abc import Callable
from typing import Any


class ClosingTransport(asyncio.Transport):
    """Passes on what is written, and leaves to the connection when it reads and how it ends."""

    def __init__(self, real: asyncio.Transport, leave: Callable[[], None], may_read: Callable[[], bool]) -> None:
        super().__init__()
        self._real = real
        self._leave = leave
        self._may_read = may_read
        self._is_closing = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known about the socket."""
        return self._real.get_extra_info(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, unless the other side has gone."""
        if not self._real.is_closing():
            self._real.write(data)

    def close(self) -> None:
        """Ask the connection to end."""
        self._leave()

    def is_closing(self) -> bool:
        """Say whether nothing more may be written."""
        return self._is_closing or self._real.is_closing()

    def pause_reading(self) -> None:
        """Let the client wait."""
        self._real.pause_reading()

    def resume_reading(self) -> None:
        """Read on, unless there is enough to do."""
        if self._may_read():
            self._real.resume_reading()

    def end(self, *, is_sending: bool) -> bool:
        """Send what is left, and close; says whether all has been sent.

        Closing while the client ``is_sending`` would reset the connection, and the client would never see the answer:
        so only our side is closed, and what still comes is read.
        """
        self._is_closing = True
        if is_sending and not self._real.is_closing():
            self._real.write_eof()
            self._real.resume_reading()
        else:
            self._real.close()
        return self._real.get_write_buffer_size() == 0

    def abort(self) -> None:
        """End at once, whatever has not been sent."""
        self._is_closing = True
        self._real.abort()

"""A service in a process of its own, with the model that is to be measured; and what such a process costs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..discovery import PACKAGE
from ..errors import DataError

_SECONDS = 60.0
_PROC = Path("/proc")


@contextmanager
def served(model: Path) -> Iterator[tuple[int, int]]:
    """The id of a process that serves a model as the image does, and its port; raises `DataError` if it ends at once.

    What it writes beside answers goes to a folder that is removed: what is measured is no traffic.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MODEL_PATH": str(model),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "PREDICTION_LOG_FOLDER": f"{folder}/predictions",
            "ROUTER_STATE": f"{folder}/router.json",
        }
        said = Path(folder) / "log"
        with said.open("wb") as log:
            command = [sys.executable, "-m", f"{PACKAGE}.serving"]
            environment = {**os.environ, **settings}
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
        try:
            _wait(process, port, said)
            yield process.pid, port
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            last = said.read_text(encoding="utf-8", errors="replace").strip()[-1000:]
            raise DataError(f"The service does not start:\n{last}", "Mend that, and measure again.")
        time.sleep(0.005)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def computed(pid: int) -> float | None:
    """The seconds that a process has computed; None where the system does not say it."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int | None:
    """The bytes of memory that a process has; None where the system does not say it."""
    try:
        pages = int((_PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

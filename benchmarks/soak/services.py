"""Two services that share a model file and a prediction log, as behind a balancer."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Server:
    """A service on its port; `process` is another one after each start."""

    port: int
    command: list[str]
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Begin, or begin anew."""
        settings = {"MODEL_PATH": "model.onnx", "PORT": str(self.port), "DRAIN_SECONDS": "2", "RELOAD_SECONDS": "0.5"}
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env={**os.environ, **settings}, stdout=log, stderr=log
            )

    async def until_ready(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + 120
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if b" 200 OK" in answer:
                    return
            if time.monotonic() > until:
                raise TimeoutError("A service does not start.")
            await asyncio.sleep(0.1)

    def memory(self) -> float:
        """Mebibytes in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024

    def files(self) -> int:
        """Files, connections included, that are open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())


def free_ports() -> list[int]:
    """Two ports that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return [int(each.getsockname()[1]) for each in (one, other)]

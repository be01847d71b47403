"""Servers in processes of their own, and load on them by wrk; each number with its meaning."""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server, how it is started and what it is asked.

    Args:
        command: the port is the word `{port}` in it.
        body: of each request, as JSON.
        settings: of its environment, with `{port}` as well.
    """

    name: str
    command: Sequence[str]
    path: str
    body: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server at work; `seconds` passed from its start to its first answer."""

    server: Server
    pid: int
    port: int
    seconds: float

    @property
    def url(self) -> str:
        """What is asked."""
        return f"http://127.0.0.1:{self.port}{self.server.path}"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One window of load.

    Args:
        rate: requests a second.
        median: of the seconds that a request took.
        tail: 99 % took no longer.
        cpu: seconds that the server and its children computed for a request.
        failed: answers with another status than 2xx.
    """

    rate: float
    median: float
    tail: float
    cpu: float
    failed: int


def middle(windows: Sequence[Measured], name: str) -> float:
    """The median of a number over the rounds."""
    return float(statistics.median(getattr(each, name) for each in windows))


def request(server: Server, port: int) -> bytes:
    """A request as bytes."""
    body = server.body.encode()
    head = f"POST {server.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def status_of(server: Server, port: int) -> int:
    """The status of one answer; 0 for none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(request(server, port))
            return int(client.recv(65536)[9:12] or 0)
    except OSError:
        return 0


@contextmanager
def serving(server: Server, scratch: Path) -> Iterator[Running]:
    """A server that has answered once."""
    port = free_port()
    command = [word.format(port=port) if "{port}" in word else word for word in server.command]
    settings = {name: value.replace("{port}", str(port)) for name, value in server.settings.items()}
    began = time.monotonic()
    said = scratch / f"{server.name.replace(' ', '-')}.log"
    with said.open("ab") as log:
        process = subprocess.Popen(
            command, cwd=server.folder, env={**os.environ, **settings}, stdout=log, stderr=log, start_new_session=True
        )
    try:
        while (status := status_of(server, port)) != 200:
            if process.poll() is not None or time.monotonic() > began + 180:
                sys.exit(f"{server.name} does not start, or answers {status}:\n{said.read_text()[-2000:]}")
            time.sleep(0.01)
        yield Running(server=server, pid=process.pid, port=port, seconds=time.monotonic() - began)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        found += tree(int(child))
    return found


def computed(pid: int) -> float:
    """The seconds that a process and its children have computed."""
    ticks = 0
    for each in tree(pid):
        stat = Path(f"/proc/{each}/stat").read_text(encoding="ascii", errors="replace")
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """The mebibytes of memory that a process and its children have."""
    pages = sum(int(Path(f"/proc/{each}/statm").read_text(encoding="ascii").split()[1]) for each in tree(pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def load(running: Running, script: Path, connections: int, seconds: float) -> Measured:
    """Ask for some seconds, each connection again as soon as it is answered."""
    head = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==['
    script.write_text(f"{head}{running.server.body}]==]\n", encoding="utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "--latency", "-s", str(script)]
    before = computed(running.pid)
    said = subprocess.run([*command, running.url], capture_output=True, text=True, check=True).stdout
    spent = computed(running.pid) - before
    requests = max(1, int(re.findall(r"(\d+) requests in", said)[0]))
    percentiles = {name: in_seconds(*found) for name, *found in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)\b", said)}
    failed = re.findall(r"Non-2xx or 3xx responses: (\d+)", said)
    return Measured(
        rate=float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]),
        median=percentiles["50"],
        tail=percentiles["99"],
        cpu=spent / requests,
        failed=int(failed[0]) if failed else 0,
    )


def in_seconds(number: str, unit: str) -> float:
    """A time as wrk writes it."""
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[unit]

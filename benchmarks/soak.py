"""Minutes of mixed traffic against real services, while all that can go wrong does: `nox -s soak -- --minutes 3`.

Two services share a model file and a prediction log, as behind a balancer. One of them is killed (-9) and restarted
(SIGTERM) again and again; the other lives through all of it. Meanwhile models are replaced, by garbage too, files of
the log are moved away, and slow and hostile clients come.

At the end it fails unless
- each request had the answer that it should have, but for those under way at a service when it was killed,
- the service that lived needs no more memory than before, and no more files,
- each answered row is in the prediction log, but for the last moment of a killed service, or counted as dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = 16
#: Between two things that go wrong.
PAUSE_SECONDS = 3.0
#: A killed service takes along what it has not yet written: a quarter of a second, on a machine that has time.
UNWRITTEN_SECONDS = 3.0
#: By how much the memory of the last quarter may be above that of the second, and how many more files may be open.
MOST_GROWTH, MOST_FILES = 16.0, 4
PACKAGE = "soaked"
WRITE = """
import sys; from pathlib import Path
sys.path.insert(0, "tests")
from shells import ROW, write_example_model
import json
for number in range(6):
    write_example_model(Path(sys.argv[1]) / f"{number}.onnx", version=f"{number}.0")
print(json.dumps(ROW))
"""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request, and the status that its answer has to have."""

    head: str
    body: bytes
    status: int
    rows: int = 0

    def encoded(self, request_id: str) -> bytes:
        """As it is sent."""
        length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        return f"{self.head}\r\nHost: x\r\nX-Request-Id: {request_id}\r\n{length}\r\n".encode() + self.body


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answered request: by which process, when, and how many rows it had."""

    process: int
    moment: float
    rows: int


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


@dataclass
class Soak:
    """What happens, and what is found."""

    steady: Server
    mortal: Server
    models: list[bytes]
    asks: list[Ask]
    minutes: float
    over: float = math.inf
    files_before: int = 0
    killed: dict[int, float] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    given: dict[str, Given] = field(default_factory=dict)
    lost: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    slow: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing new is to begin."""
        return time.monotonic() >= self.over

    async def client(self, number: int) -> None:
        """Ask one service, then the other, some requests on a connection, for as long as it lasts."""
        chosen = random.Random(number)  # noqa: S311 - the same requests each time
        names = (f"{number}-{count}" for count in itertools.count())
        for server in itertools.cycle((self.steady, self.mortal)):
            if self.is_over:
                return
            process = server.process.pid
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                await asyncio.sleep(0.01)
                continue  # nobody listens, and it knows: a balancer goes to the next
            try:
                while chosen.random() > 0.01 and not self.is_over:
                    if not await self.ask(chosen.choice(self.asks), next(names), process, reader, writer):
                        break
            finally:
                writer.close()

    async def ask(
        self, ask: Ask, name: str, process: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Ask, and note what came of it; whether the connection goes on."""
        began = time.monotonic()
        try:
            writer.write(ask.encoded(name))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            if process in self.killed:
                self.lost.append(process)
            else:
                self.failures.append(f"{ask.head.partition(' HTTP')[0]}: {error!r}")
            return False
        now = time.monotonic()
        status = int(head[9:12])
        self.seconds.append(now - began)
        self.statuses[status] += 1
        if status != ask.status:
            self.failures.append(f"{ask.head.partition(' HTTP')[0]}: {status} instead of {ask.status}")
        elif ask.rows:
            self.given[name] = Given(process=process, moment=now, rows=ask.rows)
        return b"connection: close" not in head

    async def chaos(self) -> None:
        """One thing after the other goes wrong."""
        versions = itertools.cycle(self.models)
        misfortunes: list[Callable[[], Awaitable[None]]] = [
            lambda: self.publish(next(versions)),
            self.crowd,
            lambda: self.publish(os.urandom(5000), then=next(versions)),
            self.kill,
            self.move_files_of_log,
            lambda: self.publish(b"", then=next(versions)),
            self.restart,
        ]
        for misfortune in itertools.cycle(misfortunes):
            await asyncio.sleep(min(PAUSE_SECONDS, max(0.0, self.over - time.monotonic())))
            if self.is_over:
                return
            await misfortune()

    async def publish(self, content: bytes, then: bytes | None = None) -> None:
        """Another model, or garbage, which a good one replaces before anybody starts with it."""
        place = self.steady.folder / "model.onnx"
        if then is None:
            self.happened["models replaced"] += 1
            (place.parent / "next").write_bytes(content)
            (place.parent / "next").replace(place)
            return
        self.happened["models replaced by garbage"] += 1
        place.write_bytes(content)
        await asyncio.sleep(PAUSE_SECONDS)
        await self.publish(then)

    async def kill(self) -> None:
        """A service dies in the middle of its work."""
        self.happened["kill -9"] += 1
        self.killed[self.mortal.process.pid] = time.monotonic()
        self.mortal.process.kill()

    async def restart(self) -> None:
        """A service is asked to end."""
        await self.mortal.until_ready()
        self.happened["SIGTERM"] += 1
        process = self.mortal.process
        process.terminate()
        if code := await asyncio.to_thread(process.wait, 60):
            self.failures.append(f"SIGTERM ended a service with {code}")

    async def supervise(self) -> None:
        """Start the service that has ended again; one that finds garbage in the place of its model ends, too."""
        while True:
            await asyncio.sleep(0.1)
            if self.mortal.process.poll() is not None:
                self.mortal.start()

    async def crowd(self) -> None:
        """Clients that send the half of a head or of a body, or read nothing, until they are sent away."""
        self.happened["crowds of slow clients"] += 1
        half = [b"GET / HTTP/1.1\r\nHost:", b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{", b""]
        never_read = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100

        async def slow(port: int, sent: bytes) -> None:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
                try:
                    writer.write(sent)
                    await (asyncio.sleep(15) if sent == never_read else reader.read())
                finally:
                    writer.transport.abort()

        ports = (self.steady.port, self.mortal.port)
        self.slow += [asyncio.create_task(slow(port, sent)) for port in ports for sent in [*half, never_read] * 10]

    async def move_files_of_log(self) -> None:
        """As whoever collects them does, under the hands of who writes them."""
        self.happened["files of the log moved"] += 1
        collected = self.steady.folder / "collected"
        collected.mkdir(exist_ok=True)
        for path in (self.steady.folder / "logs").glob("*.jsonl"):
            path.rename(collected / path.name)

    async def watch(self) -> None:
        """The memory of the service that lives."""
        while not self.is_over:
            self.memory.append(self.steady.memory())
            await asyncio.sleep(0.5)

    async def run(self) -> None:
        """All of it at once."""
        for server in (self.steady, self.mortal):
            server.start()
            await server.until_ready()
        self.files_before = self.steady.files()
        self.over = time.monotonic() + 60 * self.minutes
        supervisor = asyncio.create_task(self.supervise())
        await asyncio.gather(*(self.client(number) for number in range(CLIENTS)), self.chaos(), self.watch())
        for task in self.slow:
            task.cancel()
        await asyncio.gather(*self.slow, return_exceptions=True)
        await self.mortal.until_ready()
        supervisor.cancel()


def records(folder: Path) -> tuple[Counter[str], int]:
    """How many rows of each request are in the log, and how many lines are none."""
    found: Counter[str] = Counter()
    torn = 0
    for path in (*folder.glob("logs/*.jsonl"), *folder.glob("collected/*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                found[json.loads(line)["request_id"]] += 1
            except ValueError:
                torn += 1
    return found, torn


def dropped(port: int) -> int:
    """Records that a service says it has dropped."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    return int(float(re.findall(r'prediction_log_records_total\{outcome="dropped"\} (\S+)', told)[0]))


def verdicts(soak: Soak) -> Iterator[tuple[str, bool]]:
    """What was found, and whether it is as it has to be; ends the services."""
    quarter = len(soak.memory) // 4
    grown = statistics.median(soak.memory[3 * quarter :]) - statistics.median(soak.memory[quarter : 2 * quarter])
    time.sleep(2)
    more = soak.steady.files() - soak.files_before
    lost_records = sum(dropped(server.port) for server in (soak.steady, soak.mortal))
    for server in (soak.steady, soak.mortal):
        server.process.terminate()
        server.process.wait(60)
    found, torn = records(soak.steady.folder)
    absent = {name: given for name, given in soak.given.items() if found[name] < given.rows}
    late = sum(
        given.process in soak.killed and given.moment > soak.killed[given.process] - UNWRITTEN_SECONDS
        for given in absent.values()
    )
    missing = sum(given.rows - found[name] for name, given in absent.items())
    log = (soak.steady.folder / "service.log").read_text(encoding="utf-8")
    took = statistics.quantiles(soak.seconds, n=1000)
    yield f"{sum(soak.statuses.values()):,} answers {dict(sorted(soak.statuses.items()))}", bool(soak.statuses[200])
    yield f"50 % in {1000 * took[499]:.1f} ms, 99 % in {1000 * took[989]:.1f} ms", True
    yield f"{dict(soak.happened)}", len(soak.happened) > 0
    yield f"{len(soak.failures)} failures {Counter(soak.failures).most_common(5)}", not soak.failures
    most = len(soak.killed) * CLIENTS
    yield f"{len(soak.lost)} requests under way at {len(soak.killed)} kills, at most {most}", len(soak.lost) <= most
    eighths = [statistics.median(soak.memory[each * quarter // 2 :][: quarter // 2]) for each in range(8)]
    yield f"memory {soak.memory[0]:.0f}, by eighths {' '.join(f'{each:.0f}' for each in eighths)} MiB", True
    yield f"growth of the memory {grown:+.1f} MiB, at most {MOST_GROWTH:.0f}", grown <= MOST_GROWTH
    yield f"{more:+d} open files, at most {MOST_FILES}", more <= MOST_FILES
    yield f"{sum(found.values()):,} rows in the log, {torn} torn lines, at most one a kill", torn <= len(soak.killed)
    said = f"{missing} rows not in the log, {lost_records} dropped and counted"
    yield f"{said}, {late} requests of the last moments of a killed service", len(absent) <= late + lost_records
    yield "no traceback in the log of the services", "Traceback" not in log


def asks_of(row: dict[str, object]) -> list[Ask]:
    """What is asked, each as often as it stands here."""
    post = "POST /predict HTTP/1.1\r\nContent-Type: application/json"

    def predict(rows: list[object], status: int = 200) -> Ask:
        body = json.dumps({"instances": rows}).encode()
        return Ask(head=post, body=body, status=status, rows=len(rows) if status == 200 else 0)

    return [
        *[predict([row])] * 40,
        *[predict([row] * 20)] * 4,
        predict([row] * 500),
        *[Ask(head=f"GET {path} HTTP/1.1", body=b"", status=200) for path in ("/health/live", "/metrics")],
        Ask(head="GET /openapi.json HTTP/1.1", body=b"", status=200),
        *[predict([{**row, "age": wrong}], 422) for wrong in (float("nan"), float("inf"), 10**400, "old", None)],
        predict([], 422),
        predict([{}] * 100_000, 422),
        Ask(head=post, body=b"[" * 1_000_000, status=422),
        Ask(head=post, body=b" " * (1024 * 1024 + 1), status=413),
        Ask(head="POST /predict HTTP/1.1\r\nContent-Type: text/csv", body=b"a,b", status=415),
        Ask(head="GET /nothing HTTP/1.1", body=b"", status=404),
    ]


def made(folder: Path) -> tuple[str, Path]:
    """A project, and the Python of an environment that runs it."""
    root, python = folder / "project", folder / "venv" / "bin" / "python"
    new: list[str | Path] = [
        sys.executable,
        "-m",
        "mlscaffold",
        "new",
        root,
        "--template",
        ".",
        "--trust",
        "--defaults",
    ]
    answers = ["preset=workshop", "also=[prediction_log]", f"package_name={PACKAGE}"]
    uv = Path(sys.executable).with_name("uv")
    commands: list[list[str | Path]] = [
        [*new, *(word for answer in answers for word in ("--set", answer))],
        [uv, "venv", "-q", "--python", sys.executable, python.parents[1]],
        [uv, "pip", "install", "-q", "--python", python, "-r", root / "requirements" / "dev.txt"],
        [uv, "pip", "install", "-q", "--python", python, "--no-deps", "-e", root],
    ]
    for command in commands:
        without_downloads = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=without_downloads)
    return str(python), root


def free_ports() -> list[int]:
    """Two ports that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return [int(each.getsockname()[1]) for each in (one, other)]


def main() -> int:
    """Prepare, run, print what was found, and fail if any of it is not as it has to be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        python, root = made(Path(name))
        place = Path(name) / "served"
        (place / "configs").mkdir(parents=True)
        log = "format: 1\nfolder: logs\nfile_mebibytes: 1\n"
        (place / "configs" / "prediction_log.yaml").write_text(log, encoding="utf-8")
        written = subprocess.run(
            [python, "-c", WRITE, str(Path(name) / "models")], cwd=root, check=True, capture_output=True, text=True
        )
        models = [path.read_bytes() for path in sorted((Path(name) / "models").glob("*.onnx"))]
        (place / "model.onnx").write_bytes(models[-1])
        steady, mortal = (Server(port, [python, "-m", f"{PACKAGE}.serving"], place) for port in free_ports())
        soak = Soak(steady, mortal, models, asks_of(json.loads(written.stdout)), options.minutes)
        try:
            asyncio.run(soak.run())
            found = list(verdicts(soak))
        finally:
            for server in (steady, mortal):
                with suppress(AttributeError, ProcessLookupError):
                    server.process.send_signal(signal.SIGKILL)
        for said, is_well in found:
            print(f"{'ok    ' if is_well else 'FAILED'} {said}")
        return 0 if all(is_well for _, is_well in found) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The service of a generated project beside the limit and beside its peers, in one run; a table of goals and numbers.

    python benchmarks/serving.py --project FOLDER --python PYTHON [--peers PYTHON] [--into docs/performance.md]

FOLDER is a project whose pipeline has run; PYTHON has it installed; PEERS has `benchmarks/peers/requirements.txt`;
`wrk` is on PATH. `nox -s bench_serving` makes all of that. Servers are measured in turns, whose order changes with each
round, and the medians of the rounds are compared: ratios hold on every machine, times do not. The limit is a bare ASGI
loop around the same file (`asgi_limit.py`), without checks, metrics and log; the service has all three on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from load import Measured, Running, Server, load, middle, request, resident, serving

HERE = Path(__file__).resolve().parent
MANY = 64
#: How many times as many requests a second as a peer.
PEERS = {"mlflow models serve": 300, "BentoML": 25, "LitServe": 15, "FastAPI": 3}
BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"
_DESCRIBE = """
import json, sys
from pathlib import Path
from importlib import import_module
loaded = import_module(sys.argv[1] + ".predictor.predictor").Predictor.load(Path(sys.argv[2]))
layout = import_module(sys.argv[1] + ".predictor.encoding").layout_of(loaded.contract)
columns = {name: getattr(layout, name) for name in ("numbers", "categories", "texts") if getattr(layout, name)}
output = "probabilities" if loaded.contract.labels else "prediction"
print(json.dumps({"columns": columns, "output": output, "body": json.dumps({"instances": [loaded.about.example]})}))
"""
_OPEN_LOOP = """
import asyncio, json, sys
from importlib import import_module
client, target = (import_module(f"{sys.argv[1]}.benchmark.{name}") for name in ("client", "target"))
to = target.target_of(sys.argv[2])
asked = client.request_of(to, sys.stdin.buffer.read())
window = asyncio.run(client.open_loop(to, asked, float(sys.argv[3]), float(sys.argv[4])))
times = sorted(window.times)
print(json.dumps({"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100], "failed": window.failed}))
"""
_ALONE = """
import asyncio, statistics, sys, time
from importlib import import_module
from pathlib import Path
serving = sys.argv[1] + ".serving"
answering = import_module(serving + ".answering").Answering.load(Path(sys.argv[2]))
batches = import_module(serving + ".batching").Batches(answering, lambda _: None, lambda *_: None, 512)
form, body = import_module(serving + ".rest.predict").PredictForm(), sys.stdin.buffer.read()
async def run():
    loop, alone, batched = asyncio.get_running_loop(), [], []
    for _ in range(3000):
        begin = time.perf_counter()
        answering.answer(body)
        alone.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        reply = loop.create_future()
        batches.submit(form, body, "id", reply)
        await reply
        batched.append(time.perf_counter() - begin)
    print(statistics.median(batched) - statistics.median(alone))
asyncio.run(run())
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table; `met` is None where nothing is asked."""

    what: str
    goal: str
    measured: str
    met: bool | None


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is measured, and with what."""

    project: Path
    python: str
    package: str
    peers: str | None
    rounds: int
    seconds: float
    minute: float
    rows: int
    scratch: Path
    described: Mapping[str, object]

    @property
    def model(self) -> Path:
        """The exported graph."""
        return self.project / "models" / "model.onnx"

    @property
    def graph(self) -> dict[str, str]:
        """What the limit and the peers are told of it."""
        columns = self.scratch / "columns.json"
        columns.write_text(json.dumps(self.described["columns"]), encoding="utf-8")
        return {"MODEL": str(self.model), "COLUMNS": str(columns), "OUTPUT": str(self.described["output"])}

    @property
    def body(self) -> str:
        """The request that all but MLflow are sent."""
        return str(self.described["body"])

    def servers(self) -> Iterator[Server]:
        """The limit, the service, and those peers that are installed."""
        limit = (self.python, "-m", "uvicorn", "asgi_limit:app", "--port", "{port}", "--log-level", "warning")
        settings = {**self.graph, "PYTHONPATH": str(HERE)}
        alike: Any = {"body": self.body, "folder": self.scratch}
        yield Server(name="limit", command=(*limit, "--no-access-log"), path="/", settings=settings, **alike)
        own = {"MODEL_PATH": str(self.model), "PORT": "{port}", "PREDICTION_LOG_FOLDER": str(self.scratch / "log")}
        yield Server(
            name="service",
            command=(self.python, "-m", f"{self.package}.serving"),
            path="/predict",
            settings=own,
            **alike,
        )
        logged = self.scratch / "mlflow"
        subprocess.run(
            [self.python, str(HERE / "peers" / "mlflow_model.py"), self.package, str(logged)],
            cwd=self.project,
            check=True,
        )
        yield self._of_mlflow("mlflow models serve", logged)
        registered = sorted(self.project.glob("mlruns/*/artifacts/model"), key=lambda path: path.stat().st_mtime)
        if registered:
            yield self._of_mlflow("mlflow models serve, of what `register` logs", registered[-1])
        if self.peers is None:
            return
        settings = {**self.graph, "PYTHONPATH": str(HERE / "peers"), "BENTOML_DO_NOT_TRACK": "True"}
        bento = (
            self.peers,
            "-m",
            "bentoml",
            "serve",
            "bento_service:Service",
            "--port",
            "{port}",
            "--host",
            "127.0.0.1",
        )
        fastapi = (self.peers, "-m", "uvicorn", "fastapi_app:app", "--port", "{port}", "--log-level", "warning")
        lit = (self.peers, str(HERE / "peers" / "litserve_server.py"), "{port}")
        for name, command, path in (
            ("BentoML", bento, "/predict"),
            ("LitServe", lit, "/predict"),
            ("FastAPI", (*fastapi, "--no-access-log"), "/predict"),
        ):
            yield Server(name=name, command=command, path=path, settings=settings, **alike)

    def _of_mlflow(self, name: str, model: Path) -> Server:
        command = (self.python, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", "{port}", "-h", "127.0.0.1")
        return Server(
            name=name,
            command=(*command, "--env-manager", "local"),
            path="/invocations",
            body=json.dumps(json.loads((model / "serving_input_example.json").read_text(encoding="utf-8"))),
            folder=self.project,
            settings={"PATH": f"{Path(self.python).parent}{os.pathsep}{os.environ['PATH']}"},
        )

    def run(self, script: str, *arguments: str) -> str:
        """What a script of the project's Python prints; the request is its input."""
        command = [self.python, "-c", script, self.package, *arguments]
        return subprocess.run(command, input=self.body, capture_output=True, text=True, check=True).stdout


def in_turns(bench: Bench, running: Sequence[Running]) -> dict[str, dict[int, list[Measured]]]:
    """Windows of each server by its name and the number of connections, a window a round."""
    found: dict[str, dict[int, list[Measured]]] = {each.server.name: {} for each in running}
    script = bench.scratch / "post.lua"
    for each in running:
        load(each, script, 8, 1)
    for number in range(bench.rounds):
        for connections in (1, MANY):
            for each in running[:: -1 if number % 2 else 1]:
                window = load(each, script, connections, bench.seconds)
                found[each.server.name].setdefault(connections, []).append(window)
    return found


def told(found: Mapping[str, Mapping[int, Sequence[Measured]]]) -> Iterator[str]:
    """All windows as a table."""
    yield "| server | connections | requests/s | p50 ms | p99 ms | CPU µs | failed |"
    yield "|---|---|---|---|---|---|---|"
    for name, windows in found.items():
        for connections, each in windows.items():
            times = " | ".join(f"{middle(each, which) * 1e3:.2f}" for which in ("median", "tail"))
            cost, failed = middle(each, "cpu") * 1e6, sum(one.failed for one in each)
            yield f"| {name} | {connections} | {middle(each, 'rate'):,.0f} | {times} | {cost:.0f} | {failed} |"


def beside(found: Mapping[str, Mapping[int, Sequence[Measured]]]) -> Iterator[Row]:
    """The service, the limit and the peers."""

    def ratio(name: str, connections: int, other: str) -> float:
        ours, others = found["service"][connections], found[other][connections]
        quotient: float = middle(ours, name) / middle(others, name)
        return quotient

    rate, tail, median = ratio("rate", MANY, "limit"), ratio("tail", MANY, "limit"), ratio("median", 1, "limit")
    yield Row(
        what="requests/s at 64 connections, of the limit's", goal="≥ 0.7 ×", measured=f"{rate:.2f} ×", met=rate >= 0.7
    )
    yield Row(what="p99 at 64 connections, of the limit's", goal="≤ 2 ×", measured=f"{tail:.2f} ×", met=tail <= 2)
    yield Row(
        what="p50 at one connection, of the limit's", goal="≤ 1.5 ×", measured=f"{median:.2f} ×", met=median <= 1.5
    )
    for name, least in PEERS.items():
        if name in found:
            many = ratio("rate", MANY, name)
            yield Row(
                what=f"requests/s at 64 connections, of {name}",
                goal=f"≥ {least} ×",
                measured=f"{many:.0f} ×",
                met=many >= least,
            )
    failed = sum(window.failed for windows in found["service"].values() for window in windows)
    yield Row(what="requests that failed", goal="0", measured=str(failed), met=not failed)


def open_loops(bench: Bench, service: Running, saturation: float) -> Iterator[Row]:
    """Requests that come by themselves: at half of what saturates, and 1,000 a second."""
    half = [
        json.loads(bench.run(_OPEN_LOOP, service.url, str(saturation / 2), str(bench.seconds)))
        for _ in range(bench.rounds)
    ]
    ratio = statistics.median(each["p99"] / each["p50"] for each in half)
    yield Row(
        what=f"p99 at {saturation / 2:,.0f} requests/s, half of saturation, of its p50", goal="≤ 3 ×",
        measured=f"{ratio:.1f} ×", met=ratio <= 3,
    )  # fmt: skip
    steady = json.loads(bench.run(_OPEN_LOOP, service.url, "1000", str(bench.minute)))
    answered = f"{steady['failed']} not" if steady["failed"] else "all"
    yield Row(
        what=f"1,000 requests/s for {bench.minute:g} s, open loop: answered, p99", goal="all, ≤ 5 ms",
        measured=f"{answered}, {steady['p99'] * 1e3:.1f} ms",
        met=not steady["failed"] and steady["p99"] <= 0.005,
    )  # fmt: skip


def when_full(service: Running) -> Row:
    """What a crowd is told that comes at once: the process is held while all of them ask."""
    callers = [socket.create_connection(("127.0.0.1", service.port), timeout=60) for _ in range(700)]
    time.sleep(0.5)
    os.kill(service.pid, signal.SIGSTOP)
    for caller in callers:
        caller.sendall(request(service.server, service.port))
    os.kill(service.pid, signal.SIGCONT)
    answers = [caller.recv(65536) for caller in callers]
    for caller in callers:
        caller.close()
    refused = [answer for answer in answers if answer[9:12] == b"503"]
    fine = sum(answer[9:12] == b"200" for answer in answers) + len(refused) == len(callers) and refused
    kind = all(b"\r\nretry-after:" in answer.lower() for answer in refused)
    measured = (
        f"{len(refused)} of {len(callers)} that ask at once are told 503{', all with Retry-After' if kind else ''}"
    )
    return Row(what="a full queue", goal="503 with Retry-After", measured=measured, met=bool(fine and kind))


def alone(bench: Bench) -> Row:
    """What batches cost who asks alone."""
    cost = statistics.median(float(bench.run(_ALONE, str(bench.model))) for _ in range(bench.rounds)) * 1e3
    return Row(what="batching, for a lone caller", goal="≤ 0.2 ms", measured=f"{cost:.3f} ms", met=cost <= 0.2)


def batch(bench: Bench) -> Iterator[Row]:
    """`predict` of files beside a bare loop over the same files."""
    scripts = {
        "predict": (
            bench.python,
            "-m",
            f"{bench.package}.run",
            "predict",
            "--model",
            str(bench.model),
            "--input",
            "{}",
            "--output",
        ),
        "bare": (bench.python, str(HERE / "peers" / "batch.py"), "{}"),
    }
    peaks: dict[int, float] = {}
    sizes = [10**power for power in range(5, 8) if 10**power <= bench.rows]
    for rows in sizes:
        table = bench.scratch / f"rows{rows}.parquet"
        subprocess.run([bench.python, "-c", _REPEATED, str(bench.project), str(table), str(rows)], check=True)
        seconds: dict[str, list[float]] = {name: [] for name in scripts}
        # Large ones are long enough to be measured once.
        for number in range(bench.rounds if rows < 10**7 else 1):
            for name in list(scripts)[:: -1 if number % 2 else 1]:
                command = [word.format(table) for word in (*scripts[name], str(bench.scratch / "out.parquet"))]
                took, peak = _finished(command, bench)
                seconds[name].append(took)
                if name == "predict":
                    peaks[rows] = max(peak, peaks.get(rows, 0))
        if rows >= 10**6:
            ratio = statistics.median(seconds["bare"]) / statistics.median(seconds["predict"])
            speed = rows / statistics.median(seconds["predict"])
            yield Row(
                what=f"`predict` of {rows:,} rows, of a bare loop's rows/s", goal="≥ 0.9 ×",
                measured=f"{ratio:.2f} × ({speed:,.0f} rows/s)", met=ratio >= 0.9,
            )  # fmt: skip
        table.unlink()
    grown = peaks[sizes[-1]] / peaks[sizes[0]]
    measured = ", ".join(f"{peak:.0f} MiB at {rows:,}" for rows, peak in peaks.items())
    yield Row(what="memory of `predict`, by rows", goal="flat (≤ 1.5 ×)", measured=measured, met=grown <= 1.5)


_REPEATED = """
import sys
import pyarrow as pa, pyarrow.parquet as pq
few, rows = pq.read_table(sys.argv[1] + "/data/processed/holdout.parquet"), int(sys.argv[3])
with pq.ParquetWriter(sys.argv[2], few.schema) as writer:
    block = pa.concat_tables([few] * (100_000 // len(few) + 1))[:100_000].combine_chunks()
    for _ in range(rows // 100_000):
        writer.write_table(block)
"""


def _finished(command: Sequence[str], bench: Bench) -> tuple[float, float]:
    """The seconds that a command took, and the most memory that it had, in MiB."""
    began = time.monotonic()
    process = subprocess.Popen(command, cwd=bench.scratch, env={**os.environ, **bench.graph}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.monotonic() - began, usage.ru_maxrss / 1024


def machine() -> str:
    """What it was measured on, and how busy that was."""
    processor = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8")) or [
        platform.machine()
    ]
    cores = os.cpu_count() or 0
    busy = os.getloadavg()[0]
    note = " It was busy with other work: times are too long, and ratios less sure." if busy > cores / 2 else ""
    return f"{processor[0]}, {cores} cores, Python {platform.python_version()}; load before: {busy:.1f}.{note}"


def report(where: str, rows: Sequence[Row], windows: Sequence[str]) -> str:
    """Both tables, in Markdown."""
    lines = [
        f"Measured {time.strftime('%Y-%m-%d')} on {where}",
        "",
        "| what | goal | measured | met |",
        "|---|---|---|---|",
    ]
    for row in rows:
        met = "–" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.goal} | {row.measured} | {met} |")
    return "\n".join([*lines, "", *windows, ""])


def measure(bench: Bench) -> tuple[list[Row], list[str]]:
    """All rows, and all windows."""
    rows: list[Row] = []
    with ExitStack() as stack:
        running = [stack.enter_context(serving(server, bench.scratch)) for server in bench.servers()]
        service = next(each for each in running if each.server.name == "service")
        found = in_turns(bench, running)
        rows += beside(found)
        memory = resident(service.pid)
        rows += open_loops(bench, service, middle(found["service"][MANY], "rate"))
        rows.append(when_full(service))
    starts = []
    for _ in range(bench.rounds):
        with serving(service.server, bench.scratch) as again:
            starts.append(again.seconds)
    start = statistics.median(starts)
    rows.append(Row(what="from start to the first answer", goal="≤ 1 s", measured=f"{start:.2f} s", met=start <= 1))
    rows.append(Row(what="resident after the load", goal="≤ 120 MiB", measured=f"{memory:.0f} MiB", met=memory <= 120))
    rows.append(alone(bench))
    rows += batch(bench)
    return rows, list(told(found))


def main() -> int:
    """Measure, print, and say whether all goals are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--project", type=Path, required=True, help="whose pipeline has run")
    parser.add_argument("--python", default=sys.executable, help="where the project is installed")
    parser.add_argument("--package", help="the project's package, if it is not called as its folder")
    parser.add_argument("--peers", help="Python of the peers; without it they are left out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--minute", type=float, default=60, help="seconds of the open loop of 1,000 requests a second")
    parser.add_argument("--rows", type=int, default=10**6, help="of the largest file: 10000000 for all")
    parser.add_argument("--into", type=Path, help="a page that takes the table between its marks")
    options = parser.parse_args()
    project = options.project.resolve()
    package = options.package or project.name.replace("-", "_")
    # Of a crowd each has a socket.
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        command = [options.python, "-c", _DESCRIBE, package, str(project / "models" / "model.onnx")]
        described = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        bench = Bench(
            project=project,
            python=options.python,
            package=package,
            peers=options.peers,
            rounds=options.rounds,
            seconds=options.seconds,
            minute=options.minute,
            rows=options.rows,
            scratch=Path(folder),
            described=described,
        )
        rows, windows = measure(bench)
    said = report(where, rows, windows)
    print(said)
    if options.into:
        page = options.into.read_text(encoding="utf-8")
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        options.into.write_text(f"{before}{BEGIN}\n\n{said}\n{END}{after}", encoding="utf-8")
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

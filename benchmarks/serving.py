"""The service of a generated project beside the limit: a bare ASGI loop around the same file, in the same run.

    python benchmarks/serving.py --model MODEL.onnx --limit asgi_limit.py [--python PYTHON] [--package NAME]

MODEL is the file `models/model.onnx` of a project. PYTHON has the project installed, with all that
`requirements/serving.txt` names, and `wrk` is on PATH. The two servers are measured in turns, whose order changes with
each round, and the medians of the rounds are compared: ratios hold on every machine, times do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Connections, and what is asked of the service there: the least share of the limit's requests a second, and the most
#: that its median and its 99th percentile may be of the limit's.
TARGETS = {64: (0.7, None, 2.0), 1: (None, 1.5, None)}
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


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One window of load.

    Args:
        rate: requests a second.
        median: of the seconds that a request took.
        tail: 99 % took no longer.
        cpu: seconds that the server computed for a request.
        failed: answers with another status than 2xx.
    """

    rate: float
    median: float
    tail: float
    cpu: float
    failed: int


@contextmanager
def served(command: list[str], folder: Path, port: int, settings: dict[str, str]) -> Iterator[int]:
    """A server in a process of its own; its id."""
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{command[:4]} does not start: see {log.name}")
                time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def computed(pid: int) -> float:
    """The seconds that a process has computed."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def load(pid: int, url: str, script: Path, connections: int, seconds: int) -> Measured:
    """Ask for some seconds, each connection again as soon as it is answered."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url]
    before = computed(pid)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = computed(pid) - before
    requests = int(re.findall(r"(\d+) requests in", said)[0])
    percentiles = {name: in_seconds(*found) for name, *found in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", said)}
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
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def measure(options: argparse.Namespace, folder: Path) -> dict[str, dict[int, list[Measured]]]:
    """Both servers, by the number of connections, a window a round."""
    model = options.model.resolve()
    command = [options.python, "-c", _DESCRIBE, options.package, str(model)]
    described = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    (folder / "columns.json").write_text(json.dumps(described["columns"]), encoding="utf-8")
    script = folder / "post.lua"
    head = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==['
    script.write_text(f"{head}{described['body']}]==]\n", encoding="utf-8")
    limit_port, port = free_port(), free_port()
    limit = {"MODEL": str(model), "COLUMNS": str(folder / "columns.json"), "OUTPUT": described["output"]}
    limit["PYTHONPATH"] = str(options.limit.resolve().parent)
    uvicorn = [options.python, "-m", "uvicorn", f"{options.limit.stem}:app", "--port", str(limit_port)]
    ours = [options.python, "-m", f"{options.package}.serving"]
    found: dict[str, dict[int, list[Measured]]] = {"limit": {}, "service": {}}
    with (
        served([*uvicorn, "--log-level", "warning", "--no-access-log"], folder, limit_port, limit) as limit_pid,
        served(ours, folder, port, {"MODEL_PATH": str(model), "PORT": str(port)}) as pid,
    ):
        turns = [("limit", limit_pid, limit_port, "/"), ("service", pid, port, "/predict")]
        for _, each, at, path in turns:
            load(each, f"http://127.0.0.1:{at}{path}", script, 8, 1)
        for number in range(options.rounds):
            for connections in TARGETS:
                for name, each, at, path in turns[:: -1 if number % 2 else 1]:
                    window = load(each, f"http://127.0.0.1:{at}{path}", script, connections, options.seconds)
                    found[name].setdefault(connections, []).append(window)
    return found


def middle(windows: list[Measured], name: str) -> float:
    """The median of a number over the rounds."""
    return statistics.median(getattr(each, name) for each in windows)


def report(found: dict[str, dict[int, list[Measured]]]) -> int:
    """Print both and their ratios; 1 where a target is missed."""
    missed = 0
    print(f"{'':8}{'connections':>12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'failed':>8}")
    for connections, (least, most_median, most_tail) in TARGETS.items():
        for name, windows in found.items():
            each = windows[connections]
            failed = sum(one.failed for one in each)
            print(
                f"{name:8}{connections:>12}{middle(each, 'rate'):>12.0f}{middle(each, 'median') * 1e3:>9.2f}"
                f"{middle(each, 'tail') * 1e3:>9.2f}{middle(each, 'cpu') * 1e6:>9.1f}{failed:>8}"
            )
        ratios = {
            name: middle(found["service"][connections], name) / middle(found["limit"][connections], name)
            for name in ("rate", "median", "tail")
        }
        print(f"{'ratio':8}{connections:>12}{ratios['rate']:>12.2f}{ratios['median']:>9.2f}{ratios['tail']:>9.2f}")
        missed += least is not None and ratios["rate"] < least
        missed += most_median is not None and ratios["median"] > most_median
        missed += most_tail is not None and ratios["tail"] > most_tail
    missed += sum(each.failed for windows in found["service"].values() for each in windows)
    return 1 if missed else 0


def main() -> int:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="the exported graph of a project")
    parser.add_argument("--limit", type=Path, required=True, help="asgi_limit.py")
    parser.add_argument("--python", default=sys.executable, help="where the project is installed")
    parser.add_argument("--package", default="flight_delays", help="the project's package")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    with tempfile.TemporaryDirectory() as folder:
        return report(measure(parser.parse_args(), Path(folder)))


if __name__ == "__main__":
    sys.exit(main())

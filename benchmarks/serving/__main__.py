"""The service of a generated project beside the limit and beside its peers, in one run; a table of goals and numbers.

    python -m benchmarks.serving --project FOLDER --python PYTHON [--peers PYTHON] [--into docs/performance.md]

FOLDER is a project whose pipeline has run; PYTHON has it installed; PEERS has `benchmarks/peers/requirements.txt`;
`wrk` is on PATH. `nox -s bench_serving` makes all of that. Servers are measured in turns, whose order changes with each
round, and the medians of the rounds are compared: ratios hold on every machine, times do not. The limit is a bare ASGI
loop around the same file (`asgi_limit.py`), without checks, metrics and log; the service has all three on.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from .arrivals import open_loops
from .batches import alone, when_full
from .bench import Bench, Row
from .files import batch
from .load import middle, resident, serving
from .report import keep, machine, report
from .servers import servers
from .windows import MANY, beside, in_turns, told

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


def measure(bench: Bench) -> tuple[list[Row], list[str]]:
    """All rows, and all windows."""
    rows: list[Row] = []
    with ExitStack() as stack:
        running = [stack.enter_context(serving(server, bench.scratch)) for server in servers(bench)]
        limit, service = (next(each for each in running if each.server.name == name) for name in ("limit", "service"))
        found = in_turns(bench, running)
        rows += beside(found)
        memory = resident(service.pid)
        ours, others = (middle(found[each.server.name][MANY], "rate") for each in (service, limit))
        rows += open_loops(bench, service, limit, (ours, others))
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
        keep(options.into, said)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())

"""What was found, and whether it is as it has to be."""

from __future__ import annotations

import json
import re
import socket
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .found import Found
from .services import Server

#: A killed service takes along what it has not yet written: a quarter of a second, on a machine that has time.
UNWRITTEN_SECONDS = 3.0
#: By how much the memory of the last quarter may be above that of the second, and how many more files may be open.
MOST_GROWTH, MOST_FILES = 16.0, 4


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


def verdicts(steady: Server, mortal: Server, soak: Found, clients: int) -> Iterator[tuple[str, bool]]:
    """What was found, and whether it is as it has to be; ends the services."""
    quarter = len(soak.memory) // 4
    grown = statistics.median(soak.memory[3 * quarter :]) - statistics.median(soak.memory[quarter : 2 * quarter])
    time.sleep(2)
    more = steady.files() - soak.files_before
    lost_records = sum(dropped(server.port) for server in (steady, mortal))
    for server in (steady, mortal):
        server.process.terminate()
        server.process.wait(60)
    found, torn = records(steady.folder)
    absent = {name: given for name, given in soak.given.items() if found[name] < given.rows}
    late = sum(
        given.process in soak.killed and given.moment > soak.killed[given.process] - UNWRITTEN_SECONDS
        for given in absent.values()
    )
    missing = sum(given.rows - found[name] for name, given in absent.items())
    log = (steady.folder / "service.log").read_text(encoding="utf-8")
    took = statistics.quantiles(soak.seconds, n=1000)
    yield f"{sum(soak.statuses.values()):,} answers {dict(sorted(soak.statuses.items()))}", bool(soak.statuses[200])
    yield f"50 % in {1000 * took[499]:.1f} ms, 99 % in {1000 * took[989]:.1f} ms", True
    yield f"{dict(soak.happened)}", len(soak.happened) > 0
    yield f"{len(soak.failures)} failures {Counter(soak.failures).most_common(5)}", not soak.failures
    most = len(soak.killed) * clients
    yield f"{len(soak.lost)} requests under way at {len(soak.killed)} kills, at most {most}", len(soak.lost) <= most
    eighths = [statistics.median(soak.memory[each * quarter // 2 :][: quarter // 2]) for each in range(8)]
    yield f"memory {soak.memory[0]:.0f}, by eighths {' '.join(f'{each:.0f}' for each in eighths)} MiB", True
    yield f"growth of the memory {grown:+.1f} MiB, at most {MOST_GROWTH:.0f}", grown <= MOST_GROWTH
    yield f"{more:+d} open files, at most {MOST_FILES}", more <= MOST_FILES
    yield f"{sum(found.values()):,} rows in the log, {torn} torn lines, at most one a kill", torn <= len(soak.killed)
    said = f"{missing} rows not in the log, {lost_records} dropped and counted"
    yield f"{said}, {late} requests of the last moments of a killed service", len(absent) <= late + lost_records
    yield "no traceback in the log of the services", "Traceback" not in log

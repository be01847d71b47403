"""Requests that come by themselves, however long the answers take."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

from .bench import Bench, Row
from .load import Running

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

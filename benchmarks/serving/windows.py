"""Windows of load on each server in turns, and the service beside the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .bench import Bench, Row
from .load import Measured, Running, load, middle
from .servers import BLIND

MANY = 64
#: How many times as many requests a second as a peer.
PEERS = {"mlflow models serve": 300, "BentoML": 25, "LitServe": 15, "FastAPI": 3}


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
    watched = ratio("rate", MANY, BLIND)
    yield Row(
        what="requests/s at 64 connections, of those without log, metrics and drift",
        goal="≥ 0.9 ×",
        measured=f"{watched:.2f} ×",
        met=watched >= 0.9,
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

"""What the service's batches cost who asks alone, and what is told whom they have no room for."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import time

from .bench import Bench, Row
from .load import Running, request

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

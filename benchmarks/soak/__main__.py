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
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .asks import Ask, asks_of
from .found import Found
from .misfortunes import Misfortunes
from .project import PACKAGE, made, written
from .services import Server, free_ports
from .traffic import Traffic
from .verdicts import verdicts

CLIENTS = 16


async def soak(
    steady: Server, mortal: Server, found: Found, asks: Sequence[Ask], models: Sequence[bytes], minutes: float
) -> None:
    """All of it at once."""
    for server in (steady, mortal):
        server.start()
        await server.until_ready()
    found.files_before = steady.files()
    over = time.monotonic() + 60 * minutes
    traffic = Traffic(servers=(steady, mortal), asks=asks, found=found, over=over)
    misfortunes = Misfortunes(steady=steady, mortal=mortal, models=models, found=found, over=over)
    supervisor = asyncio.create_task(misfortunes.supervise())
    clients = (traffic.client(number) for number in range(CLIENTS))
    await asyncio.gather(*clients, misfortunes.happen(), watch(steady, found, over))
    await misfortunes.end()
    await mortal.until_ready()
    supervisor.cancel()


async def watch(steady: Server, found: Found, over: float) -> None:
    """The memory of the service that lives."""
    while time.monotonic() < over:
        found.memory.append(steady.memory())
        await asyncio.sleep(0.5)


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
        row, models = written(python, root, Path(name) / "models")
        (place / "model.onnx").write_bytes(models[-1])
        steady, mortal = (Server(port, [python, "-m", f"{PACKAGE}.serving"], place) for port in free_ports())
        found = Found()
        try:
            asyncio.run(soak(steady, mortal, found, asks_of(row), models, options.minutes))
            said = list(verdicts(steady, mortal, found, CLIENTS))
        finally:
            for server in (steady, mortal):
                with suppress(AttributeError, ProcessLookupError):
                    server.process.send_signal(signal.SIGKILL)
        for line, is_well in said:
            print(f"{'ok    ' if is_well else 'FAILED'} {line}")
        return 0 if all(is_well for _, is_well in said) else 1


if __name__ == "__main__":
    sys.exit(main())

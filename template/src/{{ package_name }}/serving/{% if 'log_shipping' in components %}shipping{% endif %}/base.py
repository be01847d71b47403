"""What every kind of collector offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec
from pydantic import Field

from ...contract.types import Section

#: At most so much of the log is one message.
MOST_BYTES = 1024 * 1024

records_of = msgspec.json.Decoder(dict[str, Any]).decode_lines


class Connection(Protocol):
    """The way to one collector; one thread uses it."""

    def write(self, pieces: Sequence[bytes]) -> int:
        """Bring it the first of some pieces, and say how many it has taken; raises as `Write` of `recording/queue.py`."""

    def close(self) -> None:
        """End it; the next lines begin another."""


class Collector(Section, ABC):
    """What configs/log_shipping.yaml says about a collector of any kind."""

    kind: str
    waiting_mebibytes: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="So much waits in memory while it is slow or gone; what comes then is counted.",
        ),
    ] = 16
    seconds: Annotated[
        float, Field(gt=0, le=60, description="It has so long to take some records; then they are sent again.")
    ] = 5.0

    @abstractmethod
    def connection(self) -> Connection:
        """The way there, on which nothing is sent yet; raises `SettingsError`."""

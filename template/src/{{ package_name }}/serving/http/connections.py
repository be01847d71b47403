"""Who is connected, what each one keeps us waiting for, and for how long it may.

Each phase is a queue in which all wait equally long, so its oldest is always its first: finding who has to go costs
nothing while nobody has.
"""

import math
import time
from collections.abc import Callable, Mapping
from enum import IntEnum, auto
from itertools import takewhile
from types import MappingProxyType
from typing import Protocol

from ..rest.hot import Hot
from .limits import Limits
from .turns import Turns

# Who has been waiting for less than this may well be about to send the rest.
_FRESH_SECONDS = 1.0


class Phase(IntEnum):
    """What a connection waits for."""

    HEAD = auto()  # the client has to send a request line and headers
    BODY = auto()  # the client has to send the rest of a body
    ANSWER = auto()  # the service has to answer
    STUCK = auto()  # the client has to take an answer that is there
    IDLE = auto()  # nobody owes anything
    LEAVING = auto()  # the last answer is on its way


# They wait for the client; one that owes nothing is closed before any of these that is fresh.
_SLOW = (Phase.HEAD, Phase.BODY, Phase.STUCK, Phase.LEAVING)


class Member(Protocol):
    """A connection as seen from here."""

    def expire(self, phase: Phase) -> None:
        """End: ``phase`` has lasted as long as it may."""

    def abort(self) -> None:
        """End at once, whatever has not been sent."""


class Connections:
    """All connections of a service, by phase and, within one, in the order in which they entered it."""

    def __init__(
        self, limits: Limits, on_refusal: Callable[[int], None], short: Mapping[bytes, Hot] = MappingProxyType({})
    ) -> None:
        self.limits = limits
        self.on_refusal = on_refusal
        # By address, what is answered without a task.
        self.short = short
        # Set for good when the service is about to stop: every answer is then the last of its connection.
        self.closing = False
        # Either costs a fraction of a millisecond, so that a round takes some.
        self.reads = Turns(16)
        self.answers = Turns(16)
        self._waiting: dict[Phase, dict[Member, float]] = {phase: {} for phase in Phase}
        self._phases: dict[Member, Phase] = {}
        self._buffered: dict[Member, int] = {}
        self._total = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._written = b""

    def written(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """The headers of every answer as they stand in one; uvicorn makes a new list of them each second."""
        if headers is not self._headers:
            self._headers = headers
            self._written = b"".join(b"%b: %b\r\n" % header for header in headers)
        return self._written

    def __len__(self) -> int:
        return len(self._phases)

    def within(self, phase: Phase) -> list[Member]:
        """Return the connections that are in ``phase``, the oldest first."""
        return list(self._waiting[phase])

    @property
    def answering(self) -> int:
        """How many wait for an answer of the service."""
        return len(self._waiting[Phase.ANSWER])

    def admit(self, member: Member) -> bool:
        """Take in a new connection, in the place of another if need be; False when all others are being answered."""
        if len(self) >= self.limits.connections and not self._make_room():
            return False
        self.enter(member, Phase.HEAD)
        return True

    def enter(self, member: Member, phase: Phase) -> None:
        """Say that ``member`` begins to wait in ``phase``."""
        before = self._phases.get(member)
        if before is not None:
            del self._waiting[before][member]
        self._phases[member] = phase
        self._waiting[phase][member] = time.monotonic()

    def hold(self, member: Member, size: int) -> None:
        """Say how many bytes have been read from ``member`` and not been answered; too many, and the oldest goes."""
        self._total += size - self._buffered.pop(member, 0)
        if size:
            self._buffered[member] = size
        while self._total > self.limits.buffered_bytes:
            oldest = next((each for each in self._waiting[Phase.BODY] if each in self._buffered), None)
            self._evict(oldest or next(iter(self._buffered)))

    def forget(self, member: Member) -> None:
        """Say that ``member`` is gone."""
        phase = self._phases.pop(member, None)
        if phase is not None:
            del self._waiting[phase][member]
        self._total -= self._buffered.pop(member, 0)

    def sweep(self) -> None:
        """End all that have waited as long as they may."""
        limits = self.limits
        allowed = {
            Phase.HEAD: limits.head_seconds,
            Phase.BODY: limits.body_seconds,
            Phase.STUCK: limits.stuck_seconds,
            Phase.IDLE: limits.idle_seconds,
            Phase.LEAVING: limits.linger_seconds,
        }
        for phase, seconds in allowed.items():
            for member in self._since_before(time.monotonic() - seconds, phase):
                member.expire(phase)

    def _since_before(self, moment: float, phase: Phase) -> list[Member]:
        waiting = self._waiting[phase].items()
        return [member for member, _ in takewhile(lambda entry: entry[1] <= moment, waiting)]

    def _make_room(self) -> bool:
        """End the connection that can be spared most easily, and say whether there is one."""
        slow = [next(iter(self._waiting[phase].items())) for phase in _SLOW if self._waiting[phase]]
        slowest, since = min(slow, key=lambda front: front[1], default=(None, math.inf))
        idle = next(iter(self._waiting[Phase.IDLE]), None)
        spared = slowest if idle is None or since <= time.monotonic() - _FRESH_SECONDS else idle
        if spared is not None:
            self._evict(spared)
        return spared is not None

    def _evict(self, member: Member) -> None:
        # Its own end comes later, with the event loop; its place is free now.
        self.forget(member)
        self.on_refusal(503)
        member.abort()

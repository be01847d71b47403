"""What is served now. A new version takes the place of the one before as a whole; requests under way keep theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .answering import Answering
from .parsing import Row

#: Of a request, in their order, with names in lower case.
Headers = Sequence[tuple[bytes, bytes]]


class Arrived(NamedTuple):
    """A request that has come.

    Args:
        request_id: its own, or a new one.
        headers: what came with it.
        rows: reads its rows as the current model's contract has them; raises `RefusedError`.
    """

    request_id: str
    headers: Headers
    rows: Callable[[], Sequence[Row]]


#: Which model answers a request.
Choice = Callable[[Arrived], Answering]
#: Which model is asked instead of one that could not answer the request of this id; None for no other.
Rescue = Callable[[Answering, str], Answering | None]

logger = logging.getLogger(__name__)


class Models:
    """The model that answers; shells ask for it with each request."""

    def __init__(self, first: Answering) -> None:
        self.current = first
        #: Replaced by whoever divides requests among several models; None: the current one answers all.
        self.choice: Choice | None = None
        self.rescue: Rescue | None = None
        #: The other models among which requests are divided, by the names that the division gives them.
        self.others: Callable[[], Mapping[str, Answering]] = dict
        self._listeners: list[Callable[[Answering], None]] = []

    def publish(self, answering: Answering) -> None:
        """Answer with another model from now on; in the thread of the event loop."""
        before, now = self.current.model.contract, answering.model.contract
        if (now.columns, now.target) != (before.columns, before.target):
            logger.warning("The new model has another contract: requests are read, and answers written, as it says.")
        self.current = answering
        logger.info("Now serving %s %s", answering.model.name, answering.model.version)
        for listener in self._listeners:
            listener(answering)

    def on_publish(self, listener: Callable[[Answering], None]) -> None:
        """Tell `listener` of each model that is published from now on."""
        self._listeners.append(listener)

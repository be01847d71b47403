"""What is served now. A new version takes the place of the one before as a whole; requests under way keep theirs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from .answering import Answering

#: Of a request, in their order, with names in lower case.
Headers = Sequence[tuple[bytes, bytes]]
#: Which model answers a request with these headers.
Choice = Callable[[Headers], Answering]

logger = logging.getLogger(__name__)


class Models:
    """The model that answers; shells ask for it with each request."""

    def __init__(self, first: Answering) -> None:
        self.current = first
        #: Replaced by whoever divides requests among several models; None: the current one answers all.
        self.choice: Choice | None = None
        self._listeners: list[Callable[[Answering], None]] = []

    def publish(self, answering: Answering) -> None:
        """Answer with another model from now on; in the thread of the event loop."""
        self.current = answering
        logger.info("Now serving %s %s", answering.model.name, answering.model.version)
        for listener in self._listeners:
            listener(answering)

    def on_publish(self, listener: Callable[[Answering], None]) -> None:
        """Tell `listener` of each model that is published from now on."""
        self._listeners.append(listener)

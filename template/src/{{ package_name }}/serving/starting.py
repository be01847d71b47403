"""The service of a model at a place, whoever offers it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .publishing import Follower
from .service import Service
from .sources import Source, source_of


def service_of(place: str | Path, reload_seconds: float) -> Service:
    """A service with the model of a file, a folder or an address; see `service_from`."""
    return service_from(source_of(place), reload_seconds)


def service_from(source: Source, reload_seconds: float) -> Service:
    """A service with the model that is there, which looks every so often for another one; 0 for never.

    Raises:
        ModelFileError: there is no model that can be served.
    """
    mark = source.mark()
    service = Service.of(source.load().answering())
    if reload_seconds:
        follower = Follower(source, mark, service.models.publish)
        service.background.append(partial(follower.follow, reload_seconds))
    return service

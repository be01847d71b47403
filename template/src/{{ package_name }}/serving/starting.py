"""The service of a model at a place, whoever offers it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .answering import Answering
from .models import Models
from .publishing import Follower, file_of, mark_of
from .service import Service


def service_of(model_path: Path, reload_seconds: float) -> Service:
    """A service with the model of a file or folder, which looks every so often for another one; 0 for never.

    Raises:
        ModelFileError: there is no model that can be served.
    """
    mark = mark_of(model_path)
    service = Service(Models(Answering.load(file_of(model_path))))
    if reload_seconds:
        follower = Follower(service.models, model_path, mark, Answering.load)
        service.background.append(partial(follower.follow, reload_seconds))
    return service

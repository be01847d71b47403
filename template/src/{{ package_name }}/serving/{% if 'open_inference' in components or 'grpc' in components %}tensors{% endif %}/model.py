"""Which model a request is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...predictor.loading import shown
from ..answering import Answering
from ..problems import RefusedError

if TYPE_CHECKING:
    from ..service import Service

#: Of the protocol.
VERSION = "2"
#: As the protocol calls a graph that onnxruntime runs.
PLATFORM = "onnx_onnxv1"


def require_model(answering: Answering, name: str) -> None:
    """Raise `RefusedError` where another model than the one of this name answers."""
    if name != answering.model.name:
        raise RefusedError(404, "Not Found", f"There is no model {shown(name)}: it is called {answering.model.name}.")


def served(service: Service, name: str, version: str | None) -> Answering:
    """The model of this name and version, whichever version if none is asked for; raises `RefusedError`."""
    answering = service.models.current
    require_model(answering, name)
    service.require_version(answering, version)
    return answering

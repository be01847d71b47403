"""Which model a request is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...predictor.loading import shown
from ..answering import Answering
from ..problems import RefusedError

if TYPE_CHECKING:
    from ..models import Models

#: Of the protocol.
VERSION = "2"
#: As the protocol calls a graph that onnxruntime runs.
PLATFORM = "onnx_onnxv1"


def bound(models: Models, name: str, version: str | None) -> Answering | None:
    """The one model that a request names; None where whoever is chosen may answer. Raises `RefusedError`.

    The current model's name stands for all among which requests are divided, as the protocol lets a server choose among
    versions. A version binds to the model that has it, and the name that the division gives a model to that one.
    """
    if version is None and name == models.current.model.name:
        return None
    return served(models, name, version)


def served(models: Models, name: str, version: str | None) -> Answering:
    """The model of this name and version, the first of the name if no version is asked for; raises `RefusedError`."""
    named = _named(models, name)
    for answering in named:
        if version in (None, answering.model.version):
            return answering
    raise RefusedError(404, "Not Found", "The model is not served in this version.")


def versions_of(models: Models, name: str) -> list[str]:
    """The versions that may be asked for, the current one first; raises `RefusedError`."""
    return list(dict.fromkeys(answering.model.version for answering in _named(models, name)))


def _named(models: Models, name: str) -> list[Answering]:
    current, others = models.current, models.others()
    if own := [answering for answering in (current, *others.values()) if answering.model.name == name]:
        return own
    if name in others:
        return [others[name]]
    names = ", ".join(dict.fromkeys((current.model.name, *others)))
    raise RefusedError(404, "Not Found", f"There is no model {shown(name)}, only {names}.")

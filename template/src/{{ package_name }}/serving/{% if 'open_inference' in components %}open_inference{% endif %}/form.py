"""One request for inference in JSON, and its answer."""

from __future__ import annotations

from typing import Any

import msgspec

from ..answering import Answering
from ..batching import Run
from ..media import JSON, require_plain_json
from ..models import Headers, Models
from ..problems import Problem, RefusedError
from ..reading import Row
from ..tensors.datatypes import Described
from ..tensors.model import bound
from ..tensors.reading import require_few, rows_of
from ..tensors.writing import filled, said, wanted_of
from .request import read_request

_BINARY = b"inference-header-content-length"


class InferForm:
    """Of one request: what it asks for is kept until its answer is written."""

    def __init__(self, name: str, version: str | None = None) -> None:
        """For a model, and a version of it if one is asked for."""
        self._name, self._version = name, version
        self._id: str | None = None
        self._wanted: list[Described] = []

    def bound(self, models: Models) -> Answering | None:
        """The one model that is asked for; raises `RefusedError`."""
        return bound(models, self._name, self._version)

    def read(self, answering: Answering, body: bytes) -> list[Row]:
        """The rows of a request; raises `RefusedError`."""
        contract = answering.model.contract
        request = read_request(body, contract, answering.wire.most_rows)
        require_few(contract, len(request.inputs), len(request.outputs or ()))
        self._id = request.id or None
        self._wanted = wanted_of(contract, [output.name for output in request.outputs or ()])
        return rows_of(answering, request.inputs)

    def write(self, run: Run, first: int, last: int, request_id: str) -> bytes:
        """The outputs for its rows."""
        answer: dict[str, Any] = {
            "model_name": self._name,
            "model_version": run.answering.model.version,
            "id": self._id or request_id,
            "outputs": [output._asdict() for output in filled(run, first, last, self._wanted)],
        }
        return msgspec.json.encode(answer)


def accept(headers: Headers) -> None:
    """Raise `RefusedError` for a body that is not plain JSON; without a type it is taken for JSON, as clients send it."""
    names = [name for name, _ in headers]
    if _BINARY in names:
        detail = "Binary tensors (Inference-Header-Content-Length) are not read: send their data as JSON."
        raise RefusedError(415, "Unsupported media type", detail)
    require_plain_json(headers if b"content-type" in names else [*headers, (b"content-type", JSON)])


def tell(problem: Problem) -> tuple[bytes, str]:
    """A refusal as the protocol has it."""
    return msgspec.json.encode({"error": said(problem)}), JSON.decode()

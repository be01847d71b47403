"""One request for inference in a message, and its answer."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from ..answering import Answering
from ..batching import Run
from ..models import Models
from ..problems import Fault, RefusedError, invalid
from ..reading import Row
from ..tensors.datatypes import Described
from ..tensors.extensions import OF_INPUTS, OF_OUTPUTS, refuse_extensions
from ..tensors.model import bound
from ..tensors.reading import require_few, rows_of
from ..tensors.writing import filled, wanted_of
from .contents import MessageTensor, raw_contents, write_contents
from .messages import MESSAGES


def parsed(kind: Any, body: bytes) -> Any:
    """A message of a class of `MESSAGES`; raises `RefusedError`."""
    try:
        return kind.FromString(body)
    except DecodeError:
        raise RefusedError(400, "Bad request", f"It is no {kind.DESCRIPTOR.name}.") from None


class CallForm:
    """Of one request: what it asks for is kept until its answer is written."""

    def __init__(self, body: bytes) -> None:
        """Raises `RefusedError` for what is no request."""
        self._request = parsed(MESSAGES["ModelInferRequest"], body)
        self._wanted: list[Described] = []

    def bound(self, models: Models) -> Answering | None:
        """The one model that is asked for; raises `RefusedError`."""
        return bound(models, self._request.model_name, self._request.model_version or None)

    def read(self, answering: Answering, body: bytes) -> list[Row]:  # noqa: ARG002 - it is parsed already
        """The rows of the request; raises `RefusedError`."""
        request = self._request
        require_few(answering.model.contract, len(request.inputs), len(request.outputs))
        raw = request.raw_input_contents
        if raw and len(raw) != len(request.inputs):
            problem = f"There are {len(raw)} for {len(request.inputs)} inputs"
            raise invalid([Fault(row=None, field="raw_input_contents", problem=problem)])
        for output in request.outputs:
            refuse_extensions(output.name, output.parameters, OF_OUTPUTS)
        for tensor in request.inputs:
            refuse_extensions(tensor.name, tensor.parameters, OF_INPUTS)
        self._wanted = wanted_of(answering.model.contract, [output.name for output in request.outputs])
        contents = raw or [None] * len(request.inputs)
        return rows_of(answering, [MessageTensor(*each) for each in zip(request.inputs, contents, strict=True)])

    def write(self, run: Run, first: int, last: int, request_id: str) -> bytes:
        """The outputs for its rows, as raw bytes if the request has such."""
        model, request = run.answering.model, self._request
        answer = MESSAGES["ModelInferResponse"](
            model_name=request.model_name, model_version=model.version, id=request.id or request_id
        )
        for tensor in filled(run, first, last, self._wanted):
            output = answer.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
            if request.raw_input_contents:
                answer.raw_output_contents.append(raw_contents(tensor))
            else:
                write_contents(tensor, output.contents)
        written: bytes = answer.SerializeToString()
        return written

"""From the bytes of a request for inference to tensors.

Work and memory follow from what is accepted: commas are counted before anything is built, and the values of a tensor are
read when its datatype and shape fit.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from ...contract.types import Contract
from ...predictor.loading import shown
from ..parsing import outside_of_texts
from ..problems import Fault, invalid
from ..tensors.datatypes import BOOL, BYTES, FLOATING, WHOLE
from ..tensors.extensions import OF_INPUTS, OF_OUTPUTS, refuse_extensions
from ..tensors.reading import WrongTensorError

Parameters = dict[str, bool | int | float | str | None]

# A request beyond the limits by less than this factor is read, so that its faults can be named.
_SLACK = 2
_COMMAS_OF_A_TENSOR = 32
_COMMAS_BESIDE = 256
_LONGEST_WORDING = 300
_LARGEST_BOUND = 2**63 - 1  # that the decoder knows


class Input(Struct, forbid_unknown_fields=True, gc=False):
    """A tensor of a request; its data are what they say once they have been read."""

    name: str
    shape: list[int]
    datatype: str
    data: Raw | UnsetType = UNSET
    parameters: Parameters | UnsetType | None = UNSET

    def values(self, *, missing: bool) -> list[Any]:  # noqa: ARG002 - null says it
        """The values in the order of the rows; raises `WrongTensorError`."""
        if self.data is UNSET:
            raise WrongTensorError("data: required, but absent")
        flat, nested = _DECODERS[self.datatype]
        try:
            if bytes(self.data)[1:].lstrip()[:1] != b"[":
                return list(flat.decode(self.data))
            return [value for values in nested.decode(self.data) for value in values]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise WrongTensorError(f"data: {shown(str(error), _LONGEST_WORDING)}") from None


class Output(Struct, forbid_unknown_fields=True, gc=False):
    """A tensor that the answer is to have."""

    name: str
    parameters: Parameters | UnsetType | None = UNSET


class Request(Struct, forbid_unknown_fields=True, gc=False):
    """A request for inference."""

    inputs: list[Input]
    id: str | UnsetType | None = UNSET
    parameters: Parameters | UnsetType | None = UNSET
    outputs: list[Output] | UnsetType | None = UNSET


def _decoders_of(kind: Any) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any]]:
    """Of values behind each other, and of values in a list each."""
    value: Any = kind | None
    one: Any = Annotated[list[value], Meta(min_length=1, max_length=1)]
    flat, nested = list[value], list[one]
    return msgspec.json.Decoder(flat), msgspec.json.Decoder(nested)


_DECODERS = {name: _decoders_of(float) for name in FLOATING} | {
    BOOL: _decoders_of(bool),
    BYTES: _decoders_of(str),
    **{
        name: _decoders_of(Annotated[int, Meta(ge=least, le=min(largest, _LARGEST_BOUND))])
        for name, (least, largest) in WHOLE.items()
    },
}
_decode = msgspec.json.Decoder(Request).decode


def read_request(body: bytes, contract: Contract, most_rows: int) -> Request:
    """What a body says; raises `RefusedError`."""
    most_commas = _SLACK * (_COMMAS_BESIDE + len(contract.columns) * (most_rows + _COMMAS_OF_A_TENSOR))
    if body.count(b",") > most_commas and outside_of_texts(body).count(b",") > most_commas:
        raise _refused(f"More values than {most_rows} rows can have. Send smaller batches")
    try:
        request = _decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _refused(f"{_worded(str(error))}") from None
    names = _names_in(request)
    if body.count(b":") != names and outside_of_texts(body).count(b":") != names:
        raise _refused("A name is given more than once in an object, or data hold an object")
    for each in request.inputs:
        refuse_extensions(each.name, each.parameters or (), OF_INPUTS)
    for output in request.outputs or ():
        refuse_extensions(output.name, output.parameters or (), OF_OUTPUTS)
    return request


def _names_in(request: Request) -> int:
    """How many names the objects of a request have."""
    objects: list[Struct] = [request, *request.inputs, *(request.outputs or ())]
    parameters = (getattr(each, "parameters", None) or {} for each in objects)
    given = sum(getattr(each, name) is not UNSET for each in objects for name in each.__struct_fields__)
    return given + sum(map(len, parameters))


def _worded(message: str) -> str:
    if "trailing" in message:
        return f"{message}. Binary tensors are not read: send data as JSON"
    return shown(message, _LONGEST_WORDING)


def _refused(problem: str) -> Exception:
    return invalid([Fault(row=None, field=None, problem=problem)])

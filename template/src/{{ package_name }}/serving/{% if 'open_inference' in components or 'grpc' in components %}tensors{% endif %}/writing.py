"""From predictions to tensors, and what a shell says of the model and of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...contract.types import Contract
from ...predictor.loading import shown
from ..batching import Run
from ..parsing import refuse_any
from ..problems import Fault, Problem
from .datatypes import Described, outputs_of

#: Of many faults the first say enough in one line of text.
_MOST_TOLD = 10


class Filled(NamedTuple):
    """A tensor of an answer, its values in the order of the rows, those of a row behind each other."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list[Any]


def wanted_of(contract: Contract, names: Sequence[str]) -> list[Described]:
    """The outputs of these names, all if there are none; raises `RefusedError` for names that the model does not have."""
    outputs = {output.name: output for output in outputs_of(contract)}
    known = " and ".join(outputs)
    if len(set(names)) < len(names):
        refuse_any([Fault(row=None, field="outputs", problem="Each may be named once")])
    refuse_any(
        Fault(row=None, field=shown(name), problem=f"There is no such output: there are {known}")
        for name in names
        if name not in outputs
    )
    return [outputs[name] for name in names] or list(outputs.values())


def filled(run: Run, first: int, last: int, wanted: Sequence[Described]) -> list[Filled]:
    """The outputs for the rows from `first` to before `last`."""
    return [_fill(run, slice(first, last), output) for output in wanted]


def _fill(run: Run, rows: slice, output: Described) -> Filled:
    predictions, labels = run.predictions, run.answering.model.contract.labels
    if output.name == "classes":
        return Filled(output.name, output.datatype, output.shape, list(labels))
    if output.name == "label":
        assert predictions.labels is not None
        values: list[Any] = [labels[index] for index in predictions.labels[rows].tolist()]
    elif output.name == "probabilities":
        assert predictions.probabilities is not None
        values = predictions.probabilities[rows].ravel().tolist()
    else:
        values = predictions.values[rows].tolist()
    return Filled(output.name, output.datatype, (rows.stop - rows.start, *output.shape[1:]), values)


def said(problem: Problem) -> str:
    """A refusal in one line: the protocol has room for no more."""
    if not problem.errors:
        return problem.detail
    told = [
        ": ".join([*([f"row {fault.row}"] if fault.row is not None else []), fault.field or "", fault.problem]).strip(
            ": "
        )
        for fault in problem.errors[:_MOST_TOLD]
    ]
    more = problem.error_count - len(told)
    return f"{problem.title}: {'; '.join(told)}{f'; and {more} more' if more > 0 else ''}"

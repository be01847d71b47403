"""What other servers understand besides the protocol, and would be misunderstood here."""

from __future__ import annotations

from collections.abc import Iterable

from ...predictor.loading import shown
from ..problems import Fault, invalid

_SHARED_MEMORY = ("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
#: Parameters of a tensor whose data are elsewhere than where the protocol has them.
OF_INPUTS = ("binary_data_size", *_SHARED_MEMORY)
#: Those of an answer that would be another than the one that is given.
OF_OUTPUTS = ("classification", *_SHARED_MEMORY)


def refuse_extensions(name: str, given: Iterable[str], extensions: Iterable[str]) -> None:
    """Raise `RefusedError` for a tensor with such a parameter; all others change nothing."""
    if found := sorted(set(given).intersection(extensions)):
        problem = f"The parameter {found[0]} belongs to an extension that is not spoken here: send plain tensors"
        raise invalid([Fault(row=None, field=shown(name), problem=problem)])

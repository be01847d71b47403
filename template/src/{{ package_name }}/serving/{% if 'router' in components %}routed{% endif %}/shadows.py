"""Asking a model in the shadow: the same rows, and nobody sees what it says."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from ...router.evidence import Seen
from ...router.routing import Given
from ...router.scoring import apart, outputs_of, said_of
from ..answering import Answering
from ..observer import Answered


@dataclass(frozen=True, kw_only=True)
class Shadowed:
    """A run whose requests shadows see, too.

    Args:
        answered: the run.
        places: of those requests in it.
        names: of the shadows.
        keys: that split the requests, by id.
    """

    answered: Answered
    places: tuple[int, ...]
    names: tuple[str, ...]
    keys: Mapping[str, str | None]


def ask(name: str, answering: Answering, shadowed: Shadowed) -> tuple[list[Seen], dict[str, Given]]:
    """What a shadow is like, and what it says of each request; whatever it raises is a failure of its own."""
    answered = shadowed.answered
    asked = [answered.requests[place] for place in shadowed.places]
    started = time.perf_counter()
    try:
        predictions = answering.model.predict(answered.columns)
        outputs, far = outputs_of(predictions), apart(predictions, answered.predictions)
    except Exception:  # noqa: BLE001 - a shadow may be anything
        seconds = time.perf_counter() - started
        return [Seen(model=name, seconds=seconds, output=None) for _ in asked], {}
    seconds, said = time.perf_counter() - started, said_of(answering.model.contract, predictions)
    seen, given = [], {}
    for each in asked:
        rows = slice(each.first, each.first + each.rows)
        seen.append(Seen(model=name, seconds=seconds, output=float(outputs[each.first]), apart=float(far[rows].mean())))
        given[each.request_id] = Given(key=shadowed.keys[each.request_id], predicted={name: said[rows]})
    return seen, given

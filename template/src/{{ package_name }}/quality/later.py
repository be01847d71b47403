"""The alarm for features that are named after what is known only later."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import LeakageError

#: What is put before or behind a name for what was computed from it.
_DERIVED = frozenset(
    re.findall(
        r"\w+",
        "log log1p ln exp sqrt square squared abs mean avg average median sum total min max std var count rank norm "
        "normalized scaled zscore bin binned bucket code encoded flag is has value num",
    )
)
#: A value of an earlier row is known, whatever it is called after.
_EARLIER = frozenset(re.findall(r"\w+", "previous prev prior last before lag lagged past earlier ago history"))


def named_after(name: str, later: str) -> bool:
    """Whether a feature's name says that it is, or comes from, a column that is known only later.

    Whole words count: `plan` is not in `planet`, nor `status` in `marital_status`; `log_status` and `amount_paid_by_day` are
    named after `status` and `amount_paid`. A word for an earlier row (`previous`, `lag`) clears the name.
    """
    words, forbidden = _words(name), _words(later)
    if not forbidden:
        return name.casefold() == later.casefold()
    places = [start for start in range(len(words)) if words[start : start + len(forbidden)] == forbidden]
    if not places:
        return False
    rest = words[: places[0]] + words[places[0] + len(forbidden) :]
    if _EARLIER & set(rest):
        return False
    return len(forbidden) > 1 or all(word in _DERIVED for word in rest)


def _words(name: str) -> list[str]:
    """`arrDelay_2` is arr, delay, 2."""
    return re.findall(r"[^\W\d_]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).casefold())


def forbid_later_knowledge(features: Iterable[str], known_later: Iterable[str]) -> None:
    """Refuse features that are named, wholly or in part, after a column that is known only later.

    Raises:
        LeakageError: names the features and the columns that they come from.
    """
    later = list(known_later)
    if found := [f"`{name}` (from `{column}`)" for name in features for column in later if named_after(name, column)]:
        raise LeakageError(
            f"Features that are known only after the moment of prediction: {', '.join(found)}.",
            "Take them out of `columns` in configs/contract.yaml, since a model that learns from them fails in service; "
            "a feature that is known in time needs another name.",
        )

"""Which columns of a model frame a column of the contract becomes."""

from __future__ import annotations

from itertools import count

from ..contract.types import Contract, DatetimeColumn
from ..predictor.encoding import layout_of


def places_of(contract: Contract) -> dict[str, list[int]]:
    """By column of the contract, its columns in frames of features.frame: one, or of a moment one a part."""
    layout = layout_of(contract)
    numbers, categories = count(), count(len(layout.numbers))
    texts = count(len(layout.numbers) + len(layout.categories))
    following = {"category": categories, "text": texts}
    return {
        name: [
            next(following.get(column.kind, numbers))
            for _ in (column.parts if isinstance(column, DatetimeColumn) else "1")
        ]
        for name, column in contract.columns.items()
    }

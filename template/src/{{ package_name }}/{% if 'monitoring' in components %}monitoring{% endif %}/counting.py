"""Rows to summaries: `learn` chooses the bins from the rows that a model learns from, `count` counts other rows in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np

from ..predictor.encoding import Values, folded
from .moments import Moments
from .readings import Reading
from .summary import (
    GROUPS,
    LONGEST_WORD,
    MOST_BINS,
    MOST_KNOWN,
    MOST_WORDS,
    CategorySummary,
    ColumnSummary,
    NumberSummary,
    PresenceSummary,
    Summary,
    TextSummary,
)


def learn(
    rows: int, columns: Iterable[Reading], predictions: Iterable[Reading] = (), outcomes: Reading | None = None
) -> Summary:
    """The summary of so many rows, in bins that suit them; predictions and outcomes may be of others."""
    return Summary(
        rows=rows,
        columns={each.name: _LEARN[each.kind](each.values) for each in columns},
        predictions={each.name: _LEARN[each.kind](each.values) for each in predictions},
        outcomes=None if outcomes is None else _LEARN[outcomes.kind](outcomes.values),
    )


def count(
    shape: Summary,
    rows: int,
    columns: Iterable[Reading],
    predictions: Iterable[Reading] = (),
    outcomes: Reading | None = None,
) -> Summary:
    """The summary of other rows, in the bins of `shape`; what `shape` does not have is left out."""
    known = shape.outcomes
    return Summary(
        rows=rows,
        columns=_counted(shape.columns, columns),
        predictions=_counted(shape.predictions, predictions),
        outcomes=None if outcomes is None or known is None else count_column(known, outcomes.values),
    )


def _counted(shapes: Mapping[str, ColumnSummary], readings: Iterable[Reading]) -> dict[str, ColumnSummary]:
    return {
        each.name: count_column(shapes[each.name], each.values)
        for each in readings
        if each.name in shapes and shapes[each.name].kind == each.kind
    }


def count_column(shape: ColumnSummary, values: Values) -> ColumnSummary:
    """The summary of values [N] in the bins of another."""
    match shape:
        case NumberSummary():
            return count_numbers(shape, np.asarray(values, dtype=np.float64))
        case CategorySummary():
            return count_words(shape, values)
        case TextSummary():
            return count_texts(shape, values)
        case PresenceSummary():
            return _presence(values)


def learn_numbers(values: Values) -> NumberSummary:
    """Bins between quantiles; of few different numbers, one each."""
    array = np.asarray(values, dtype=np.float64)
    present = array[np.isfinite(array)]
    if not len(present):
        return count_numbers(NumberSummary(), array)
    different = np.unique(present)
    if len(different) > MOST_BINS:
        shares = np.linspace(0, 1, MOST_BINS + 1)[1:]
        different = np.unique(np.quantile(present, shares, method="inverted_cdf"))
    edges = tuple(different.tolist())
    return count_numbers(NumberSummary(low=float(present.min()), edges=edges, counts=(0,) * len(edges)), array)


def count_numbers(shape: NumberSummary, values: np.ndarray) -> NumberSummary:
    """Of float64 [N]; what is not finite is missing."""
    # Sorted once, all that is asked is a look-up; what is missing stands at the end.
    ordered = np.sort(values)
    present = ordered[: int(ordered.searchsorted(np.inf))]
    if len(present) and present[0] == -np.inf:
        present = present[int(present.searchsorted(-np.inf, side="right")) :]
    ends = present.searchsorted(shape.edges, side="right") if shape.edges else np.zeros(0, dtype=np.int64)
    below = int(present.searchsorted(shape.low)) if shape.edges else 0
    counts = np.diff(ends, prepend=0)
    counts[:1] -= below
    return NumberSummary(
        low=shape.low,
        edges=shape.edges,
        counts=tuple(counts.tolist()),
        below=below,
        above=len(present) - (int(ends[-1]) if len(ends) else 0),
        missing=len(values) - len(present),
        moments=Moments.of(present),
        minimum=float(present[0]) if len(present) else None,
        maximum=float(present[-1]) if len(present) else None,
    )


def learn_words(values: Values) -> CategorySummary:
    """The most frequent words, those that come equally often in the order of the alphabet."""
    found = Counter(values)
    missing = found.pop(None, 0)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    words = dict([item for item in ranked if len(item[0]) <= LONGEST_WORD][:MOST_WORDS])
    once = sum(count == 1 for _, count in ranked)
    return CategorySummary(words=words, other=found.total() - sum(words.values()), once=once, missing=missing)


def count_words(shape: CategorySummary, values: Values) -> CategorySummary:
    """Of words [N], or None."""
    found = Counter(values)
    missing = found.pop(None, 0)
    words = {word: found[word] for word in shape.words}
    return CategorySummary(words=words, other=found.total() - sum(words.values()), missing=missing)


def learn_texts(values: Values) -> TextSummary:
    """The words of every second text are known; how many words are not known is what the other texts say."""
    taken = [_words_of(value) for value in values if value is not None]
    found = Counter(word for words in taken[::2] for word in words)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_KNOWN]
    known = tuple(sorted(word for word, _ in ranked))
    lengths = learn_numbers([len(words) for words in taken])
    shape = TextSummary(lengths=lengths, known=known)
    missing = len(values) - len(taken)
    return _texts(shape, taken, missing).model_copy(update={"unknown": _unknown(known, taken[1::2])})


def count_texts(shape: TextSummary, values: Values) -> TextSummary:
    """Of texts [N], or None."""
    taken = [_words_of(value) for value in values if value is not None]
    return _texts(shape, taken, len(values) - len(taken))


def _texts(shape: TextSummary, taken: Sequence[Sequence[int]], missing: int) -> TextSummary:
    lengths = np.array([len(words) for words in taken] + [np.nan] * missing, dtype=np.float64)
    groups = Counter(group for words in taken for group in {word % GROUPS for word in words})
    return TextSummary(
        lengths=count_numbers(shape.lengths, lengths),
        known=shape.known,
        unknown=_unknown(shape.known, taken),
        groups=tuple(groups[group] for group in range(GROUPS)),
    )


def _unknown(known: tuple[int, ...], taken: Sequence[Sequence[int]]) -> Moments:
    """Of the share of words that are not known, in texts that have any."""
    held = _held(known)
    shares = [sum(word not in held for word in words) / len(words) for words in taken if words]
    return Moments.of(np.array(shares, dtype=np.float64))


@cache
def _held(known: tuple[int, ...]) -> frozenset[int]:
    return frozenset(known)


def _words_of(text: str) -> list[int]:
    """The words of a text as the model sees them, hashed: no summary says what somebody wrote."""
    return [crc32(word.encode()) for word in folded(text).split()]


def _presence(values: Values) -> PresenceSummary:
    if not isinstance(values, np.ndarray) or values.dtype == object:
        missing = sum(value is None for value in values)
    elif values.dtype.kind == "M":
        missing = int(np.isnat(values).sum())
    else:
        missing = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    return PresenceSummary(present=len(values) - missing, missing=missing)


_LEARN: Mapping[str, Callable[[Any], ColumnSummary]] = {
    "number": learn_numbers,
    "category": learn_words,
    "text": learn_texts,
    "presence": _presence,
}

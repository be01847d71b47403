"""What is known of many rows without keeping one: counts in bins, exact moments, words; some kilobytes, and two can be added.

Two summaries are added if they were counted in the same bins. Addition is associative and commutative: counts exactly,
moments but for rounding. So rows may be counted in any order, in parts, and by several processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from ..contract.types import MAX_COLUMNS, Section
from .moments import Count, Moments

#: Bins of numbers, words of a category, words of texts that are known (by their hash), and groups that words fall into.
MOST_BINS, MOST_WORDS, MOST_KNOWN, GROUPS = 64, 200, 2000, 64
#: A longer word is counted with the others.
LONGEST_WORD = 100

Role = Literal["input", "prediction", "outcome", "together"]


class Subject(NamedTuple):
    """What is compared: a column of the input, a part of the prediction, the outcome, or all columns together."""

    role: Role
    name: str

    def __str__(self) -> str:
        if self.role == "together":
            return "all columns together"
        return self.name if self.role == "input" else f"{self.role} {self.name}".rstrip()


class NumberSummary(Section):
    """Numbers: how many fell between quantiles of the rows that were learnt from.

    Args:
        low: the smallest number learnt from; smaller ones are `below`.
        edges: upper ends of the bins, rising; the last is the largest number learnt from, and larger ones are `above`.
        counts: [bins], of numbers above the edge before and up to the bin's own.
        missing: rows without a number.
        minimum: of those counted here; None without any.
    """

    kind: Literal["number"] = "number"
    low: float = 0.0
    edges: Annotated[tuple[float, ...], Field(max_length=MOST_BINS)] = ()
    counts: Annotated[tuple[Count, ...], Field(max_length=MOST_BINS)] = ()
    below: Count = 0
    above: Count = 0
    missing: Count = 0
    moments: Moments = Moments()
    minimum: float | None = None
    maximum: float | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.edges) != len(self.counts) or any(np.diff(self.edges) <= 0):
            raise ValueError("bins have rising edges, and a count each")
        return self

    def __add__(self, other: NumberSummary) -> NumberSummary:
        _require_equal((self.low, self.edges), (other.low, other.edges))
        least = [value for value in (self.minimum, other.minimum) if value is not None]
        most = [value for value in (self.maximum, other.maximum) if value is not None]
        return NumberSummary(
            low=self.low,
            edges=self.edges,
            counts=_sums(self.counts, other.counts),
            below=self.below + other.below,
            above=self.above + other.above,
            missing=self.missing + other.missing,
            moments=self.moments + other.moments,
            minimum=min(least, default=None),
            maximum=max(most, default=None),
        )

    @property
    def present(self) -> int:
        """Rows that have a number."""
        return self.moments.rows


class CategorySummary(Section):
    """Words: how often each came that was among the most frequent of the rows learnt from.

    Args:
        words: the most frequent first, as they were when they were learnt.
        other: all other words together.
        once: of the rows learnt from, words that came once only.
    """

    kind: Literal["category"] = "category"
    words: Annotated[dict[str, Count], Field(max_length=MOST_WORDS)] = {}  # noqa: RUF012 - pydantic copies it
    other: Count = 0
    once: Count = 0
    missing: Count = 0

    def __add__(self, other: CategorySummary) -> CategorySummary:
        _require_equal(self.words.keys(), other.words.keys())
        return CategorySummary(
            words={word: count + other.words[word] for word, count in self.words.items()},
            other=self.other + other.other,
            once=self.once + other.once,
            missing=self.missing + other.missing,
        )

    @property
    def present(self) -> int:
        """Rows that have a word."""
        return sum(self.words.values()) + self.other


class TextSummary(Section):
    """Texts: how long they are, and of which words.

    Args:
        lengths: words of a text; texts that are missing are missing here.
        known: hashes of the most frequent words learnt from.
        unknown: of the share of a text's words that are not among them.
        groups: [GROUPS], in how many texts there is a word whose hash falls into the group.
    """

    kind: Literal["text"] = "text"
    lengths: NumberSummary = NumberSummary()
    known: Annotated[tuple[int, ...], Field(max_length=MOST_KNOWN)] = ()
    unknown: Moments = Moments()
    groups: Annotated[tuple[Count, ...], Field(min_length=GROUPS, max_length=GROUPS)] = (0,) * GROUPS

    def __add__(self, other: TextSummary) -> TextSummary:
        _require_equal(self.known, other.known)
        return TextSummary(
            lengths=self.lengths + other.lengths,
            known=self.known,
            unknown=self.unknown + other.unknown,
            groups=_sums(self.groups, other.groups),
        )

    @property
    def present(self) -> int:
        """Rows that have a text."""
        return self.lengths.present

    @property
    def missing(self) -> int:
        """Rows without one."""
        return self.lengths.missing


class PresenceSummary(Section):
    """Values of which only is counted whether there is one: personal ones, and moments, whose parts are numbers of their own."""

    kind: Literal["presence"] = "presence"
    present: Count = 0
    missing: Count = 0

    def __add__(self, other: PresenceSummary) -> PresenceSummary:
        return PresenceSummary(present=self.present + other.present, missing=self.missing + other.missing)


ColumnSummary = NumberSummary | CategorySummary | TextSummary | PresenceSummary
_Summary = Annotated[ColumnSummary, Field(discriminator="kind")]
_Name = Annotated[str, Field(max_length=300)]


class Summary(Section):
    """Many rows.

    Args:
        rows: how many.
        columns: of the input; of a moment its parts, too, as `opened.weekday`.
        predictions: `label` and `probability` (of the positive label, of several of the chosen one), or `value`.
        outcomes: what came of them, where that is known.
    """

    rows: Count = 0
    columns: Annotated[dict[_Name, _Summary], Field(max_length=4 * MAX_COLUMNS)] = {}  # noqa: RUF012 - pydantic copies it
    predictions: Annotated[dict[_Name, _Summary], Field(max_length=2)] = {}  # noqa: RUF012 - pydantic copies it
    outcomes: _Summary | None = None

    def __add__(self, other: Summary) -> Summary:
        outcomes = self.outcomes
        if outcomes is None or other.outcomes is None:
            outcomes = outcomes or other.outcomes
        else:
            outcomes = added(outcomes, other.outcomes)
        return Summary(
            rows=self.rows + other.rows,
            columns=_added(self.columns, other.columns),
            predictions=_added(self.predictions, other.predictions),
            outcomes=outcomes,
        )

    def subjects(self) -> Iterator[tuple[Subject, ColumnSummary]]:
        """All that can be compared."""
        for name, column in self.columns.items():
            yield Subject("input", name), column
        for name, column in self.predictions.items():
            yield Subject("prediction", name), column
        if self.outcomes is not None:
            yield Subject("outcome", ""), self.outcomes


def added(one: ColumnSummary, other: ColumnSummary) -> ColumnSummary:
    """Both together.

    Raises:
        ValueError: they are of two kinds, or counted in other bins.
    """
    match one, other:
        case (
            (NumberSummary(), NumberSummary())
            | (CategorySummary(), CategorySummary())
            | (TextSummary(), TextSummary())
            | (PresenceSummary(), PresenceSummary())
        ):
            return one + other  # type: ignore[operator]
    raise ValueError("summaries of two kinds cannot be added")


def _added(ones: Mapping[str, ColumnSummary], others: Mapping[str, ColumnSummary]) -> dict[str, ColumnSummary]:
    if not ones or not others:
        return dict(ones or others)
    _require_equal(ones.keys(), others.keys())
    return {name: added(one, others[name]) for name, one in ones.items()}


def _sums(ones: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(ones, others, strict=True))


def _require_equal(one: object, other: object) -> None:
    if one != other:
        raise ValueError("summaries that were counted in other bins cannot be added")

"""The contract: what one row means, said once. It is read from configs/contract.yaml and travels inside the exported model.

A feature is what stands under `columns`; roles (`key`, `time`, `group`, `weight`) name columns that need not be features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: Far above what anybody needs: they keep a file from a stranger from filling memory and screen.
MAX_COLUMNS = 2000
MAX_NAME = 200
#: Beyond it two whole numbers can be one float32, which is what a model computes in (IEEE 754: 24 bits of significand).
LARGEST_EXACT = 2**24

TaskName = Literal["binary", "multiclass", "regression"]
Kind = Literal["number", "integer", "category", "boolean", "text", "datetime"]
#: What a date and time can tell a model, all in the place's own time; `hour` has minutes as decimals, Monday is weekday 1.
Part = Literal["year", "month", "day", "weekday", "day_of_year", "hour"]


def _printable(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise ValueError("a name is printable text in one line")
    return name


def _as_text(value: object) -> object:
    """Labels and categories are text, also when YAML reads `1` or `true`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; Europe/Berlin is one") from None
    return name


def _duration(text: str) -> str:
    if not re.fullmatch(r"\d{1,4}[hdw]", text):
        raise ValueError("a duration is a whole number of hours, days or weeks: 12h, 1d, 2w")
    return text


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(_printable)]
Word = Annotated[str, Field(min_length=1, max_length=1000), BeforeValidator(_as_text)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Words = Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]
Duration = Annotated[str, AfterValidator(_duration)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Section(BaseModel):
    """A part of a configuration file: unknown keys and wrong types are refused, values cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class _Column(Section):
    description: Annotated[str, Field(description="What it is, in words.")] = ""
    missing: Annotated[bool, Field(description="Whether the value may be missing.")] = False
    pii: Annotated[bool, Field(description="Personal data: never in a log, a report or an error.")] = False


class _Bounded(_Column):
    unit: Annotated[str | None, Field(description="What it is measured in.")] = None
    minimum: Annotated[float | None, Field(description="A value below it is refused.")] = None
    maximum: Annotated[float | None, Field(description="A value above it is refused.")] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum is above maximum")
        return self


class NumberColumn(_Bounded):
    """A number; the model sees it as float32."""

    kind: Literal["number"]
    rounded: Annotated[bool, Field(description="Whole numbers beyond 16777216 may be rounded to float32.")] = False


class IntegerColumn(_Bounded):
    """A whole number between -16777216 and 16777216, which the model sees exactly."""

    kind: Literal["integer"]

    @model_validator(mode="after")
    def _exact(self) -> Self:
        if any(abs(bound) > LARGEST_EXACT for bound in (self.minimum, self.maximum) if bound is not None):
            raise ValueError(f"a model cannot tell whole numbers beyond {LARGEST_EXACT} apart: make it a category")
        return self


class CategoryColumn(_Column):
    """One of several words; the vocabulary of the encoder comes from the training rows, not from here."""

    kind: Literal["category"]
    allowed: Annotated[Words | None, Field(description="Any other word is refused; without it, none is.")] = None


class BooleanColumn(_Column):
    """Yes or no."""

    kind: Literal["boolean"]


class TextColumn(_Column):
    """Free text, of which the model sees the words."""

    kind: Literal["text"]


class DatetimeColumn(_Column):
    """A moment, of which the model sees the parts that are named, in the place's own time."""

    kind: Literal["datetime"]
    parts: Annotated[tuple[Part, ...], Field(strict=False, min_length=1, description="What the model sees of it.")]
    minimum: Annotated[datetime | None, Field(strict=False, description="An earlier moment is refused.")] = None
    maximum: Annotated[datetime | None, Field(strict=False, description="A later moment is refused.")] = None


Column = Annotated[
    NumberColumn | IntegerColumn | CategoryColumn | BooleanColumn | TextColumn | DatetimeColumn,
    Field(discriminator="kind"),
]


class Costs(Section):
    """What a wrong decision costs, in any unit; a right one costs nothing."""

    false_positive: Annotated[float, Field(gt=0, description="The positive label was said, and was wrong.")]
    false_negative: Annotated[float, Field(gt=0, description="The other label was said, and was wrong.")]


class Target(Section):
    """What is predicted. Binary tasks decide by `costs`, else by a fixed `threshold`, else by the best balanced accuracy."""

    column: Annotated[Name, Field(description="The column that is predicted; rows without it are left out.")]
    unit: Annotated[str | None, Field(description="Of a regression: what it is measured in.")] = None
    labels: Annotated[
        tuple[Word, ...] | None,
        Field(strict=False, min_length=2, max_length=1000, description="The classes, in the order of probabilities."),
    ] = None
    positive: Annotated[Word | None, Field(description="Binary: the label that is looked for.")] = None
    costs: Annotated[Costs | None, Field(description="Binary: decide by what a wrong decision costs.")] = None
    threshold: Annotated[Share | None, Field(description="Binary: say positive from this probability on.")] = None


class TooGood(Section):
    """Alarms for what nobody can know. Without a bound there is no alarm, and `reason` says why."""

    metrics: Annotated[dict[str, float], Field(description="By metric: better than this is an alarm.")] = {}
    single_column: Annotated[float | None, Field(gt=0, le=1, description="What one column alone may tell.")] = 0.9
    columns: Annotated[dict[Name, Word], Field(description="Columns that may tell that much, with reasons.")] = {}
    reason: Annotated[str | None, Field(description="Why an alarm is off, or wider than usual.")] = None

    @model_validator(mode="after")
    def _said_why(self) -> Self:
        if (self.single_column is None or not self.metrics) and not self.reason:
            raise ValueError("an alarm that is switched off (no metrics, or no single_column) needs a `reason`")
        return self


class Acceptance(Section):
    """What a model must show on the hold-out, each judged by its lower confidence bound."""

    required: Annotated[dict[str, float], Field(description="By metric: at least this; at most, for errors.")] = {}
    gain: Annotated[float, Field(ge=0, description="How far the loss must lie below that of the naive baseline.")] = 0.0
    minimum_events: Annotated[int, Field(ge=1, description="Hold-out rows outside of the largest class.")] = 10
    too_good: Annotated[TooGood, Field(description="Better than this is a leak rather than a good model.")]


class Contract(Section):
    """All of configs/contract.yaml."""

    format: Annotated[Literal[1], Field(description="The form of this file; `contract upgrade` raises it.")]
    task: Annotated[TaskName, Field(description="One of two classes, one of several, or a number.")]
    target: Target
    columns: Annotated[dict[Name, Column], Field(min_length=1, max_length=MAX_COLUMNS, description="The features.")]
    key: Annotated[Names, Field(description="Columns that together name one row, and no other.")] = ()
    time: Annotated[Name | None, Field(description="Orders the rows: learn from earlier, judge on later ones.")] = None
    time_zone: Annotated[str, AfterValidator(_zone), Field(description="The place's own time: Europe/Berlin.")] = "UTC"
    period: Annotated[Duration, Field(description="Never cut: all rows of one are on the same side of a split.")] = "1d"
    embargo: Annotated[Duration, Field(description="How long until an outcome is known: later ones wait.")] = "0d"
    group: Annotated[Name | None, Field(description="Rows of one group are on the same side of a split.")] = None
    weight: Annotated[Name | None, Field(description="How much a row counts.")] = None
    slices: Annotated[Names, Field(description="Columns by whose values errors are shown.")] = ()
    protected: Annotated[Names, Field(description="Columns between whose values a model must be fair.")] = ()
    known_later: Annotated[Names, Field(description="Known only after the outcome: forbidden as features.")] = ()
    ignored: Annotated[dict[Name, str], Field(description="Columns that are left out, each with the reason.")] = {}
    acceptance: Annotated[Acceptance, Field(description="What is good enough, and what is too good.")]

    @property
    def roles(self) -> tuple[str, ...]:
        """Columns that rows keep beside features and target, each once."""
        named = (*self.key, self.time, self.group, self.weight, *self.slices, *self.protected)
        return tuple(dict.fromkeys(name for name in named if name and name not in self.columns))

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in the order of the probabilities; none for a regression."""
        return self.target.labels or ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if problems := list(_problems(self)):
            raise ValueError("; ".join(problems))
        return self


def _problems(contract: Contract) -> Iterator[str]:
    target, features = contract.target, contract.columns
    forbidden: dict[str, str] = {target.column: "the target", **dict.fromkeys(contract.known_later, "known later")}
    for name, why in forbidden.items():
        if name in features:
            yield f"`{name}` is {why} and cannot stand under `columns`"
    if both := features.keys() & contract.ignored.keys():
        yield f"{', '.join(sorted(both))}: in `columns` and in `ignored`"
    if contract.task != "binary" and (target.positive or target.costs or target.threshold):
        yield "only a binary task has positive, costs or threshold"
    if contract.task == "regression":
        if target.labels:
            yield "a regression has no labels"
        return
    if target.unit:
        yield "classes have no unit"
    if target.labels is None or len(set(target.labels)) < len(target.labels):
        yield "target.labels lists each class once"
    elif contract.task == "binary":
        yield from _binary_problems(target, target.labels)


def _binary_problems(target: Target, labels: tuple[str, ...]) -> Iterator[str]:
    if len(labels) != 2 or target.positive not in labels:  # noqa: PLR2004
        yield "a binary task has two labels, and `positive` is one of them"
    if target.costs and target.threshold:
        yield "target has costs or a threshold, not both"

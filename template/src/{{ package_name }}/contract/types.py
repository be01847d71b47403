"""The contract: what one row means, said once. It is read from configs/contract.yaml and travels inside the exported model.

A feature is what stands under `columns`; roles (`key`, `time`, `group`, `weight`) name columns that need not be features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

#: The newest form of the file that this code writes; it reads all older ones.
FORMAT = 1
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
    description: str = ""
    missing: Annotated[bool, Field(description="Whether the value may be missing.")] = False
    pii: Annotated[bool, Field(description="Personal data: never in a log, a report or an error.")] = False


class _Bounded(_Column):
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None

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
    allowed: Words | None = None


class BooleanColumn(_Column):
    """Yes or no."""

    kind: Literal["boolean"]


class TextColumn(_Column):
    """Free text, of which the model sees the words."""

    kind: Literal["text"]


class DatetimeColumn(_Column):
    """A moment, of which the model sees the parts that are named, in the place's own time."""

    kind: Literal["datetime"]
    parts: Annotated[tuple[Part, ...], Field(strict=False, min_length=1)]
    minimum: Annotated[datetime | None, Field(strict=False)] = None
    maximum: Annotated[datetime | None, Field(strict=False)] = None


Column = Annotated[
    NumberColumn | IntegerColumn | CategoryColumn | BooleanColumn | TextColumn | DatetimeColumn,
    Field(discriminator="kind"),
]


class Costs(Section):
    """What a wrong decision costs, in any unit; a right one costs nothing."""

    false_positive: Annotated[float, Field(gt=0)]
    false_negative: Annotated[float, Field(gt=0)]


class Target(Section):
    """What is predicted. Binary tasks decide by `costs`, else by a fixed `threshold`, else by the best balanced accuracy."""

    column: Name
    unit: str | None = None
    labels: Annotated[tuple[Word, ...] | None, Field(strict=False, min_length=2, max_length=1000)] = None
    positive: Word | None = None
    costs: Costs | None = None
    threshold: Share | None = None


class TooGood(Section):
    """Alarms for what nobody can know. Without a bound there is no alarm, and `reason` says why."""

    metrics: Annotated[dict[str, float], Field(description="By metric: better than this is an alarm.")] = {}
    single_column: Annotated[float | None, Field(gt=0, le=1, description="What one column alone may tell.")] = 0.9
    reason: str | None = None

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
    too_good: TooGood


class Contract(Section):
    """All of configs/contract.yaml."""

    format: Literal[1]
    task: TaskName
    target: Target
    columns: Annotated[dict[Name, Column], Field(min_length=1, max_length=MAX_COLUMNS)]
    key: Names = ()
    time: Name | None = None
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    #: Days and periods are never cut: all rows of one are on the same side of the split.
    period: Duration = "1d"
    #: How long an outcome takes to be known: rows that close before the cut are not learnt from.
    embargo: Duration = "0d"
    group: Name | None = None
    weight: Name | None = None
    slices: Names = ()
    protected: Names = ()
    known_later: Names = ()
    ignored: Annotated[dict[Name, str], Field(description="Columns that are left out, each with the reason.")] = {}
    acceptance: Acceptance

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
    forbidden: dict[str, Any] = {target.column: "the target", **dict.fromkeys(contract.known_later, "known later")}
    for name, why in forbidden.items():
        if name in features:
            yield f"`{name}` is {why} and cannot stand under `columns`"
    if both := features.keys() & contract.ignored.keys():
        yield f"{', '.join(sorted(both))}: in `columns` and in `ignored`"
    if contract.task == "regression":
        if target.labels or target.positive or target.costs or target.threshold:
            yield "a regression has no labels, positive, costs or threshold"
        return
    if target.unit:
        yield "classes have no unit"
    if target.labels is None or len(set(target.labels)) < len(target.labels):
        yield "target.labels lists each class once"
    elif contract.task == "binary":
        if len(target.labels) != 2 or target.positive not in target.labels:  # noqa: PLR2004
            yield "a binary task has two labels, and `positive` is one of them"
        if target.costs and target.threshold:
            yield "target has costs or a threshold, not both"
    elif target.positive or target.costs or target.threshold:
        yield "only a binary task has positive, costs or threshold"

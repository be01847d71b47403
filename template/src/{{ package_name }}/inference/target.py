"""Which task a target column asks for, with its labels. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from ..contract.types import TaskName
from ..data_loaders.csv_form import MISSING
from ..errors import SettingsError
from .columns import LARGEST_FLOAT, SHOWN_WORDS, Reading, widened

#: More whole numbers than this are a quantity, not a name each.
FEW_NUMBERS = 10
MOST_LABELS = 1000
#: Classes with fewer rows are pointed out.
FEW_ROWS = 10
_POSITIVE = re.compile("y|yes|t|true|positive|pos|bad|fraud|spam|default|churn|churned|fail|failed|died|sick|malignant")
_NEGATIVE = re.compile("n|no|f|false|negative|neg|good|ham|ok|paid|stayed|passed|survived|healthy|benign|normal")


@dataclass(frozen=True)
class TargetGuess:
    """The target.

    Args:
        values: String of labels or Float64, [N]; missing is null.
        labels: in the order of the contract; none for a regression.
        positive: of a binary task, and `why` it is this one.
        remarks: what was seen.
    """

    task: TaskName
    values: pl.Series
    remarks: tuple[str, ...]
    labels: tuple[str, ...] = ()
    positive: str | None = None
    why: str = ""


def guess_target(column: pl.Series, read: Reading, task: TaskName | None) -> TargetGuess:
    """The task that a column asks for, or that it is wanted for.

    Raises:
        SettingsError: nothing can be predicted of it, or not by the task that is wanted.
    """
    words, numbers = read(column, "category"), read(column, "number")
    count = words.drop_nulls().n_unique()
    numeric = numbers.null_count() == words.null_count() and column.dtype != pl.Boolean
    left_out = (f"{words.null_count():,} rows without it are left out",) if words.null_count() else ()
    chosen = task or _task_of(numbers.drop_nulls() if numeric else None, count)
    lacking = "is empty" if column.is_null().all() else f"holds values of the type {column.dtype}, which are no labels"
    problems = {
        "has one value only" if count else lacking: count < 2,  # noqa: PLR2004
        "does not hold numbers": chosen == "regression" and not numeric,
        f"has {count:,} different values, not two": chosen == "binary" and count > 2,  # noqa: PLR2004
        f"has {count:,} different values in {len(words):,} rows": chosen == "multiclass"
        and count > min(MOST_LABELS, len(words) / 2),
    }
    if found := [problem for problem, is_so in problems.items() if is_so]:
        advice = "Name another --target, or another --task or none."
        if count < 2 and column.dtype == pl.String and left_out:  # noqa: PLR2004
            advice += f" As labels, these words need other names, for they stand for no value: {', '.join(MISSING)}."
        raise SettingsError(f"The target `{column.name}` {found[0]}.", advice)
    if chosen == "regression":
        if (numbers.abs() > LARGEST_FLOAT).any():
            raise SettingsError(
                f"The target `{column.name}` holds numbers beyond {LARGEST_FLOAT:g}, more than a model computes with.",
                "Measure it in a larger unit.",
            )
        seen = f"{widened(numbers.drop_nulls())[2]}, {count:,} different numbers"
        return TargetGuess(chosen, numbers, (seen, *left_out))
    return _classes(words, numbers if numeric else None, chosen, left_out)


def _task_of(numbers: pl.Series | None, count: int) -> TaskName:
    if count <= 2:  # noqa: PLR2004
        return "binary"
    few = numbers is None or (count <= min(FEW_NUMBERS, len(numbers) / FEW_ROWS) and (numbers == numbers.round()).all())
    return "multiclass" if few else "regression"


def _classes(words: pl.Series, numbers: pl.Series | None, task: TaskName, left_out: tuple[str, ...]) -> TargetGuess:
    counts = dict(words.drop_nulls().value_counts().iter_rows())
    order = {label: -count for label, count in counts.items()}
    if numbers is not None:
        order = dict(zip(words.to_list(), numbers.to_list(), strict=True))
    labels = sorted(counts, key=lambda label: (order[label], label))
    positive, why = None, ""
    if task == "binary":
        positive, why = _positive(labels, counts, "the rarer one" if numbers is None else "the larger number")
        labels.sort(key=lambda label: label == positive)
    shown = ", ".join(f"{label} {counts[label]:,}" for label in labels[:SHOWN_WORDS])
    more = f" and {len(labels) - SHOWN_WORDS} more" if len(labels) > SHOWN_WORDS else ""
    rare = [label for label in labels if counts[label] < FEW_ROWS]
    few = (f"so few rows that little can be learnt of them: {', '.join(rare[:SHOWN_WORDS])}",) if rare else ()
    return TargetGuess(task, words, (f"rows of each: {shown}{more}", *left_out, *few), tuple(labels), positive, why)


def _positive(labels: list[str], counts: dict[str, int], otherwise: str) -> tuple[str, str]:
    """The label that is looked for, and why."""
    plain = [label.strip().casefold() for label in labels]
    for wanted in (
        [bool(_POSITIVE.fullmatch(word)) for word in plain],
        [not _NEGATIVE.fullmatch(word) for word in plain],
    ):
        if sum(wanted) == 1:
            return labels[wanted.index(True)], "guessed by its word"
    return labels[-1] if otherwise == "the larger number" else min(reversed(labels), key=counts.__getitem__), otherwise

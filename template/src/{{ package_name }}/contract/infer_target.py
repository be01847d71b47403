"""Which task a target column asks for, with its labels. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ..errors import SettingsError
from .infer_columns import SHOWN_WORDS, Reading
from .types import TaskName

#: More whole numbers than this are a quantity, not a name each.
FEW_NUMBERS = 10
MOST_LABELS = 1000
RARE = 10
POSITIVE = frozenset(
    "1 y yes t true positive pos bad fraud spam default churn churned failed died sick malignant".split()
)  # noqa: SIM905
NEGATIVE = frozenset(
    "0 n no f false negative neg good ham ok paid stayed passed survived healthy benign normal".split()
)  # noqa: SIM905


@dataclass(frozen=True)
class TargetGuess:
    """The target.

    Args:
        values: String of labels or Float64, [N]; missing is null.
        labels: in the order of the contract; none for a regression.
        positive: of a binary task.
        why: this one is called positive.
        remarks: why, and what was seen.
    """

    task: TaskName
    values: pl.Series
    labels: tuple[str, ...]
    positive: str | None
    why: str
    remarks: tuple[str, ...]


def guess_target(column: pl.Series, read: Reading, task: TaskName | None) -> TargetGuess:
    """The task that a column asks for, or that it is used for.

    Raises:
        SettingsError: nothing can be predicted of it, or not by the task that is wanted.
    """
    words = read(column, "category")
    count = words.drop_nulls().n_unique()
    if count < 2:  # noqa: PLR2004
        raise _wrong(column, "has one value only" if count else "is empty", "Name the column that is to be predicted.")
    numbers = read(column, "number")
    numeric = numbers.null_count() == column.null_count() and column.dtype != pl.Boolean
    chosen = task or _task_of(numbers.drop_nulls() if numeric else None, count)
    if chosen == "regression":
        if not numeric:
            raise _wrong(column, "does not hold numbers", "Leave --task away, or name another column.")
        seen = f"seen {numbers.min():.6g} to {numbers.max():.6g}, {count:,} different numbers"
        return TargetGuess(chosen, numbers, (), None, "", (seen, *_left_out(numbers)))
    if chosen == "binary" and count > 2:  # noqa: PLR2004
        raise _wrong(
            column, f"has {count} different values, not two", "Leave --task away, or derive two in dataset.py."
        )
    if count > min(MOST_LABELS, len(words) / 2):
        raise _wrong(
            column, f"has {count:,} different values in {len(words):,} rows", "Name the column to be predicted."
        )
    return _classes(words, numbers if numeric else None, chosen)


def _wrong(column: pl.Series, what: str, advice: str) -> SettingsError:
    return SettingsError(f"The target `{column.name}` {what}.", advice)


def _task_of(numbers: pl.Series | None, count: int) -> TaskName:
    if count == 2:  # noqa: PLR2004
        return "binary"
    if numbers is None:
        return "multiclass"
    few = count <= min(FEW_NUMBERS, len(numbers) / RARE) and bool((numbers == numbers.round()).all())
    return "multiclass" if few else "regression"


def _classes(words: pl.Series, numbers: pl.Series | None, task: TaskName) -> TargetGuess:
    counted = words.drop_nulls().value_counts(sort=True)
    counts = dict(zip(counted[words.name].to_list(), counted["count"].to_list(), strict=True))
    if numbers is not None:
        labels = sorted(counts, key=dict(zip(words.to_list(), numbers.to_list(), strict=True)).__getitem__)
    else:
        labels = sorted(counts, key=lambda label: (-counts[label], label))
    positive, why = None, ""
    if task == "binary":
        positive, why = _positive(labels, counts, numeric=numbers is not None)
        labels = [next(label for label in labels if label != positive), positive]
    shown = ", ".join(f"{label} {counts[label]:,}" for label in labels[:SHOWN_WORDS])
    more = f" and {len(labels) - SHOWN_WORDS} more" if len(labels) > SHOWN_WORDS else ""
    rare = [label for label in labels if counts[label] < RARE]
    remarks = [f"rows of each: {shown}{more}", *_left_out(words)]
    if rare:
        remarks.append(f"fewer than {RARE} rows, so nothing can be told of them: {', '.join(rare[:SHOWN_WORDS])}")
    return TargetGuess(task, words, tuple(labels), positive, why, tuple(remarks))


def _positive(labels: list[str], counts: dict[str, int], *, numeric: bool) -> tuple[str, str]:
    """The label that is looked for, and why."""
    plain = {label: label.strip().casefold() for label in labels}
    for wanted in ([plain[label] in POSITIVE for label in labels], [plain[label] not in NEGATIVE for label in labels]):
        if sum(wanted) == 1:
            return labels[wanted.index(True)], "guessed by its word"
    if numeric:
        return labels[-1], "the larger number"
    return min(reversed(labels), key=counts.__getitem__), "the rarer one"


def _left_out(values: pl.Series) -> list[str]:
    return [f"{values.null_count():,} rows without it are left out"] if values.null_count() else []

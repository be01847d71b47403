"""Labels of several people, as a table of rows and labellers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import DataError
from .settings import Columns

#: Stands where somebody did not label a row.
NONE = -1
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """Who labelled what, how, and when.

    Args:
        labels: every label that somebody gave, or may give.
        labellers: by name, in alphabetical order.
        given: rows × labellers: the place of the label in `labels`, or NONE.
        moments: of each row's first label in the file; empty if nobody says when.
        first: that label.
    """

    labels: tuple[str, ...]
    labellers: tuple[str, ...]
    given: np.ndarray
    moments: tuple[datetime, ...]
    first: np.ndarray

    @property
    def rows(self) -> int:
        """How many were labelled by anybody."""
        return len(self.given)

    @property
    def shared(self) -> int:
        """How many were labelled by two or more."""
        return int(((self.given != NONE).sum(axis=1) > 1).sum())


def read_ratings(path: Path, columns: Columns, labels: Sequence[str]) -> Ratings:
    """The labels of a csv file.

    Args:
        path: of the file, with a heading.
        columns: what its columns are called.
        labels: those that may be given; without any, all are, and they are in alphabetical order.

    Raises:
        DataError: it cannot be read, lacks a column, or holds a label that there is not, or two labels by one person for one row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return _collect(path, _lines(path, csv.DictReader(stream, strict=True), columns), columns, labels)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        advice = (
            f"`file` of configs/labelling.yaml names it: a csv with {columns.row}, {columns.labeller}, {columns.label}."
        )
        raise DataError(f"{path}, of labels, cannot be read: {error}.", advice) from None


def _lines(path: Path, reader: csv.DictReader[str], columns: Columns) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The lines that hold a label, by number."""
    wanted = [columns.row, columns.labeller, columns.label, *([columns.moment] if columns.moment else [])]
    if absent := [name for name in wanted if name not in (reader.fieldnames or ())]:
        raise DataError(
            f"{path}, of labels, has no column {', '.join(absent)}.",
            "Say in `columns` of configs/labelling.yaml what its columns are called.",
        )
    for line in reader:
        if line[columns.label]:
            yield reader.line_num, line


def _collect(
    path: Path, lines: Iterator[tuple[int, Mapping[str, str]]], columns: Columns, labels: Sequence[str]
) -> Ratings:
    given: dict[str, dict[str, str]] = {}
    moments: dict[str, datetime] = {}
    problems: list[str] = []
    for number, line in lines:
        row, labeller, label = (line[name] or "" for name in (columns.row, columns.labeller, columns.label))
        if not row or not labeller:
            problems.append(f"line {number}: a label of nothing, or of nobody")
        if labels and label not in labels:
            problems.append(f"line {number}: `{label}` is no label of the contract")
        if given.setdefault(row, {}).setdefault(labeller, label) != label:
            problems.append(f"line {number}: a second label by the same person for the same row")
        if columns.moment:
            try:
                moments.setdefault(row, _moment(line[columns.moment]))
            except ValueError:
                problems.append(f"line {number}: `{line[columns.moment]}` is no moment")
    if problems:
        more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        said = "\n".join(islice(problems, _SHOWN))
        raise DataError(f"{path}, of labels, holds what it must not:\n{said}{more}", "Mend these lines.")
    return _ratings(given, tuple(moments.values()), labels)


def _ratings(given: Mapping[str, Mapping[str, str]], moments: tuple[datetime, ...], labels: Sequence[str]) -> Ratings:
    known = tuple(labels) or tuple(sorted({label for by in given.values() for label in by.values()}))
    places = {label: place for place, label in enumerate(known)}
    labellers = tuple(sorted({name for by in given.values() for name in by}))
    at = {name: place for place, name in enumerate(labellers)}
    table = np.full((len(given), len(labellers)), NONE, dtype=np.int64)
    for row, by in enumerate(given.values()):
        for labeller, label in by.items():
            table[row, at[labeller]] = places[label]
    first = np.array([places[next(iter(by.values()))] for by in given.values()], dtype=np.int64)
    return Ratings(labels=known, labellers=labellers, given=table, moments=moments, first=first)


def _moment(text: str | None) -> datetime:
    # Periods are of the calendar: whoever wrote the moment knows of which place.
    return datetime.fromisoformat(text or "").replace(tzinfo=None)

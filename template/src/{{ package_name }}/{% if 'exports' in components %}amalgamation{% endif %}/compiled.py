"""The C source as this machine's compiler makes it, called row by row, and held to what the exported graph says."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ..contract.types import CategoryColumn
from ..export.parity import MOST_ROWS, hard_cases, shares_of_tolerance
from ..features.frame import columns_of
from ..predictor.encoding import encode
from ..predictor.predictor import Predictor
from .source import Source

#: The language of 1999, and no warning unheard; sums are added up as they are written.
FLAGS = ("-std=c99", "-Wall", "-Werror", "-O2", "-ffp-contract=off")
_MOST_SECONDS = 300


class NotCompiledError(Exception):
    """There is no compiler, or it refuses the source; says which."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many rows were compared, the largest difference, also as a share of what is allowed; labels that do not follow."""

    rows: int
    largest: float
    share_of_allowed: float
    other_labels: int


@dataclass(frozen=True, kw_only=True)
class Library:
    """What was compiled, and the name that its functions begin with."""

    name: str
    path: Path


def compiler() -> list[str]:
    """The command of a C compiler: that of the environment variable CC, or cc; raises `NotCompiledError`."""
    command = shlex.split(os.environ.get("CC", "cc"))
    if not command or shutil.which(command[0]) is None:
        raise NotCompiledError("there is no C compiler here to prove it with (cc, or what CC names)")
    return command


def compile_source(source: Source, folder: Path) -> Library:
    """A library of the source that this process can load; raises `NotCompiledError`."""
    library = folder / f"{source.name}.so"
    for kind, text in (("c", source.code), ("h", source.header)):
        (folder / f"{source.name}.{kind}").write_text(text, encoding="ascii")
    command = [*compiler(), *FLAGS, "-shared", "-fPIC", "-o", str(library), str(folder / f"{source.name}.c"), "-lm"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)  # noqa: S603 - of the user
    except subprocess.TimeoutExpired:
        raise NotCompiledError(f"the compiler is not done after {_MOST_SECONDS} s") from None
    if done.returncode:
        raise NotCompiledError(f"the compiler refuses it: {done.stderr.strip().partition(chr(10))[0]}")
    return Library(name=source.name, path=library)


def compare(made: Library, exported: Predictor, holdout: pl.DataFrame, seed: int, allowed: float) -> Compared:
    """The raw rows of the hold-out and hard cases made of them, through the graph and through C."""
    contract = exported.contract
    rows = holdout[list(contract.columns)]
    rows = rows.sample(MOST_ROWS, seed=seed) if len(rows) > MOST_ROWS else rows
    table = pl.concat([rows, hard_cases(contract, rows, seed)[0]])
    # Where C's texts end, another word begins.
    words = [name for name, column in contract.columns.items() if isinstance(column, CategoryColumn)]
    table = table.filter(
        ~pl.any_horizontal(
            pl.lit(value=False), *(pl.col(word).fill_null("").str.contains("\0", literal=True) for word in words)
        )
    )
    said = exported.predict(columns_of(contract, table))
    expected = said.values[:, None] if said.probabilities is None else said.probabilities
    outputs, labels = _called(made, encode(contract, columns_of(contract, table)), expected.shape)
    difference = np.abs(outputs - expected).max(axis=1)
    # A probability at the threshold may fall on either side; equal ones may not.
    other = np.zeros(len(table), dtype=bool) if said.labels is None else (labels != said.labels) & (difference == 0)
    return Compared(
        rows=len(table),
        largest=float(difference.max()),
        share_of_allowed=float(shares_of_tolerance(expected.astype(np.float64), outputs, allowed).max()),
        other_labels=int(other.sum()),
    )


def _called(made: Library, feeds: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Outputs [N, outputs] and what is returned [N]."""
    predict = getattr(ctypes.CDLL(str(made.path)), f"{made.name}_predict")
    predict.restype = ctypes.c_int
    outputs, labels = np.full(shape, np.nan, dtype=np.float32), np.zeros(shape[0], dtype=np.int64)
    numbers, words = feeds.get("numbers"), feeds.get("categories")
    for row in range(shape[0]):
        given = None if numbers is None else np.ascontiguousarray(numbers[row]).ctypes.data_as(ctypes.c_void_p)
        texts = None if words is None else (ctypes.c_char_p * len(words[row]))(*(word.encode() for word in words[row]))
        labels[row] = predict(given, texts, outputs[row].ctypes.data_as(ctypes.c_void_p))
    return outputs.astype(np.float64), labels

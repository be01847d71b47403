"""What tells one row from another, for good: to know later which rows a model learnt from."""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from ..artifacts import parts_of
from .types import Contract


def row_digests(rows: pl.DataFrame | pl.LazyFrame, contract: Contract) -> np.ndarray:
    """What tells each row from others, uint64 [N]: the same on each machine and in each version, in any order of rows.

    It is made of the key if the contract has one, else of features, roles and target. Equal rows have equal digests.
    Words are hashed by BLAKE2b, numbers by their bits; columns are mixed by the finaliser of SplitMix64 (Steele, Lea,
    Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
    """
    names = sorted(set(contract.key or (*contract.columns, *contract.roles, contract.target.column)))
    return np.concatenate([_digests(part) for part in parts_of(rows.select(names))])


def _digests(rows: pl.DataFrame) -> np.ndarray:
    digests = np.zeros(len(rows), dtype=np.uint64)
    for name in rows.columns:
        digests = _mixed(digests ^ _mixed(_bits(rows[name]) ^ _of_word(f"column {name}")))
    return digests


def _bits(values: pl.Series) -> np.ndarray:
    """A number for each value, uint64 [N]; numbers of any type have the bits of their float64."""
    if values.dtype == pl.String:
        known = values.drop_nulls().unique()
        hashed = pl.Series(np.frombuffer(b"".join(map(_hash, known)), dtype="<u8"), dtype=pl.UInt64)
        bits = values.replace_strict(known, hashed, default=None, return_dtype=pl.UInt64)
        return bits.fill_null(int(_MISSING)).to_numpy().astype(np.uint64)
    if values.dtype.is_temporal():
        values = values.cast(pl.Datetime("us")).cast(pl.Int64)
    # Adding 0 turns -0 into 0.
    numbers = values.cast(pl.Float64).fill_null(np.nan).to_numpy() + 0.0
    return np.where(np.isnan(numbers), _MISSING, numbers.view(np.uint64))


def _hash(word: str) -> bytes:
    return hashlib.blake2b(word.encode(), digest_size=8).digest()


def _of_word(word: str) -> np.uint64:
    return np.uint64(int.from_bytes(_hash(word), "little"))


_MISSING = _of_word("missing")


def _mixed(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(values ^ (values >> np.uint64(31)))

"""What steps hand to each other: every file that the project writes, with its one reader and its one writer.

A file is written whole beside its place and renamed: a step that is stopped, or finds the disk full, leaves the old one.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from .errors import DataError
from .progress import followed

Value = TypeVar("Value")

#: Of a table that is read, looked through or written part by part: in memory at once, at most.
ROWS_AT_ONCE = 50_000
CELLS_AT_ONCE = 5_000_000


@dataclass(frozen=True)
class Artifact(Generic[Value]):
    """A file or folder below the project's root."""

    path: str
    read: Callable[[Path], Value]
    write: Callable[[Path, Value], None]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside a file or folder; what is there at the end of the block replaces it in one step.

    Raises:
        DataError: it cannot be written; what was there is as it was.
    """
    with beside(path) as place:
        yield place
        _sync(place)
        if path.is_dir():
            path.rename(place.parent / "before")
        place.replace(path)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A place for a file or folder on the disk of another, for as long as the block lasts.

    Raises:
        DataError: it cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}.", dir=path.parent, ignore_cleanup_errors=True)
        with scratch as folder:
            yield Path(folder) / path.name


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Work on a file or folder that may fail as the disk is full, or nobody may write there: raises `DataError` then."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Make room, or make the folder writable; what was there before is as it was.",
        ) from error


def clear_beside(path: Path) -> None:
    """Remove what a step that was killed had begun to write beside a file or folder; nobody else may be at work there."""
    for scrap in path.parent.glob(f".{glob.escape(path.name[:40])}.*"):
        shutil.rmtree(scrap, ignore_errors=True)


def _sync(path: Path) -> None:
    """Put a file, or those in a folder, on the disk before it takes its name."""
    for file in path.iterdir() if path.is_dir() else [path]:
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
        # Temporary files are for their owner only; this one is for whom the umask lets.
        file.chmod(0o666 & ~_umask())


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def read_table(path: Path) -> Any:
    """A file of `write_table` as a polars DataFrame."""
    import polars as pl

    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)


def scan_table(path: Path) -> Any:
    """A parquet file as a polars LazyFrame: its rows are read when they are asked for, and as many as are."""
    import polars as pl

    return pl.scan_parquet(path, glob=False)


def write_table(path: Path, table: Any) -> None:
    """A polars DataFrame or LazyFrame, or parts of one after the other, as a parquet file if it is called so, else as csv."""
    from polars.selectors import datetime

    moments = datetime(time_zone="*").dt.to_string("iso:strict")  # As the service writes them: +00:00.
    # By way of a file of Python's: polars has no word for a full disk that could be told from a bug.
    with path.open("wb") as stream:
        if path.suffix == ".parquet":
            _write_parquet(stream, followed(parts_of(table)))
        else:
            for place, part in enumerate(parts_of(table)):
                content = BytesIO()
                part.with_columns(moments).write_csv(content, include_header=not place)
                # The bytes are not copied: an error that holds a view of them brings Python 3.12 down at its end.
                stream.write(content.getvalue())


def parts_of(table: Any) -> Iterator[Any]:
    """A polars DataFrame or LazyFrame in parts, or parts as they are; there is always one, perhaps without rows."""
    import polars as pl

    if isinstance(table, pl.LazyFrame):
        schema = table.collect_schema()
        size = rows_at_once(len(schema))
        parts = iter(table.collect_batches(chunk_size=size, maintain_order=True, engine="streaming"))
        yield next(parts, pl.DataFrame(schema=schema))
        yield from parts
    elif isinstance(table, pl.DataFrame):
        yield from table.iter_slices(rows_at_once(table.width)) if len(table) else [table]
    else:
        yield from table


def rows_at_once(columns: int) -> int:
    """Rows of a part of a table: `ROWS_AT_ONCE`, or fewer where there are many columns."""
    return max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // max(1, columns)))


def _write_parquet(stream: IO[bytes], parts: Iterator[Any]) -> None:
    import polars as pl
    import pyarrow.parquet as pq

    first = next(parts).to_arrow(compat_level=pl.CompatLevel.oldest())
    with pq.ParquetWriter(stream, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for part in parts:
            if len(part):
                writer.write_table(part.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _read_tables(path: Path) -> dict[str, Any]:
    return {file.stem: scan_table(file) for file in sorted(path.glob("*.parquet"))}


def _write_tables(path: Path, tables: Mapping[str, Any]) -> None:
    path.mkdir()
    for name, table in tables.items():
        write_table(path / f"{name}.parquet", table)


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """A report that people and DVC read: keys in order, one a line; NaN has no place in it."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _read_trained(path: Path) -> Any:
    import joblib

    return joblib.load(path)


def _write_trained(path: Path, value: Any) -> None:
    import joblib

    joblib.dump(value, path)


def _table(path: str) -> Artifact[Any]:
    return Artifact(path, read_table, write_table)


def report(path: str) -> Artifact[dict[str, Any]]:
    """A JSON file that people and DVC read."""
    return Artifact(path, _read_json, write_json)


def binary(path: str) -> Artifact[bytes]:
    """A file of bytes."""
    return Artifact(path, Path.read_bytes, lambda place, content: _none(place.write_bytes(content)))


def _none(_: object) -> None:
    return None


#: What each source that is no file held when it was asked, by name.
FINGERPRINTS = report("data/interim/fingerprints.json")
#: Tables as read, one a source, with the line of each row: read as LazyFrames, written from anything that `parts_of` takes.
TABLES: Artifact[dict[str, Any]] = Artifact("data/interim/tables", _read_tables, _write_tables)
#: What was checked and counted.
VALIDATION = report("reports/validation.json")
#: The rows of the contract: features, target and roles; read as a LazyFrame.
ROWS: Artifact[Any] = Artifact("data/interim/rows.parquet", scan_table, write_table)
TRAIN = _table("data/processed/train.parquet")
HOLDOUT = _table("data/processed/holdout.parquet")
#: How the rows were divided, and what that flatters.
SPLIT = report("reports/split.json")
#: By candidate, the settings that a search found better.
TUNED = report("models/artifacts/tuned.json")
#: The chosen candidate and the baseline, fitted on all training rows: models.candidate.Trained. It is a pickle, which runs
#: what its maker wants: it stays on the machine that trained.
TRAINED = Artifact("models/artifacts/trained.joblib", _read_trained, _write_trained)
#: Mean and standard deviation of each candidate's scores over the folds.
COMPARISON = _table("reports/comparison.csv")
#: Scores on the hold-out, each with its interval, and whether the model is accepted.
METRICS = report("reports/metrics.json")
#: What the analyses found, by name, each with its objections.
ANALYSIS = report("reports/analysis.json")
#: The exported graph, before it is registered.
CANDIDATE = binary("models/artifacts/candidate.onnx")
#: The chosen model as scikit-learn knows it, without pickle: what `export.native` reads.
NATIVE = binary("models/artifacts/model.skops")
#: A request that the service answers.
REQUEST = report("models/request.json")
PARITY = report("reports/parity.json")
#: The graph that is served: the one that holds the alias.
MODEL = binary("models/model.onnx")
#: Digests of the rows that the candidate learnt from, kept with a registered model.
LEARNT: Artifact[Any] = _table("models/artifacts/training_rows.parquet")
REGISTERED = report("reports/registered.json")

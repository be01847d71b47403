"""Predict each row of a csv or parquet file with the exported model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..artifacts import HOLDOUT, MODEL, whole, write_table
from ..counts import counted
from ..steps import SOURCES
from ..threads import ahead, cores
from .serve import PLACE

if TYPE_CHECKING:
    import polars as pl

    from ..contract.types import Contract
    from ..data_loaders.base import Loader
    from ..predictor.predictor import Predictions, Predictor

OUTPUT = Path("data/processed/predictions.csv")


def run(
    source: Annotated[Path | None, typer.Option("--input", help="With the model's columns; else the hold-out.")] = None,
    output: Annotated[Path, typer.Option(help="csv or parquet; missing folders are made.")] = OUTPUT,
    model: Annotated[str, typer.Option(envvar="MODEL_PATH", help=PLACE)] = MODEL.path,
) -> None:
    """Write one prediction a row, in the same order, numbered from 1; the key, time and group of the rows stand in front.

    Raises:
        DataError: the file cannot be read, lacks a column, or holds what the service would refuse; or it is the output, or
            that cannot be written.
    """
    from ..features.frame import columns_of
    from ..predictor.origin import place_of
    from ..serving.sources import source_of

    path = source or Path(HOLDOUT.path)
    protect(path, place_of(model).file, output)
    pool = ThreadPoolExecutor(cores(), thread_name_prefix="predict")
    predictor = replace(source_of(model).load().predictor(), each=pool.map)
    unseen: Counter[str] = Counter()
    rows = 0

    def predicted(part: pl.DataFrame) -> pl.DataFrame:
        nonlocal rows
        columns = columns_of(predictor.contract, part)
        unseen.update(predictor.unseen(columns))
        before, rows = rows, rows + len(part)
        return _result(part, predictor, predictor.predict(columns), before)

    # While a part is predicted, the next is read, and the one before is written.
    with whole(output) as place, pool:
        write_table(place, ahead(map(predicted, ahead(checked(path, predictor.contract)))))
    typer.echo(f"predict   {counted(rows, 'prediction')} of {predictor.name} {predictor.version} in {output}")
    for name, count in unseen.items():
        if count:
            words = counted(count, "value is a word", "values are words")
            typer.echo(f"          column `{name}`: {words} that the model does not know")


def protect(source: Path, model: Path, output: Path) -> None:
    """Refuse an output that is the input or the model by any of its names, or that is no file."""
    from ..errors import DataError

    advice = "Name another file with --output."
    try:
        if not source.is_file():
            raise DataError(f"There is no file {source}.", "Name a csv or parquet file with --input.")
        if output.exists() and not output.is_file():
            raise DataError(f"{output} is no file that can be replaced.", advice)
        for path, what in ((source, "the input itself"), (model, "the model")):
            if output.exists() and path.exists() and output.samefile(path):
                raise DataError(f"{output} is {what}.", advice)
    except OSError as error:
        raise DataError(f"{error.filename or output} cannot be a file: {error.strerror}.", advice) from error


def read(path: Path, contract: Contract) -> pl.DataFrame:
    """All rows of a file, as `checked` gives them; raises `DataError` as that does."""
    import polars as pl

    return pl.concat(list(checked(path, contract)))


def checked(path: Path, contract: Contract) -> Iterator[pl.DataFrame]:
    """The rows of a file, a part at a time, checked as the service checks a request; only the features have their types.

    A file is read as the project's only source is written, or else as it looks. Behind a part with a fault there is none more,
    but the rest is looked through, so that all that is wrong is said.

    Raises:
        DataError: it cannot be read so, lacks a column, or holds what the contract forbids.
    """
    from ..data_loaders.base import LINE
    from ..errors import DataError
    from ..problems import Problem, merged
    from ..quality.base import find_wrong_values

    names = list(contract.columns)
    present: Counter[str] = Counter()
    faults: list[Problem] = []
    for part in _load(path, contract):
        if absent := [name for name in names if name not in part.columns]:
            there = ", ".join(name for name in part.columns if name != LINE)
            raise DataError(f"{path} lacks the columns {', '.join(absent)}.", f"It has: {there}.")
        present.update({name: part[name].count() for name in names})
        faults = merged([*faults, *find_wrong_values(part[[LINE, *names]].lazy(), contract)])
        if not faults:
            yield part
    empty = [name for name, column in contract.columns.items() if not column.missing and not present[name]]
    if problems := [*(Problem(column=name, says="missing in every row") for name in empty), *faults]:
        raise DataError("\n".join(f"{path}: {problem}" for problem in problems), "Mend or remove these rows.")


def _load(path: Path, contract: Contract) -> Iterator[pl.DataFrame]:
    """The table as the project's only source is written, or else as it looks, which is said; the first part decides that."""
    from ..data_loaders.sources import load_sources, loader_of
    from ..errors import DataError

    guessed = loader_of(path)
    sources = list(load_sources(Path(SOURCES), Path()).values()) if Path(SOURCES).is_file() else []
    if len(sources) == 1 and type(sources[0]) is type(guessed):
        known = type(guessed)(sources[0].settings.model_copy(update={"path": str(path)}))
        try:
            return _begun(known, contract)
        except DataError:
            with suppress(DataError):
                return _begun(_said(guessed), contract)
            raise
    return _begun(_said(guessed), contract)


def _begun(loader: Loader, contract: Contract) -> Iterator[pl.DataFrame]:
    """The parts of a table, of which the first has been read."""
    kinds = {name: column.kind for name, column in contract.columns.items()}
    parts = iter(loader.load(kinds, contract.time_zone))
    return chain([*islice(parts, 1)], parts)


def _said(loader: Loader) -> Loader:
    unusual = loader.settings.model_dump(include=loader.settings.model_fields_set - {"kind", "path"})
    if unusual:
        typer.echo(f"predict   read as it looks: {', '.join(f'{name} {value!r}' for name, value in unusual.items())}")
    return loader


def _result(table: pl.DataFrame, predictor: Predictor, predictions: Predictions, before: int) -> pl.DataFrame:
    """The predictions [N], with what says which row each belongs to; so many rows came before."""
    import polars as pl

    contract = predictor.contract
    named = dict.fromkeys(name for name in (*contract.key, contract.time, contract.group) if name in table.columns)
    numbers = pl.int_range(before + 1, before + len(table) + 1, eager=True)
    found: dict[str, Any] = {"row": numbers} | {name: table[name] for name in named if name}
    answers = answers_of(predictor, predictions)
    for name, values in {**answers, "model_version": pl.repeat(predictor.version, len(table), eager=True)}.items():
        # A key may be called as one of these.
        found[f"predicted {name}" if name in found else name] = values
    return pl.DataFrame(found)


def answers_of(predictor: Predictor, predictions: Predictions) -> dict[str, Any]:
    """What a model says about rows, as columns of a table: the target, how sure it is, and what is possible."""
    import polars as pl

    contract, labels = predictor.contract, predictor.contract.labels
    answers: dict[str, Any]
    if predictions.labels is None or predictions.probabilities is None:
        answers = {contract.target.column: predictions.values}
    else:
        answers = {contract.target.column: pl.Series(labels)[predictions.labels]}
        if contract.target.positive is not None:
            answers |= {"probability": predictions.values}
        else:
            answers |= {f"probability {label}": predictions.probabilities[:, k] for k, label in enumerate(labels)}
    return answers | _possible(predictor, predictions)


def _possible(predictor: Predictor, predictions: Predictions) -> dict[str, Any]:
    """What holds the outcome as often as `analyse` was asked: the lower and upper end of an interval, or by label whether it is possible."""
    limits = predictor.about.limits
    if limits is None:
        return {}
    if limits.half_width is not None:
        target, half = predictor.contract.target.column, limits.half_width
        return {f"low {target}": predictions.values - half, f"high {target}": predictions.values + half}
    if predictions.probabilities is None or limits.probability is None:
        return {}
    least = [limits.probability.get(label, 0.0) for label in predictor.contract.labels]
    possible = predictions.probabilities >= least
    # The likeliest label is in every set, so that none is empty.
    possible[range(len(possible)), predictions.probabilities.argmax(axis=1)] = True
    return {f"possible {label}": possible[:, k] for k, label in enumerate(predictor.contract.labels)}

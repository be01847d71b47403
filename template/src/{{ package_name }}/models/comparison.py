"""Judging the candidates on folds of the training rows, choosing one, and fitting it on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..discovery import discover
from ..features.encoders import frequent_words
from ..predictor.encoding import layout_of
from ..steps import Project
from ..tasks.base import Task
from .bench import Bench
from .candidate import Candidate, Folded, Trained
from .choice import Result, best_threshold, choose, worse
from .hindsight import Archive, Combiner, Corrector
from .starting import bench_of, parts_of

#: Words of a column that a trained model remembers, to count those that are new.
MOST_WORDS = 1000


@dataclass(frozen=True, kw_only=True)
class _Final:
    """The chosen model with what stands behind it, how it does on the folds, what was tried, and that in words."""

    model: Any
    result: Result
    predictions: Sequence[np.ndarray]
    tried: tuple[Result, ...] = ()
    says: str = ""


def compare(
    project: Project, rows: pl.DataFrame, tuned: Mapping[str, Mapping[str, Any]]
) -> tuple[Trained, pl.DataFrame]:
    """The chosen model, fitted on all training rows or on what steps make of them, and the scores of every candidate over the folds.

    Args:
        project: where configuration comes from.
        rows: of the contract, to learn from.
        tuned: by candidate, settings that a search found; what params.yaml sets goes before them.

    Raises:
        DataError: too few folds can be learnt from and judged.
        SettingsError: params.yaml sets what no candidate has, or a step's configuration is wrong.
    """
    candidates, contract = discover("models", Candidate), project.contract
    bench, options = bench_of(project, candidates, rows, tuned)
    parts, left_out = parts_of(project, rows, bench)
    results = bench.judge([candidates[name] for name in bench.recipes], parts)
    archive = Archive(bench, parts, [result for result in results if not result.candidate.is_baseline])
    results += [archive.combined(item, options[name]) for name, item in discover("models", Combiner).items()]
    choice = choose(results, bench.task)
    plain = bench.plain(np.arange(len(rows)))
    taught = bench.taught(plain)

    def fit(name: str) -> Any:
        return bench.fit(candidates[name], plain, taught)

    model, mixed = _fitted(choice.result.candidate, archive, options, fit)
    final = _corrected(
        _Final(model=model, result=choice.result, predictions=choice.result.predictions), archive, options
    )
    folded = Folded(
        rows=np.concatenate([part.judge for part in parts]), prediction=np.concatenate(list(final.predictions))
    )
    found = "; its settings are those of `tune`" if choice.result.candidate.name in tuned else ""
    baseline = next(name for name in bench.recipes if candidates[name].is_baseline)
    trained = Trained(
        name=choice.result.candidate.name,
        model=final.model,
        baseline=fit(baseline),
        layout=layout_of(contract),
        threshold=_threshold(bench, folded),
        vocabularies=_vocabularies(taught.sample.rows, contract),
        out_of_fold=float(final.result.values(bench.task.primary).mean()),
        folded=folded,
        note="; ".join([choice.note + found + mixed + final.says + left_out, *taught.sample.says]),
    )
    return trained, _table([*results, *final.tried], bench.task)


def _fitted(chosen: Any, archive: Archive, options: Mapping[str, Any], fit: Callable[[str], Any]) -> tuple[Any, str]:
    """The chosen model, fitted on all rows; and what it is made of, in words, if it is made of several."""
    if not isinstance(chosen, Combiner):
        return fit(chosen.name), ""
    mix = chosen.mix(options[chosen.name], archive.bench.task, archive.before(None))
    shares = {name: share for name, share in mix.items() if share > 0}
    said = ", ".join(f"{share:.2f} {name}" for name, share in shares.items())
    return chosen.build([fit(name) for name in shares], list(shares.values())), f"; it is {said}"


def _corrected(final: _Final, archive: Archive, options: Mapping[str, Any]) -> _Final:
    """With every correction behind it that makes it better on the folds by more than chance."""
    task = archive.bench.task
    for name, corrector in discover("models", Corrector).items():
        before = final.result
        learnt, result = replace(archive, results=[before]).corrected(corrector, options[name])
        if learnt is None or result is None:
            continue
        final = replace(final, tried=(*final.tried, result))
        loss = result.values(task.primary).mean()
        if not worse(before, result, task):
            final = replace(
                final, says=f"{final.says}; {name} changes nothing for sure ({loss:.4g}), so it is left out"
            )
            continue
        final = replace(
            final,
            model=learnt.behind(final.model),
            result=result,
            predictions=[learnt.apply(prediction) for prediction in final.predictions],
            says=f"{final.says}; {name} makes it {loss:.4g}",
        )
    return final


def _threshold(bench: Bench, folded: Folded) -> float | None:
    """From which probability a row is called positive, by out-of-fold predictions; fixed if the contract says so."""
    target = bench.contract.target
    if target.positive is None or target.threshold is not None:
        return target.threshold
    positive = bench.contract.labels.index(target.positive)
    happened, probability = bench.target[folded.rows] == positive, folded.prediction[:, positive]
    weight = np.ones(len(folded.rows)) if bench.weight is None else bench.weight[folded.rows]
    if target.costs is not None:
        costs = target.costs.false_positive, target.costs.false_negative
    else:
        # Balanced accuracy: a wrong row costs as much as its class is rare.
        costs = 1 / weight[~happened].sum(), 1 / weight[happened].sum()
    return best_threshold(happened, probability, costs, weight)


def _vocabularies(rows: pl.DataFrame, contract: Contract) -> dict[str, list[str]]:
    names = [name for name, column in contract.columns.items() if column.kind == "category"]
    return {name: frequent_words(rows[name].drop_nulls(), MOST_WORDS, fewest=1) for name in names}


def _table(results: Sequence[Result], task: Task) -> pl.DataFrame:
    """Mean and sample standard deviation of each metric over the folds on which it is defined."""
    columns = ["candidate", "metric", "mean", "std", "folds"]
    return pl.DataFrame(
        [
            (result.candidate.name, metric, round(float(values.mean()), 6), _deviation(values), len(values))
            for metric in task.metrics
            for result in results
            if len(values := result.values(metric))
        ],
        schema=columns,
        orient="row",
    )


def _deviation(values: np.ndarray) -> float | None:
    return round(float(values.std(ddof=1)), 6) if len(values) > 1 else None

"""Judging the candidates on folds of the training rows, choosing one, and fitting it on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from pydantic import create_model

from ..configuration import load
from ..contract.types import Contract, Section
from ..discovery import discover
from ..errors import DataError
from ..features.chains import load_features
from ..features.encoders import frequent_words
from ..features.frame import model_frame
from ..features.split import Part, folds, how
from ..predictor.encoding import layout_of
from ..steps import Project
from ..tasks.base import Task, task_of
from .bench import Bench
from .candidate import Candidate, Folded, Recipe, Trained, weights
from .choice import Result, best_threshold, choose, worse
from .hindsight import Archive, Combiner, Corrector
from .lesson import RowStep

FEWEST_FOLDS = 2
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


def compare(project: Project, rows: pl.DataFrame) -> tuple[Trained, pl.DataFrame]:
    """The chosen model, fitted on all training rows or on what steps make of them, and the scores of every candidate over the folds.

    Raises:
        DataError: too few folds can be learnt from and judged.
        SettingsError: params.yaml sets what no candidate has, or a step's configuration is wrong.
    """
    candidates, contract = discover("models", Candidate), project.contract
    bench, options = _bench(project, candidates, rows)
    parts, left_out = _parts(project, rows, bench)
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
        note="; ".join([choice.note + mixed + final.says + left_out, *taught.sample.says]),
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


def _bench(
    project: Project, candidates: Mapping[str, Candidate[Any]], rows: pl.DataFrame
) -> tuple[Bench, dict[str, Any]]:
    """The bench, with recipes of the candidates that take part; and the settings of everything that has some, by name."""
    contract, settings = project.contract, project.settings
    task, layout = task_of(contract), layout_of(contract)
    configurable: dict[str, Any] = {**candidates, **discover("models", Combiner), **discover("models", Corrector)}
    sections: dict[str, Any] = {name: (item.settings, item.settings()) for name, item in configurable.items()}
    options = dict(
        load(project.root / project.params, create_model("Models", __base__=Section, **sections), at=("models",))
    )
    features = load_features(project.root / project.params, contract, layout)
    recipes: dict[str, Recipe[Any]] = {}
    for name, candidate in candidates.items():
        recipe = Recipe(task=task, layout=layout, options=options[name], features=features, seed=settings.seed)
        if (adapted := candidate.adapt(recipe, contract, project.root)) is not None:
            recipes[name] = adapted
    bench = Bench(
        contract=contract,
        task=task,
        rows=rows,
        frame=model_frame(contract, rows),
        target=task.target(rows[contract.target.column], contract),
        weight=weights(rows, contract.weight),
        recipes=recipes,
        steps=[
            act
            for step in discover("models", RowStep).values()
            for act in step.of(project.root, contract, settings.seed)
        ],
    )
    return bench, options


def _parts(project: Project, rows: pl.DataFrame, bench: Bench) -> tuple[list[Part], str]:
    """The folds that can be learnt from and judged, and what was left out, in words."""
    contract, wanted = project.contract, project.settings.split.folds
    parts = folds(rows, contract, wanted, project.settings.seed)
    if contract.labels:
        parts = [part for part in parts if _classes(bench.target, part) > 1]
    if len(parts) < FEWEST_FOLDS:
        what = {"time": f"periods ({contract.period})", "group": f"groups (`{contract.group}`)", "random": "rows"}
        raise DataError(
            f"{len(rows)} training rows make {len(parts)} of {wanted} folds that can be learnt from and judged, and at "
            f"least {FEWEST_FOLDS} are needed: there are too few {what[how(contract)]}"
            + (", or one class only in the others." if contract.labels else "."),
            "Add rows, or change split.folds in params.yaml"
            + (", or `period` or `embargo` in configs/contract.yaml." if contract.time else "."),
        )
    missing = wanted - len(parts)
    return parts, f"; {missing} of {wanted} folds left out, empty or of one class" if missing else ""


def _classes(target: np.ndarray, part: Part) -> int:
    """The number of classes on the side that has fewer."""
    return min(len(np.unique(target[part.learn])), len(np.unique(target[part.judge])))


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

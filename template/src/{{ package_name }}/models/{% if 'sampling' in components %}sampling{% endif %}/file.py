"""configs/sampling.yaml: which steps there are, and what they make of the rows to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ...contract.types import Contract
from ...discovery import discover_classes
from ...errors import DataError, SettingsError
from ...kinds import WORDS, KindsFile
from ..lesson import RowStep, Sample
from .base import SAMPLING, RowSettings

#: A share of a class that moved by less than this is no other share.
SHIFTED = 0.01

#: All of configs/sampling.yaml.
SAMPLING_FILE = KindsFile[RowSettings](
    name="sampling",
    says="What becomes of the rows to learn from, one step after the other.",
    things="steps",
    names=WORDS,
    kinds=lambda: discover_classes("models/sampling", RowSettings),  # type: ignore[type-abstract]
)


def load_steps(path: Path, contract: Contract) -> dict[str, RowSettings]:
    """The steps of a project by the names that it gave them, in their order; none if there is no file.

    Raises:
        SettingsError: the file is wrong, with the line to mend; or a step does not fit the contract.
    """
    if not path.is_file():
        return {}
    steps = SAMPLING_FILE.load(path)
    problems = [f"{SAMPLING}: {name}: {problem}" for name, step in steps.items() for problem in step.problems(contract)]
    if problems:
        raise SettingsError("\n".join(problems), f"Mend {SAMPLING}, or take the step out.")
    return steps


def sampled(steps: Mapping[str, RowSettings], contract: Contract, seed: int, sample: Sample) -> Sample:
    """What all steps make of rows to learn from, and what became of them in words.

    Raises:
        DataError: a step leaves nothing to learn from.
    """
    now, says = replace(sample, says=()), list(sample.says)
    for position, (name, step) in enumerate(steps.items()):
        before = len(now.rows)
        random = np.random.default_rng([seed, position])
        now = step.apply(replace(now, says=()), contract, random)
        if now.rows.is_empty() or (contract.labels and now.rows[contract.target.column].n_unique() == 1):
            left = "one class only" if len(now.rows) else "none"
            raise DataError(
                f"{SAMPLING}: of {before} rows to learn from, `{name}` leaves {left}.",
                "Let the step leave more, or take it out. Folds have fewer rows than the whole (split.folds in params.yaml).",
            )
        change = len(now.rows) - before
        counted = [f"{abs(change)} rows {'more' if change > 0 else 'left out'}"] if change else []
        says += [f"{name}: {', '.join(words)}"] if (words := counted + list(now.says)) else []
    return replace(now, says=(*says, *_shifted(sample, now, contract)))


def _shifted(before: Sample, after: Sample, contract: Contract) -> list[str]:
    """A sentence if classes have other shares than in the data: what is learnt of probabilities is of these others."""
    then, now = _shares(before, contract), _shares(after, contract)
    if not len(then) or (np.abs(now - then) < SHIFTED).all():
        return []
    place = int(np.abs(now - then).argmax())
    fixed = "; target.threshold in the contract is fixed and does not follow" if contract.target.threshold else ""
    moved = f"`{contract.labels[place]}` weighs {now[place]:.1%} instead of {then[place]:.1%}"
    return [f"{moved}, so predicted probabilities are not those of the data{fixed}"]


def _shares(sample: Sample, contract: Contract) -> np.ndarray:
    """The share of each class by weight, [classes]; empty for a regression."""
    labels = sample.rows[contract.target.column].to_numpy()
    weight = np.ones(len(labels)) if sample.weight is None else sample.weight
    return np.array([weight[labels == label].sum() / weight.sum() for label in contract.labels])


def configured(root: Path, contract: Contract, seed: int) -> Sequence[Callable[[Sample], Sample]]:
    """What a project's configuration does to rows to learn from; raises `SettingsError` as `load_steps`."""
    steps = load_steps(root / SAMPLING, contract)
    return [partial(sampled, steps, contract, seed)] if steps else []


STEPS = RowStep("sampling", configured)

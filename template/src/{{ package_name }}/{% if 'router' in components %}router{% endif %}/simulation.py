"""What each policy would have done with the rows of a table whose outcomes are known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contract.types import Contract
from ..predictor.encoding import Values
from ..predictor.predictor import Predictor
from .evidence import CHAMPION, Scored, Seen, State, begin, learnt, observed
from .policies.base import Asked, Choice, Policy, decide
from .scoring import outputs_of, said_of, score_of

#: Requests between two looks of a policy: a look costs more than a decision.
LOOK = 10
#: Points of a curve.
POINTS = 200
#: Rows that are predicted one by one, to know how long one takes.
_TIMED = 200
#: Of numbers without a `scale`: so many times the champion's median error is worth nothing.
_MEDIANS = 3


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one model says of the rows [N]: as numbers, and how good that is; and how long single rows took [k]."""

    outputs: np.ndarray
    scores: np.ndarray
    seconds: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What is wrong with every model but the champion: the share of requests that it fails at, and how much slower it is."""

    failures: float = 0.0
    slower: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The requests: so many rows of the table in its order, again and again.

    Args:
        answers: by model; the champion is the first.
        requests: how many.
        rate: a second.
        keys: of each row [N], by column, as far as policies split by one.
        plant: what is wrong with the others.
        seed: of what is drawn.
    """

    answers: Mapping[str, Answers]
    requests: int
    rate: float
    keys: Mapping[str, Sequence[str]]
    plant: Plant
    seed: int


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a policy did.

    Args:
        policy: which.
        shares: by model, the share of the requests that it answered, up to each of the points of the curve [k].
        at: the number of requests at each point [k].
        failed: requests that failed.
        regret: up to each point, how much better the better model's scores would have been, in sum [k].
        score: the mean score of what was answered.
        state: at the end.
    """

    policy: Policy
    shares: Mapping[str, np.ndarray]
    at: np.ndarray
    failed: int
    regret: np.ndarray
    score: float
    state: State


def scale_of(contract: Contract, outcomes: Sequence[Any], values: np.ndarray, scale: float | None) -> float | None:
    """Of numbers, the error that is worth nothing: as configured, or from the champion's errors."""
    if contract.labels or scale is not None:
        return scale
    median = float(np.median(np.abs(values - np.asarray(outcomes, dtype=float))))
    return _MEDIANS * median or 1.0


def answers_of(
    model: Predictor, columns: Mapping[str, Values], outcomes: Sequence[Any], scale: float | None
) -> Answers:
    """What a model says of the rows, and how good that is."""
    predictions = model.predict(columns)
    said = said_of(model.contract, predictions)
    scores = [score_of(model.contract, *pair, scale) or 0.0 for pair in zip(said, outcomes, strict=True)]
    seconds = []
    for row in range(min(_TIMED, len(outcomes))):
        one = {name: values[row : row + 1] for name, values in columns.items()}
        started = time.perf_counter()
        model.predict(one)
        seconds.append(time.perf_counter() - started)
    return Answers(outputs=outputs_of(predictions), scores=np.array(scores), seconds=np.array(seconds))


def play(policy: Policy, traffic: Traffic) -> Played:
    """The requests through one policy, each outcome known as soon as a look is due."""
    names, random = list(traffic.answers), np.random.default_rng(traffic.seed)
    chances = random.random(traffic.requests)
    timed = random.integers(0, min(len(each.seconds) for each in traffic.answers.values()), traffic.requests)
    models, failures = np.zeros(traffic.requests, dtype=np.int64), np.zeros(traffic.requests, dtype=bool)
    keys = traffic.keys.get(policy.column or "")
    rows = len(next(iter(traffic.answers.values())).outputs)
    state, seen, scored = begin(0.0), list[Seen](), list[Scored]()
    for number in range(traffic.requests):
        row, moment = number % rows, number / traffic.rate
        asked = Asked(request=f"{traffic.seed}-{number}", key=keys[row] if keys else None)
        choice = decide(policy, asked, moment, state)
        fails = choice.model != CHAMPION and chances[number] < traffic.plant.failures
        models[number], failures[number] = names.index(choice.model), fails
        seen += _seen(choice, traffic, row, int(timed[number]), fails=bool(fails))
        if policy.learns and not fails:
            scored.append(Scored(model=choice.model, score=float(traffic.answers[choice.model].scores[row])))
        if number % LOOK == LOOK - 1:
            state = policy.judge(learnt(observed(state, seen), scored), moment)
            seen, scored = [], []
    return _played(policy, traffic, models, failures, state)


def _seen(choice: Choice, traffic: Traffic, row: int, timed: int, *, fails: bool) -> list[Seen]:
    if not choice.compared:
        return []
    found = []
    for model in (choice.model, *choice.shadows):
        answers = traffic.answers[model]
        slower = 1.0 if model == CHAMPION else traffic.plant.slower
        output = None if fails else float(answers.outputs[row])
        found.append(Seen(model=model, seconds=float(answers.seconds[timed]) * slower, output=output))
    return found


def _played(policy: Policy, traffic: Traffic, models: np.ndarray, failures: np.ndarray, state: State) -> Played:
    scores = np.stack([each.scores for each in traffic.answers.values()])
    rows = np.arange(traffic.requests) % scores.shape[1]
    got = np.where(failures, 0.0, scores[models, rows])
    best = scores[scores.mean(axis=1).argmax(), rows]
    at = np.unique(np.linspace(traffic.requests / POINTS, traffic.requests, POINTS).astype(int))
    width = np.diff(at, prepend=0)
    return Played(
        policy=policy,
        shares={
            name: np.diff(np.cumsum(models == index)[at - 1], prepend=0) / width
            for index, name in enumerate(traffic.answers)
        },
        at=at,
        failed=int(failures.sum()),
        regret=np.cumsum(best - got)[at - 1],
        score=float(got.mean()),
        state=state,
    )

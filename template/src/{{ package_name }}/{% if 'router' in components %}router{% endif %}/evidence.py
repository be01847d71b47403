"""What is seen of models while a policy decides: values that grow, and never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from .sequential import Scores

#: The model that the service would have without a router.
CHAMPION = "champion"
#: Values of a stage that are kept to be compared; what comes later only counts.
MOST_VALUES = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What one request was like for one model.

    Args:
        model: its name in the deployment.
        seconds: how long its prediction took.
        output: the prediction as one number; None if it failed.
        compared: whether it is among those by which models are compared.
        apart: for a shadow, how far its output is from that of the model that answered; None if it was none.
    """

    model: str
    seconds: float
    output: float | None
    compared: bool = True
    apart: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """How good a prediction was, now that its outcome is known: from 0 to 1."""

    model: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was seen of one model since a stage of a policy began.

    Args:
        requests: that it was asked.
        failures: of them, that it could not answer.
        seconds: of its first answers.
        outputs: its first answers, each as one number.
        apart: as a shadow, how far its answers were from those that were given, each from 0 to 1.
        scores: of its answers whose outcome is known.
    """

    requests: int = 0
    failures: int = 0
    seconds: tuple[float, ...] = ()
    outputs: tuple[float, ...] = ()
    apart: Scores = field(default_factory=Scores)
    scores: Scores = field(default_factory=Scores)


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a policy has come.

    Args:
        began: when the policy began, in seconds since 1970.
        stage: the number of its step, from 0.
        entered: when that began.
        settled: the model that has the traffic from now on; None as long as the policy decides.
        reason: why, in words.
        evidence: by model.
    """

    began: float
    stage: int = 0
    entered: float
    settled: str | None = None
    reason: str = ""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def of(self, model: str) -> Evidence:
        """What was seen of a model."""
        return self.evidence.get(model) or Evidence()

    def settle(self, model: str, reason: str, moment: float) -> State:
        """The policy is over; a new count begins."""
        return replace(self, settled=model, reason=reason, entered=moment, evidence=_only_scores(self.evidence))

    def advance(self, moment: float) -> State:
        """The next stage; what the models were like in the one before does not count."""
        return replace(self, stage=self.stage + 1, entered=moment, evidence=_only_scores(self.evidence))


def begin(moment: float) -> State:
    """A policy that begins."""
    return State(began=moment, entered=moment)


def observed(state: State, seen: Iterable[Seen]) -> State:
    """With what some requests were like."""
    evidence = dict(state.evidence)
    for model, of_model in groupby(sorted(seen, key=_model), key=_model):
        evidence[model] = _plus(state.of(model), list(of_model))
    return replace(state, evidence=evidence)


def learnt(state: State, scored: Iterable[Scored]) -> State:
    """With how good some predictions were."""
    evidence = dict(state.evidence)
    for model, of_model in groupby(sorted(scored, key=_model), key=_model):
        before = state.of(model)
        evidence[model] = replace(before, scores=before.scores.plus([each.score for each in of_model]))
    return replace(state, evidence=evidence)


_model = attrgetter("model")


def _plus(before: Evidence, seen: Sequence[Seen]) -> Evidence:
    answered = [each for each in seen if each.output is not None and each.compared]
    room = max(MOST_VALUES - len(before.outputs), 0)
    return replace(
        before,
        requests=before.requests + len(seen),
        failures=before.failures + sum(each.output is None for each in seen),
        seconds=before.seconds + tuple(each.seconds for each in answered[:room]),
        outputs=before.outputs + tuple(each.output for each in answered[:room] if each.output is not None),
        apart=before.apart.plus([each.apart for each in seen if each.apart is not None]),
    )


def _only_scores(evidence: Mapping[str, Evidence]) -> dict[str, Evidence]:
    return {model: Evidence(scores=each.scores) for model, each in evidence.items()}

"""The policy that is followed now: decisions for requests, and what is learnt of them, from any thread."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from ..contract.types import Contract
from .deployment import Deployment
from .evidence import Scored, Seen, State, begin, learnt, observed
from .keys import Once
from .policies.base import Asked, Choice, Policy, decide
from .scoring import score_of

#: Rows whose predictions are remembered until their outcome comes; the oldest are forgotten first.
MOST_ROWS = 100_000


@dataclass(frozen=True, kw_only=True)
class Course:
    """What is followed: a policy, how far it has come, and with which versions of the models, by name."""

    policy: Policy | None
    state: State
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What models said about the rows of one request: labels or numbers [N], by model; and the key that split it."""

    key: str | None
    predicted: Mapping[str, Sequence[Any]]

    @property
    def rows(self) -> int:
        """Predictions of all models together."""
        return sum(map(len, self.predicted.values()))


class Routing:
    """Decides by a value that is replaced whole, so that a decision waits for nobody."""

    def __init__(self, deployment: Deployment, contract: Contract, clock: Callable[[], float] = time.time) -> None:
        self._deployment, self._contract, self._clock = deployment, contract, clock
        self._course = Course(policy=deployment.policy, state=begin(clock()))
        self._given: OrderedDict[str, Given] = OrderedDict()
        self._rows = 0
        self._turn = Lock()
        self.once = Once()
        #: Outcomes that came for a request that nobody remembers.
        self.strangers = 0

    @property
    def course(self) -> Course:
        """What is followed now."""
        return self._course

    def choose(self, asked: Asked) -> Choice:
        """Who answers a request."""
        course = self._course
        return decide(course.policy, asked, self._clock(), course.state)

    def change(self, policy: Policy | None) -> Course:
        """Follow another policy from now on, from its beginning."""
        with self._turn:
            self._restart(policy, self._course.versions)
        return self._course

    def resume(self, course: Course, once: Once) -> None:
        """Go on with what another process has followed."""
        with self._turn:
            self._course, self.once = course, once

    def recognise(self, versions: Mapping[str, str]) -> None:
        """Begin the policy again if a model has another version than what it has seen is about."""
        if versions == self._course.versions:
            return
        with self._turn:
            known = self._course.versions
            if any(known.get(name, version) != version for name, version in versions.items()):
                self._restart(self._course.policy, versions)
            else:
                self._course = replace(self._course, versions={**known, **versions})

    def see(self, seen: Sequence[Seen]) -> None:
        """What requests were like."""
        with self._turn:
            self._judge(observed(self._course.state, seen))

    def remember(self, request: str, given: Given) -> None:
        """What was said about a request whose outcome may come."""
        with self._turn:
            if before := self._given.get(request):
                given = replace(before, predicted={**before.predicted, **given.predicted})
                self._rows -= before.rows
            self._given[request] = given
            self._rows += given.rows
            while self._rows > MOST_ROWS:
                self._rows -= self._given.popitem(last=False)[1].rows

    def learn(self, request: str, row: int, outcome: Any) -> bool:
        """What came of a row of a request; returns whether it counts: of a request the first does, for its rows are alike."""
        with self._turn:
            given = self._given.pop(request, None)
            if given is None:
                self.strangers += 1
                return False
            self._rows -= given.rows
            if given.key is None or self.once.is_new(given.key):
                self._judge(learnt(self._course.state, self._scored(given, row, outcome)))
        return True

    def _scored(self, given: Given, row: int, outcome: Any) -> list[Scored]:
        """A score for each model that said something about the row."""
        scale = self._deployment.scale
        said = {model: rows[row] for model, rows in given.predicted.items() if row < len(rows)}
        scores = {model: score_of(self._contract, predicted, outcome, scale) for model, predicted in said.items()}
        return [Scored(model=model, score=score) for model, score in scores.items() if score is not None]

    def _judge(self, state: State) -> None:
        policy = self._course.policy
        self._course = replace(self._course, state=policy.judge(state, self._clock()) if policy else state)

    def _restart(self, policy: Policy | None, versions: Mapping[str, str]) -> None:
        self._course = Course(policy=policy, state=begin(self._clock()), versions=dict(versions))
        self.once = Once()
        self._given.clear()
        self._rows = 0

"""Requests divided among models: decided before they are parsed, looked at after they are answered."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from ...contract.types import Contract
from ...errors import SettingsError
from ...router.deployment import DEPLOYMENT, Deployment, json_of, load_deployment, misfit
from ...router.evidence import CHAMPION, Seen
from ...router.keeping import keep, resume
from ...router.policies.base import Asked, Choice, Policy
from ...router.routing import Given, Routing
from ...router.scoring import outputs_of, said_of
from ..observer import Answered, Outcome
from ..problems import RefusedError
from .aside import Aside
from .gallery import open_models
from .shadows import Shadowed, ask

if TYPE_CHECKING:
    from ..answering import Answering
    from ..models import Arrived
    from ..service import Service

#: Where what was decided is kept over restarts.
STATE = "ROUTER_STATE"
_STATE_FILE = "logs/router.json"
_KEEP_SECONDS = 10.0
_LONGEST_PAUSE = 0.1
# Runs that wait to be looked at, and requests whose answer is not there yet: bounds of memory that nobody reaches in health.
_MOST_RUNS, _MOST_SHADOWED, _MOST_PENDING = 1024, 64, 10_000

logger = logging.getLogger(__name__)


class Pending(NamedTuple):
    """A request that was given to a model, and the key that decided."""

    choice: Choice
    key: str | None


#: A run, and the requests in it that were divided, by their places.
Looked = tuple[Answered, list[tuple[int, Pending]]]
_DIVISIONS: WeakKeyDictionary[Service, Division] = WeakKeyDictionary()


def division_of(service: Service) -> Division:
    """The one of a service; raises `SettingsError`."""
    if service not in _DIVISIONS:
        _DIVISIONS[service] = Division(service)
    return _DIVISIONS[service]


class Division:
    """The models of one service, and who answers what."""

    def __init__(self, service: Service) -> None:
        """Read the configuration; raises `SettingsError`."""
        self._models = service.models
        contract = self._contract
        self.deployment = load_deployment(DEPLOYMENT, contract)
        self.gallery = open_models(self.deployment.models, contract)
        self.routing = Routing(self.deployment, contract)
        self.looking: Aside[Looked] = Aside("router", self._look, _MOST_RUNS, self._keep_at_times)
        self.shadowing: Aside[Shadowed] = Aside("shadow", self._shadow, _MOST_SHADOWED)
        self._pending: dict[str, Pending] = {}
        self._path = Path(os.environ.get(STATE) or _STATE_FILE)
        self._kept = self.routing.course
        self._kept_at = time.monotonic()
        if self.deployment.models:
            self._models.choice, self._models.rescue = self.choose, self.rescue
            self._models.others = lambda: self.gallery.models

    @property
    def _contract(self) -> Contract:
        return self._models.current.model.contract

    def open(self) -> None:
        """Go on where the last process stopped, and begin to look."""
        if self.deployment.models:
            logger.info("Deployment: %s", resume(self._path, self.deployment, self.routing))
            if problem := misfit(self._with(self.routing.course.policy), self._contract):
                logger.warning("What was kept does not fit (%s): the champion answers alone", problem)
                self.routing.change(None)
            self.routing.recognise(self.gallery.versions(self._models.current))
            self._kept = self.routing.course
            self.looking.start()
            self.shadowing.start()

    def close(self) -> None:
        """Look at what is left, and keep it."""
        self.shadowing.stop()
        self.looking.stop()
        if self.deployment.models:
            self.keep()

    def choose(self, arrived: Arrived) -> Answering:
        """Who answers a request; the champion for a model that could not be opened."""
        policy, current = self.routing.course.policy, self._models.current
        if policy is None:
            return current
        key = _key_of(arrived, current.model.contract, policy.column) if policy.column else None
        choice = self.routing.choose(Asked(request=arrived.request_id, key=key))
        chosen = current if choice.model == CHAMPION else self.gallery.models.get(choice.model)
        if chosen is None:
            return current
        if len(self._pending) >= _MOST_PENDING:
            # Refused, or given up by their clients.
            del self._pending[next(iter(self._pending))]
        self._pending[arrived.request_id] = Pending(choice, key)
        return chosen

    def rescue(self, failed: Answering, request_id: str) -> Answering | None:
        """The champion, for whatever another model could not answer; it is looked at when the champion has answered."""
        if failed is self._models.current:
            self._pending.pop(request_id, None)
        return self._models.current

    def observe(self, answered: Answered) -> None:
        """Hand over what was answered, in the event loop."""
        if not self._pending:
            return
        found = [(place, self._pending.pop(asked.request_id, None)) for place, asked in enumerate(answered.requests)]
        taken = [(place, pending) for place, pending in found if pending is not None]
        if taken:
            self.looking.hand((answered, taken))
        if shadowed := [(place, pending) for place, pending in taken if pending.choice.shadows]:
            key = {answered.requests[place].request_id: pending.key for place, pending in shadowed}
            names = shadowed[0][1].choice.shadows
            self.shadowing.hand(
                Shadowed(answered=answered, places=tuple(place for place, _ in shadowed), names=names, keys=key)
            )

    def change(self, policy: Policy | None, holder: str) -> None:
        """Follow another policy; raises `SettingsError` where it does not fit."""
        if problem := misfit(self._with(policy), self._contract):
            raise SettingsError(f"The policy does not fit: {problem}.", "Name models of configs/deployment.yaml.")
        if missing := [name for name in policy.others if name in self.gallery.wrong] if policy else []:
            raise SettingsError(self.gallery.wrong[missing[0]], "Mend its file, and load the models again.")
        self.routing.change(policy)
        logger.info("Deployment: %s follows %s", holder, json_of(policy) or "the champion alone")
        self.keep()

    def load(self) -> None:
        """Open the files of the models again; a version that has changed begins the policy anew."""
        self.gallery = open_models(self.deployment.models, self._contract)
        self.routing.recognise(self.gallery.versions(self._models.current))

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """What came of predictions."""
        if self.deployment.models:
            for request_id, row, value in outcomes:
                if request_id is not None:
                    self.routing.learn(request_id, row or 0, value)

    def keep(self) -> None:
        """Write what is followed; a disk that is full changes nothing but that it is said."""
        self._kept, self._kept_at = self.routing.course, time.monotonic()
        try:
            keep(self._path, self.deployment, self.routing)
        except OSError as error:
            logger.warning("Deployment: a restart would begin anew: %s", error)

    def _with(self, policy: Policy | None) -> Deployment:
        return self.deployment.model_copy(update={"policy": policy})

    def _keep_at_times(self) -> None:
        now, kept = self.routing.course, self._kept
        decided = (now.state.stage, now.state.reason, now.policy) != (kept.state.stage, kept.state.reason, kept.policy)
        if decided:
            logger.info("Deployment: %s", now.state.reason or f"step {now.state.stage + 1}")
        if decided or (now is not kept and time.monotonic() - self._kept_at > _KEEP_SECONDS):
            self.keep()

    def _look(self, runs: list[Looked]) -> None:
        self.routing.recognise(self.gallery.versions(self._models.current))
        self.routing.see([seen for run in runs for seen in self._seen(*run)])
        self._keep_at_times()

    def _seen(self, answered: Answered, taken: list[tuple[int, Pending]]) -> Iterator[Seen]:
        outputs, said = outputs_of(answered.predictions), said_of(answered.model.contract, answered.predictions)
        for place, (choice, key) in taken:
            asked = answered.requests[place]
            chosen = self._models.current if choice.model == CHAMPION else self.gallery.models.get(choice.model)
            who = choice.model if chosen is not None and chosen.model is answered.model else CHAMPION
            output = float(outputs[asked.first]) if who == choice.model else None
            yield Seen(model=choice.model, seconds=asked.seconds, output=output, compared=choice.compared)
            if self._learns(choice):
                rows = said[asked.first : asked.first + asked.rows]
                self.routing.remember(asked.request_id, Given(key=key, predicted={who: rows}))

    def _learns(self, choice: Choice) -> bool:
        policy = self.routing.course.policy
        return bool(choice.shadows) or (policy is not None and policy.learns)

    def _shadow(self, runs: list[Shadowed]) -> None:
        for shadowed in runs:
            started = time.perf_counter()
            for name in shadowed.names:
                if (answering := self.gallery.models.get(name)) is not None:
                    seen, given = ask(name, answering, shadowed)
                    self.routing.see(seen)
                    for request_id, each in given.items():
                        self.routing.remember(request_id, each)
            # Half of the time is the champion's alone.
            time.sleep(min(time.perf_counter() - started, _LONGEST_PAUSE))


def _key_of(arrived: Arrived, contract: Contract, column: str) -> str | None:
    """The value of a column in the first row; None where there is none, or the request is refused anyway."""
    if column not in contract.columns:
        return None
    try:
        value = arrived.rows()[0][list(contract.columns).index(column)]
    except RefusedError:
        return None
    return None if value is None else str(value)

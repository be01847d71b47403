"""What a policy is: settings that cannot change, a decision a request, and a judgement of what was seen."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Self, get_args

from pydantic import AfterValidator, Field

from ...contract.types import Section
from ..evidence import CHAMPION, Evidence, State
from ..sequential import is_beyond


def _no_champion(name: str) -> str:
    if name == CHAMPION:
        raise ValueError("`champion` is what the service has without a router; name another model")
    return name


#: A model of the deployment besides the champion.
Other = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]{0,59}$"), AfterValidator(_no_champion)]
Others = Annotated[tuple[Other, ...], Field(strict=False, min_length=1)]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(gt=0)]
#: A share that is neither nothing nor all.
Part = Annotated[float, Field(gt=0, lt=1)]
Failures = Annotated[Part, Field(description="The share of its requests that the challenger may fail at.")]
Sureness = Annotated[
    Part, Field(description="How sure the policy has to be, however often it looks, before it acts on a difference.")
]
CHALLENGER = "challenger"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request, as far as policies look at it.

    Args:
        request: its id.
        key: the value of the column by which the policy splits; None if there is none.
    """

    request: str
    key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Who answers a request.

    Args:
        model: whose answer is given.
        shadows: who is asked, too, for nobody to see.
        compared: whether the answer is among those by which models are compared.
    """

    model: str
    shadows: tuple[str, ...] = ()
    compared: bool = True


class Policy(Section):
    """Which model answers. Every decision follows from the settings, the request, the moment and the state alone."""

    kind: str

    @classmethod
    def of(cls, others: tuple[str, ...]) -> Self:
        """A policy as it is by default, with some models; the first is the challenger."""
        (kind,) = get_args(cls.model_fields["kind"].annotation)
        said = {"kind": kind, "challenger": others[0], "green": others[0], "shadows": others, "arms": others}
        return cls.model_validate({name: value for name, value in said.items() if name in cls.model_fields})

    @property
    @abstractmethod
    def others(self) -> tuple[str, ...]:
        """The models that it needs besides the champion."""

    @property
    def column(self) -> str | None:
        """The column whose value, rather than the request's id, says on which side a request is."""
        return None

    @property
    def learns(self) -> bool:
        """Whether it decides by outcomes."""
        return False

    @abstractmethod
    def choose(self, asked: Asked, moment: float, state: State) -> Choice:
        """Who answers, as long as nothing is settled."""

    def judge(self, state: State, moment: float) -> State:  # noqa: ARG002 - what others look at
        """The state after a look at what was seen."""
        return state


def decide(policy: Policy | None, asked: Asked, moment: float, state: State) -> Choice:
    """Who answers a request; without a policy, the champion."""
    if state.settled is not None:
        return Choice(model=state.settled)
    return policy.choose(asked, moment, state) if policy else Choice(model=CHAMPION)


def failing(evidence: Evidence, most: float, alpha: float) -> str:
    """That a model fails at more requests than it may, in words; nothing if that is not sure."""
    if not is_beyond(evidence.failures, evidence.requests, most, alpha):
        return ""
    return f"it failed at {evidence.failures} of {evidence.requests} requests, where {most:g} of them may fail"


def withdraw(state: State, model: str, most: float, alpha: float, moment: float) -> State:
    """The state in which the champion answers, if a model fails at too many requests; else the same."""
    if state.settled == CHAMPION or not (reason := failing(state.of(model), most, alpha)):
        return state
    return state.settle(CHAMPION, f"{model} is withdrawn: {reason}", moment)

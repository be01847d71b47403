"""reports/simulation.html: the traffic of each model under each policy, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..plotting.figures import BROAD, Line, Sheet, lines
from ..plotting.page import fill
from ..plotting.wording import share_tick, tick
from .policies.ab import AB
from .simulation import Played, Traffic

TEMPLATE = Path(__file__).with_name("page.html.j2")


@dataclass(frozen=True)
class Picture:
    """A drawing, and what it shows."""

    caption: str
    drawing: Markup


def render(traffic: Traffic, played: Sequence[Played], facts: Mapping[str, Any]) -> str:
    """The page as HTML that loads nothing."""
    sheet = Sheet()
    policies = [
        {
            "kind": each.policy.kind,
            "says": (type(each.policy).__doc__ or "").partition("\n")[0],
            "settings": each.policy.model_dump(exclude={"kind"}, mode="json"),
            "end": _end(each),
            "failed": each.failed / traffic.requests,
            "score": each.score,
            "regret": float(each.regret[-1]),
            "pictures": _pictures(sheet, each),
        }
        for each in played
    ]
    models = {name: float(answers.scores.mean()) for name, answers in traffic.answers.items()}
    return fill(TEMPLATE, {"policies": policies, "models": models, "traffic": traffic, "facts": facts})


def _end(played: Played) -> str:
    """In words, how it ended."""
    state, policy = played.state, played.policy
    if isinstance(policy, AB):
        found = policy.found(state)
        said = state.reason or "not sure which is better"
        return f"{said}; the scores of {policy.challenger} are {found.low:+.4f} to {found.high:+.4f} higher"
    return state.reason or (f"in step {state.stage + 1}" if state.stage else "nothing is settled")


def _pictures(sheet: Sheet, played: Played) -> list[Picture]:
    share = "Share of the requests that each model answers, from the first to the last"
    shares = [Line(name, values, values, values, tick=share_tick) for name, values in played.shares.items()]
    regret = "What was lost to the better model by then, as the sum of scores; a failed request scores 0"
    lost = Line("lost", played.regret, played.regret, played.regret, tick=tick)
    at = played.at.astype(float)
    return [
        Picture(share, sheet.draw(share, lambda axes: lines(axes, at, shares), size=BROAD)),
        Picture(regret, sheet.draw(regret, lambda axes: lines(axes, at, [lost], usual=0.0), size=BROAD)),
    ]

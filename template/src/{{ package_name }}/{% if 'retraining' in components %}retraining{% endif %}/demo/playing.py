"""A year in seconds: rows go through the real service into the real log, and the loop looks once a week."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ...artifacts import MODEL
from ...monitoring.history import History
from ...monitoring.judging import alarms
from ...registry.deploying import deployed
from ...registry.entry import Entry
from ...registry.witness import seen
from ...serving.answering import Answering
from ...serving.feedback.labels import LabelReader
from ...serving.feedback.store import LabelStore
from ...serving.models import Models
from ...serving.recording.settings import FOLDER
from ...serving.rest.predict import PredictForm
from ...serving.service import Service
from ...steps import Project
from ..agent import round_of
from ..loop import Loop
from .ground import WEEK_ROWS
from .played import Event, Played
from .scenarios import WEEKS, Scenario
from .world import World

#: Where the year begins; monitoring takes files to be younger than their records.
BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
WEEK = timedelta(weeks=1)
LOG = Path("logs/predictions")
_REQUEST_ROWS = 16


@dataclass(kw_only=True)
class Clock:
    """A clock that somebody turns."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        """The moment."""
        return self.now

    def seconds(self) -> float:
        """Since 1970, as the service asks."""
        return self.now.timestamp()


@dataclass(kw_only=True)
class Year:
    """A year while it is played.

    Args:
        waiting: outcomes that are not known yet, with the moment in which they will be.
    """

    loop: Loop
    clock: Clock
    world: World
    scenario: Scenario
    is_planted: bool
    random: np.random.Generator
    waiting: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    rows: int = 0

    async def play(self) -> None:
        """All weeks, one after the other."""
        path = self.loop.project.root / MODEL.path
        served = deployed(path)
        service = Service(Models(Answering.load(path)), clock=self.clock.seconds)
        for week in range(WEEKS):
            service.open()
            await self.serve(service, week)
            # What waits to be written is written, as at a restart.
            service.close()
            self.tell_outcomes()
            self._look(week)
            if deployed(path) != served:
                service.models.publish(Answering.load(path))
                served = deployed(path)

    async def serve(self, service: Service, week: int) -> None:
        """The requests of a week, evenly."""
        scenario, begin = self.scenario, BEGIN + week * WEEK
        holds = self.is_planted and scenario.is_planted(week)
        draw = scenario.rows if holds and scenario.rows else lambda world, random, count: world.draw(random, count)
        rows = draw(self.world, self.random, WEEK_ROWS)
        outcomes = self.world.outcomes(self.random, rows, turned=holds and scenario.turned)
        right: list[float] = []
        for first in range(0, len(rows), _REQUEST_ROWS):
            self.clock.now = begin + WEEK * first / len(rows)
            some, name = rows[first : first + _REQUEST_ROWS], f"week-{week}-{first}"
            answer = await service.ask(PredictForm(), json.dumps({"instances": some}).encode(), name, ())
            said = json.loads(answer)["predictions"]
            for row, (prediction, outcome) in enumerate(zip(said, outcomes[first:], strict=False)):
                right.append(_right(prediction, outcome))
                known = self.clock.now + scenario.delay * WEEK
                label = {"request_id": name, "row": row, "outcome": outcome, "moment": known.isoformat()}
                self.waiting.append((known, label))
        self.rows += len(rows)
        self.right.append(float(np.mean(right)))
        self.clock.now = begin + WEEK - timedelta(minutes=1)

    def tell_outcomes(self) -> None:
        """Keep those that have become known."""
        due = [label for moment, label in self.waiting if moment <= self.clock.now]
        self.waiting = [item for item in self.waiting if item[0] > self.clock.now]
        if due:
            store = LabelStore(self.loop.labels())
            store.keep(LabelReader(self.world.contract).read(due))
            store.close()

    def _look(self, week: int) -> None:
        def say(line: str) -> None:
            self.lines.append(f"week {week}: {line}")

        told = round_of(self.loop, say)
        self.lines.append(f"week {week}: {told.action}: {told.says}")
        if told.is_asked:
            self.asked.append(week)
        if told.action != "wait":
            self.events.append(Event(week=week, told=told))
        last = Entry.model_validate_json(seen(self.loop.project.root)[-1])
        self.versions.append(last.champion or 0)


@contextmanager
def within(root: Path) -> Iterator[None]:
    """Be where the service of a project is started, and nowhere else: it reads its configuration there."""
    named = {FOLDER: str(root.resolve() / LOG), "ROUTER_STATE": str(root.resolve() / "logs" / "router.json")}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        with chdir(root):
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})


def play(project: Project, world: World, scenario: Scenario, *, is_planted: bool, seed: int) -> Played:
    """Play a year in a project's folder, which is changed by it."""
    clock = Clock()
    year = Year(
        loop=Loop(project=project, log=project.root / LOG, clock=clock),
        clock=clock,
        world=world,
        scenario=scenario,
        is_planted=is_planted,
        random=np.random.default_rng(seed),
    )
    with within(project.root):
        asyncio.run(year.play())
    return Played(
        scenario=scenario,
        is_planted=is_planted,
        is_own=world.is_own,
        right=year.right,
        versions=year.versions,
        drifted=_drifted(year.loop, project.root),
        asked=year.asked,
        events=year.events,
        lines=year.lines,
        rows=year.rows,
    )


def _drifted(loop: Loop, root: Path) -> list[int]:
    """Weeks, which are windows, in which an alarm stood."""
    windows = History(root / loop.monitoring.history).windows()
    return [window.index for end, window in enumerate(windows, 1) if alarms(windows[:end], loop.monitoring)]


def _right(prediction: Any, outcome: Any) -> float:
    """1 for the right label; of a number how far it is away."""
    if isinstance(prediction, dict):
        return float(prediction["label"] == outcome)
    return abs(float(prediction) - float(outcome))

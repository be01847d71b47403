"""Five things that happen to models in service, and what is right to do about each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .world import NEW_WORD, Row, World, open_words, sensor_of

WEEKS = 52
#: The share of rows that have the new word.
_NEW_SHARE = 0.3

#: Rows of a world, as many as are asked for, while what is planted holds.
Plant = Callable[[World, np.random.Generator, int], list[Row]]


def _always(_: World) -> bool:
    return True


def _has_a_sensor(world: World) -> bool:
    return sensor_of(world) is not None


def _has_open_words(world: World) -> bool:
    return open_words(world) is not None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A year.

    Args:
        name: on the command line.
        title: in the picture.
        says: what happens, and what is right, in words.
        begin: the week in which it begins.
        end: the week in which it is over; the year's end for good.
        rows: what is served meanwhile; None: rows like those before.
        turned: whether outcomes turn into the contrary meanwhile.
        delay: weeks until an outcome is known.
        alarm: in which weeks the first alarm, or the first window that is worse, may come.
        actions: what the loop does, in order.
        or_else: what may be right, too, where the rows are a project's own: its first model may know enough.
        may: whether it can be played in a world.
    """

    name: str
    title: str
    says: str
    begin: int
    end: int = WEEKS
    rows: Plant | None = None
    turned: bool = False
    delay: int = 1
    alarm: tuple[int, int]
    actions: Sequence[str]
    or_else: Sequence[str] = ()
    may: Callable[[World], bool] = _always

    def is_planted(self, week: int) -> bool:
        """Whether it holds in a week."""
        return self.begin <= week < self.end


def _shifted(world: World, random: np.random.Generator, count: int) -> list[Row]:
    return world.draw(random, count, sensor_of(world))


def _stuck(world: World, random: np.random.Generator, count: int) -> list[Row]:
    name = sensor_of(world)
    rows = world.draw(random, count)
    if name is None:
        return rows
    # The value of one row that is always the same.
    last = next(row[name] for row in world.draw(np.random.default_rng(0), count) if row[name] is not None)
    return [{**row, name: last} for row in rows]


def _with_a_new_word(world: World, random: np.random.Generator, count: int) -> list[Row]:
    name, rows = open_words(world), world.draw(random, count)
    new = random.random(count) < _NEW_SHARE
    return [{**row, name: NEW_WORD} if name and is_new else row for row, is_new in zip(rows, new, strict=True)]


SCENARIOS: Sequence[Scenario] = (
    Scenario(
        name="covariate",
        title="Other rows come",
        says="Rows come from where there were few to learn from. An alarm of drift rises; a model of the rows since "
        "then is better on them, and is promoted.",
        begin=20,
        rows=_shifted,
        alarm=(21, 22),
        actions=("promote", "watch"),
        or_else=("keep",),
        may=_has_a_sensor,
    ),
    Scenario(
        name="concept",
        title="The same rows end otherwise",
        says="Nothing shows in what is asked; only outcomes tell. The model is worse than its hold-out promised; a new "
        "one is promoted.",
        begin=20,
        turned=True,
        alarm=(21, 23),
        actions=("promote", "watch"),
    ),
    Scenario(
        name="broken_sensor",
        title="A sensor is stuck",
        says="A column has one value for ten weeks. The alarm is the same as of drift; to learn from such rows would be "
        "wrong, so it is refused, and nothing is done once the sensor is mended.",
        begin=20,
        end=30,
        rows=_stuck,
        alarm=(21, 22),
        actions=("refuse",),
        may=_has_a_sensor,
    ),
    Scenario(
        name="new_category",
        title="A word comes that nobody has seen",
        says="Three rows in ten have a new word. An alarm rises, and a model that has learnt it is promoted.",
        begin=20,
        rows=_with_a_new_word,
        alarm=(21, 22),
        actions=("promote", "watch"),
        or_else=("keep",),
        may=_has_open_words,
    ),
    Scenario(
        name="label_delay",
        title="Outcomes come late",
        says="Outcomes turn for ten weeks, and are known eight weeks later. A model that learns from them is promoted "
        "when the world is as before again: the next outcomes show that it is worse, and it is taken back.",
        begin=16,
        end=26,
        turned=True,
        delay=8,
        alarm=(25, 27),
        actions=("promote", "roll back"),
    ),
)

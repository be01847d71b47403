"""All scenarios and their twins, two at a time; their picture, and what happened in words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from ...artifacts import ROWS, scan_table, whole
from ...errors import SettingsError
from ...steps import Project
from .ground import lay
from .picture import page, picture, words
from .played import Played
from .playing import play
from .scenarios import SCENARIOS, Scenario
from .world import MADE, Again, World, made_rows, own_contract

#: Of rows and outcomes: of the world, of the first model, and of the traffic.
WORLD_SEED, FIRST_SEED, TRAFFIC_SEED = 1, 5, 11
_AT_ONCE = 2
#: Rows of the project that a world is made of, at most.
_MOST_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What there is to see.

    Args:
        played: each scenario with its twin behind it.
        left_out: names of scenarios that the rows do not allow.
    """

    played: Sequence[Played]
    left_out: Sequence[str]

    @property
    def problems(self) -> list[str]:
        """What is not as it should be, in words."""
        return [f"{each.scenario.name}: {problem}" for each in self.played for problem in each.problems()]


def world_of(root: Path, *, own: bool) -> World:
    """The world of a project's own columns and rows, or of a made table.

    Raises:
        SettingsError: there are no rows of its own.
    """
    if not own:
        return World.of(MADE, made_rows, WORLD_SEED)
    project = Project(root)
    path = root / ROWS.path
    if not path.is_file():
        raise SettingsError(f"{ROWS.path} is not there yet.", "Run `pipeline` first, or leave --own out.")
    contract = own_contract(project.contract)
    rows: pl.DataFrame = scan_table(path).select(list(contract.columns)).collect()
    world = World.of(contract, Again(rows.sample(min(len(rows), _MOST_ROWS), seed=WORLD_SEED)), WORLD_SEED)
    return replace(world, is_own=True)


def chosen(names: Sequence[str]) -> list[Scenario]:
    """The scenarios of these names, all without any; raises `SettingsError` for one that there is not."""
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(f"There is no scenario {', '.join(unknown)}.", f"There are {', '.join(known)}.")
    return [known[name] for name in names or known]


def show(root: Path, folder: Path, names: Sequence[str], say: Callable[[str], None], *, own: bool = False) -> Shown:
    """Play, and say each year as soon as it is over.

    Args:
        root: of the project.
        folder: where the years are played; it is emptied before.
        names: of scenarios; none for all.
        say: told of each year.
        own: with the project's columns and rows instead of made ones.

    Raises:
        ProjectError: the first model cannot be made.
    """
    scenarios, world = chosen(names), world_of(root, own=own)
    possible = [scenario for scenario in scenarios if scenario.may(world)]
    shutil.rmtree(folder, ignore_errors=True)
    ground = lay(folder / "first", world, root / "configs", FIRST_SEED)
    say(f"{'first model':<22} made of {world.contract.target.column} in {folder}")
    jobs = [(scenario, is_planted) for scenario in possible for is_planted in (True, False)]
    with ProcessPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(_play, root.resolve(), ground.root.resolve(), scenario.name, is_planted=is_planted, own=own)
            for scenario, is_planted in jobs
        ]
        played = []
        for future in waiting:
            played.append(future.result())
            for line in words(played[-1:]):
                say(line)
    return Shown(played=played, left_out=[each.name for each in scenarios if each not in possible])


def _play(root: Path, ground: Path, name: str, *, is_planted: bool, own: bool) -> Played:
    """A year in a process and a folder of its own."""
    (scenario,) = chosen([name])
    place = ground.parent / f"{name}-{'planted' if is_planted else 'twin'}"
    shutil.copytree(ground, place)
    return play(Project(place), world_of(root, own=own), scenario, is_planted=is_planted, seed=TRAFFIC_SEED)


def write(shown: Shown, page_path: Path, picture_path: Path, *, is_share: bool) -> None:
    """Write the page and the picture; raises `DataError` if that is not possible."""
    drawing = picture(shown.played, is_share=is_share)
    rows = sum(each.rows for each in shown.played)
    facts = (
        f"{rows:,} rows went through the service, 240 a week; the loop looked once a week. All that follows was decided "
        "by `retrain` as it is configured there, by a clock that runs fast."
    )
    for path, text in ((picture_path, drawing), (page_path, page(drawing, shown.played, facts))):
        with whole(path) as place:
            place.write_text(text, encoding="utf-8")

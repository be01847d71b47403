"""What keeps a record of where the alias of the served model was, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...discovery import discover
from ...steps import Project
from ...tracking import Registration


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """One that is asked and told by `register`.

    Args:
        name: as in messages.
        objection: before a model is compared: finishes what was stopped, and says why a model of this name and version must
            not take the alias by itself, or None.
        recording: with MLflow's client, entered when a version is there, left when the alias has moved, too.
        announce: once the served file is replaced; a line to print, or nothing.
    """

    name: str
    objection: Callable[[Project, str, str], str | None]
    recording: Callable[[Project, Any, Registration], AbstractContextManager[None]]
    announce: Callable[[Project, str], str]


@dataclass(frozen=True, kw_only=True)
class Keepers:
    """All of them, for one model of a project."""

    project: Project
    model: str
    all: tuple[Keeper, ...] = field(default_factory=lambda: tuple(discover("pipelines/keepers", Keeper).values()))

    def objection(self, version: str) -> str:
        """Why the model of this version must not take the alias by itself; nothing if it may."""
        said = [keeper.objection(self.project, self.model, version) for keeper in self.all]
        return "; ".join(filter(None, said))

    @contextmanager
    def recording(self, client: Any, made: Registration) -> Iterator[None]:
        """Around the moment in which the alias moves."""
        with ExitStack() as stack:
            for keeper in self.all:
                stack.enter_context(keeper.recording(self.project, client, made))
            yield

    def announced(self, sentence: str) -> str:
        """The sentence, and what came of telling others that the served file is replaced."""
        return "; ".join(filter(None, [sentence, *(keeper.announce(self.project, self.model) for keeper in self.all)]))

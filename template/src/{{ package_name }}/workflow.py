"""The steps together: what each reads decides the order, and each is run on inputs that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

from .artifacts import clear_beside
from .discovery import discover
from .errors import DataError
from .lineage import FOLDER, Lineage
from .progress import shown
from .steps import Project, Step


def all_steps() -> list[Step]:
    """Every step of pipelines/, each after those whose artifacts it reads; one that is guarded reads its guards' reports."""
    steps = discover("pipelines", Step)
    for guard in list(steps.values()):
        for name in guard.guards:
            steps[name] = replace(steps[name], reads=(*steps[name].reads, guard.writes[0]))
    makers = {artifact.path: step.name for step in steps.values() for artifact in step.writes}
    before = {
        name: sorted({makers[artifact.path] for artifact in step.reads if artifact.path in makers})
        for name, step in sorted(steps.items())
    }
    return [steps[name] for name in TopologicalSorter(before).static_order()]


def execute(step: Step, project: Project) -> str:
    """Run one step on inputs that belong together, and record what it made of what; returns one line about it.

    Raises:
        LineageError: an input is missing, failed, or was made from something else than what is there now.
        ProjectError: what the step itself refuses; the record says so, and no later step will run.
    """
    from threadpoolctl import threadpool_limits

    threads = project.settings.threads
    with _alone(project.root):
        lineage = Lineage(project, all_steps())
        lineage.require_current(step)
        for artifact in step.writes:
            clear_beside(project.root / artifact.path)
        with lineage.recording(step), threadpool_limits(limits=threads), shown(step.name):
            return str(step.run(project))


def execute_briefly(step: Step, project: Project) -> str:
    """As `execute`, but a step that can take long does its brief form, and nothing where what it made is current.

    Raises:
        ProjectError: as `execute`.
    """
    if step.brief is None:
        return execute(step, project)
    if Lineage(project, all_steps()).is_current(step):
        return "nothing that it depends on has changed, so what is there stays"
    return execute(replace(step, run=step.brief), project)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other step is at work in the folder: of two at once, files of one would be recorded as the other's."""
    from filelock import FileLock

    lock = FileLock(root / FOLDER / ".lock")
    try:
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise DataError(
            f"{root / FOLDER} cannot be written: {error.strerror or error}.",
            "Make room, or make the folder writable; nothing was done.",
        ) from error
    try:
        yield
    finally:
        lock.release()

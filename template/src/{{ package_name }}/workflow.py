"""The steps together: what each reads decides the order, and each is run on inputs that belong together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from .artifacts import Artifact, clear_beside, writing
from .discovery import discover
from .errors import GateError, ProjectError, SettingsError
from .lineage import FOLDER, Lineage
from .progress import shown
from .steps import Project, Step
from .threads import limited

#: The line by which an editor finds the schema of a configuration file; schemas come and go with their component.
_SCHEMA = re.compile(r"^\s*#\s*yaml-language-server:\s*\$schema=(?:\./)?([\w-]+\.schema\.json)\s*$", re.MULTILINE)


def all_steps() -> list[Step]:
    """Every step of pipelines/, each after those whose artifacts it reads; one that is guarded reads its guards' reports."""
    steps = discover("pipelines", Step)
    for guard in list(steps.values()):
        for name in guard.guards:
            steps[name] = replace(steps[name], reads=(*steps[name].reads, guard.writes[0]))
    for step in [step for step in steps.values() if step.gathers]:
        steps[step.name] = replace(step, reads=_gathered(step, steps.values()))
    makers = {artifact.path: step.name for step in steps.values() for artifact in step.writes}
    before = {
        name: sorted({makers[artifact.path] for artifact in step.reads if artifact.path in makers})
        for name, step in sorted(steps.items())
    }
    return [steps[name] for name in TopologicalSorter(before).static_order()]


def _gathered(step: Step, steps: Iterable[Step]) -> tuple[Artifact[Any], ...]:
    """What a step reads, and all that others write of what it gathers."""
    others = [artifact for other in steps if other.name != step.name for artifact in other.writes]
    found = [artifact for artifact in others if any(fnmatch(artifact.path, pattern) for pattern in step.gathers)]
    return tuple({artifact.path: artifact for artifact in (*step.reads, *found)}.values())


def without(steps: Sequence[Step], names: Collection[str]) -> list[Step]:
    """The steps without some, whose artifacts the others do without, too."""
    kept = [step for step in steps if step.name not in names]
    lost = {artifact.path for step in steps if step.name in names for artifact in step.writes}
    return [replace(step, reads=tuple(each for each in step.reads if each.path not in lost)) for step in kept]


def execute(step: Step, project: Project, steps: Sequence[Step] | None = None) -> str:
    """Run one step on inputs that belong together, and record what it made of what; returns one line about it.

    If a gate refuses it, the steps that gather reports are run all the same.

    Args:
        step: one of them.
        project: where it works.
        steps: all that there are, unless some are left out.

    Raises:
        SettingsError: params.yaml is wrong, or a file of configs/ is read by nobody.
        LineageError: an input is missing, failed, or was made from something else than what is there now.
        ProjectError: what the step itself refuses; the record says so, and no later step will run.
    """
    steps = all_steps() if steps is None else steps
    try:
        return _execute(step, project, steps)
    except GateError:
        for other in steps:
            if other.gathers and other.name != step.name:
                with suppress(ProjectError):  # What the gate says comes first.
                    _execute(other, project, steps)
        raise


def _execute(step: Step, project: Project, steps: Sequence[Step]) -> str:
    from .pipelines.observers.base import observed

    threads = project.settings.threads
    _require_readers(project.root / "configs")
    with _alone(project.root):
        lineage = Lineage(project, steps)
        if not step.gathers:
            lineage.require_current(step)
        for artifact in step.writes:
            clear_beside(project.root / artifact.path)
        with observed(project, step), lineage.recording(step), limited(threads), shown(step.name):
            return str(step.run(project))


def _require_readers(folder: Path) -> None:
    """Refuse a file that outlived its component: what it asks for, such as that personal data is hashed, would not happen."""
    for file in sorted(path for path in folder.glob("*.yaml") if path.is_file()):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} cannot be read: {error}.", "Make it a readable UTF-8 file.") from None
        for schema in _SCHEMA.findall(text):
            if not (folder / schema).exists():
                raise SettingsError(
                    f"{file} is read by nobody: the component that it sets is gone, and {schema} with it.",
                    "Remove the file, or bring the component back with `mlscaffold set`.",
                )


def execute_briefly(step: Step, project: Project, steps: Sequence[Step] | None = None) -> str:
    """As `execute`, but a step that can take long does its brief form, and nothing where what it made is current.

    Raises:
        ProjectError: as `execute`.
    """
    if step.brief is None:
        return execute(step, project, steps)
    if Lineage(project, all_steps() if steps is None else steps).is_current(step):
        return "nothing that it depends on has changed, so what is there stays"
    return execute(replace(step, run=step.brief), project, steps)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other step is at work in the folder: of two at once, files of one would be recorded as the other's."""
    from filelock import FileLock

    lock = FileLock(root / FOLDER / ".lock")
    with writing(root / FOLDER):
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()

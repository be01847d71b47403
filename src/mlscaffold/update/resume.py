"""An update that waits in a project: finished, or undone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from ..apply.journal import Ending, Journal, Outcome, Pending, Phase, exclusive
from ..errors import MachineError, PendingError, ProjectError, UntrustedTemplateError
from ..files.put import State
from ..files.scratch import scratch_folder
from ..git.index import read_index
from ..git.location import Location, located
from ..git.merge_file import has_markers
from ..preferences.trust import Trust, Trusted
from ..project.pin import PinOfTwo, check_out_recorded, pin
from ..project.record import read_recorded
from ..steps import Step
from ..template.answers import Answers
from ..template.reach import Reach
from ..template.repository import opened
from ..template.source import find_source
from ..template.tasks import make_derived, run_tasks, task_listing
from ..template.trust import require_trust_in_tasks
from .apply import Updated, run_and_close

__all__ = ["abort_update", "continue_update"]


def continue_update(
    project: Path, *, trusted: Trusted = False, cache: Path | None = None, step: Step = lambda _: None
) -> Updated:
    """Finish what waits: effects that were interrupted, conflicts that are resolved, tasks that failed.

    Raises:
        PendingError: Conflicts are left, each named.
        ProjectError: Nothing waits.
    """
    location = located(project)
    with exclusive(location, "update --continue"):
        journal = _loaded(location)
        # What may never run is refused before anything is written; what runs is judged again when it is at hand.
        if tasks := journal.pending.tasks:
            url = _ending(journal.pending).template
            if not (trusted.may_cover(url) if isinstance(trusted, Trust) else trusted):
                raise UntrustedTemplateError(url, [f"task, run after rendering: {task}" for task in tasks])
        if journal.pending.phase is Phase.APPLYING:
            journal = journal.resume()
        if journal.pending.phase is Phase.CONFLICTS:
            journal = _finish(journal)
        return run_and_close(journal, lambda: _run_tasks(project, journal.pending, trusted, cache), step=step)


def abort_update(project: Path) -> tuple[str, ...]:
    """Undo what waits: files, index and modes are as before. Return where edits made meanwhile were kept.

    Raises:
        ProjectError: Nothing waits, or commits were made since.
    """
    location = located(project)
    with exclusive(location, "update --abort"):
        return _loaded(location).abort()


def _loaded(location: Location) -> Journal:
    if (journal := Journal.load(location)) is None:
        raise ProjectError("No update waits to be finished or undone.")
    return journal


def _finish(journal: Journal) -> Journal:
    """Move the lock and the answers, once no conflict is left."""
    _refuse_unresolved(journal.location.folder, journal.pending)
    ending = _ending(journal.pending)

    def changed(before: Mapping[str, State | None]) -> Collection[str]:
        # Older journals do not say what lay there when the update was begun.
        return {path for path, state in before.items() if path in ending.seen and ending.seen[path] != state}

    with scratch_folder() as scratch:
        outcomes = [Outcome(path=path, file=None) for path in ending.gone]
        for number, (path, content) in enumerate(ending.contents.items()):
            file = scratch / str(number)
            file.write_bytes(content)
            outcomes.append(Outcome(path=path, file=file))
        return journal.finish(outcomes, changed)


def _ending(waiting: Pending) -> Ending:
    """How an update ends.

    Raises:
        MachineError: The journal does not say.
    """
    if waiting.ending is None:
        raise MachineError(
            "The journal does not say how the update ends: it is damaged.", hint="Undo it: mlscaffold update --abort."
        )
    return waiting.ending


def _refuse_unresolved(project: Path, waiting: Pending) -> None:
    unmerged = read_index(project).unmerged
    unresolved = [
        path
        for path in waiting.conflicts
        if path in unmerged or ((project / path).is_file() and has_markers((project / path).read_bytes()))
    ]
    if unresolved:
        listing = "".join(
            f"\n  {path}{'' if path in unmerged else '  (still holds conflict markers)'}" for path in unresolved
        )
        raise PendingError(
            f"These conflicts are not resolved:{listing}",
            hint="Edit each file, then `git add` it (or `git rm` it), and run: mlscaffold update --continue",
        )


def _run_tasks(project: Path, waiting: Pending, trusted: Trusted, cache: Path | None) -> None:
    """The tasks of an update that is applied already.

    Raises:
        UntrustedTemplateError: One of the versions is not trusted.
        RenderError: A task failed.
    """
    recorded, ending = read_recorded(project), _ending(waiting)
    with scratch_folder() as scratch:
        source = opened(find_source(recorded.template), cache, scratch)
        for name in ("from", "to"):
            (scratch / name).mkdir()
        before = ending.came_from or recorded.template
        old = check_out_recorded(source, before, ending.from_version, "", into=scratch / "from", cache=cache)
        target = pin(project, recorded, source=source, into=scratch / "to", cache=cache)
        if isinstance(target, PinOfTwo) and target.ahead.checkout.version == ending.to_version:
            commands = target.ahead.ownership.commands
            require_trust_in_tasks((target.ahead.checkout,), commands, trusted=trusted)
            make_derived(commands, project)
            return
        new, answers = target.checkout, Answers(values=recorded.answers, questions=())
        listed = task_listing(new, answers, project, since=old, reach=Reach(trusted=True, project=project))
        require_trust_in_tasks((old, new), listed, trusted=trusted)
        run_tasks(new, answers, project, since=old)

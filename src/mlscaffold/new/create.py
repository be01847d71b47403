"""`new`: solve the equation for a project that does not exist yet. Plan against nothing, apply, write the lock."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DestinationError, MlscaffoldError, RenderError
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.index import ignored_paths
from ..plan.actions import Plan
from ..plan.decide import plan
from ..plan.pairing import TemplateSide
from ..plan.situation import Situation
from ..preferences.trust import Trusted
from ..project.lock import LOCK_FILE, Lock, dump_lock
from ..project.make_lock import lock_of, ownership_of, remarks_on, remarks_on_answers
from ..project.record import read_recorded
from ..steps import Step
from ..template.answers import Answers, Ask, resolve_answers, suggest_defaults
from ..template.channel import RELEASES, Channel
from ..template.checkout import Checkout, check_out
from ..template.ownership import Ownership
from ..template.reach import Reach
from ..template.render import Render, render
from ..template.source import find_source
from ..template.tasks import run_tasks, task_listing
from ..template.trust import require_trust
from .destination import nearest, refuse_occupied, repository_of, take_up
from .first_commit import as_git_sees, first_commit, init, left_out
from .stage import Stage, stage

__all__ = ["Created", "NewProject", "Prepared", "create", "prepare"]


@dataclass(frozen=True, kw_only=True)
class NewProject:
    """What `new` was asked for."""

    destination: Path
    #: A URL, path or bundle; None is the built-in template.
    template: str | None = None
    #: None is the newest release.
    ref: str | None = None
    #: What the project follows from then on.
    channel: Channel = RELEASES
    #: Answers by question name, as values or text.
    given: Mapping[str, Any] = field(default_factory=dict)
    #: Defaults that go before the template's own.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    use_defaults: bool = False
    #: What may run code and look at the machine: True is whatever template this names.
    trusted: Trusted = False
    #: Leaves out the template's tasks, and what makes its derived files.
    skip_tasks: bool = False
    #: Ends with `git init` and a first commit.
    with_git: bool = True
    #: Where remote templates are mirrored.
    cache: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Everything decided and rendered, nothing written."""

    request: NewProject
    render: Render
    ownership: Ownership
    plan: Plan
    tasks: tuple[str, ...]
    #: The repository that the project becomes a part of, where there is one.
    inside: Path | None
    #: What the user should be told before.
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Created:
    """What `new` did."""

    project: Path
    lock: Lock
    plan: Plan
    #: Id of the first commit; empty inside a repository or when not wanted.
    commit: str
    #: The repository that the project lies in, where that was there before.
    inside: Path | None
    #: Files that an ignore file keeps out of the first commit: a mistake of the template, or of the repository around.
    ignored: tuple[str, ...]
    #: Rendered files that depend on a secret answer, and that the next commit would hold: none of ours does.
    secret: tuple[str, ...]
    message: str


#: Shows all answers to a person, who may change some; its second argument answers everything again from what they chose
#: against the defaults. Returns the answers to go on with. Raises UserAbortError on "no".
Review = Callable[[Answers, Callable[[Mapping[str, Any]], Answers]], Answers]


@contextlib.contextmanager
def prepare(
    request: NewProject, *, ask: Ask | None = None, review: Review | None = None, step: Step = lambda _: None
) -> Iterator[Prepared]:
    """Fetch the template, get the answers, render and plan, in a temporary folder that is gone afterwards.

    Raises:
        MlscaffoldError: One of its kinds, each with what to do; nothing has been written then.
    """
    destination = request.destination
    take_up(destination)
    refuse_occupied(destination)
    # Before anything is asked: a repository that git cannot use is not one that a project is made beside.
    inside = repository_of(destination)
    with contextlib.ExitStack() as cleanup:
        with disk_errors(destination):
            scratch = cleanup.enter_context(scratch_folder())
        step("Reading the template")
        with disk_errors(destination):
            source = find_source(request.template)
            checkout = check_out(source, request.ref, into=scratch, cache=request.cache, channel=request.channel)
        reach = require_trust(checkout, trusted=request.trusted, project=destination, rendering_only=request.skip_tasks)

        answers = _answers(request, checkout, reach, ask=ask, review=review)
        ownership = ownership_of(checkout, answers, destination)
        step("Rendering")
        with disk_errors(destination):
            result = render(
                checkout,
                answers,
                into=scratch / "render",
                folder_name=destination.name,
                reach=reach,
                cache=request.cache,
            )
        # What cannot be recorded is refused now, before anything is shown or written.
        lock_of(result, ownership, result.entries)
        yield Prepared(
            request=request,
            render=result,
            ownership=ownership,
            plan=plan(
                Situation(
                    new=TemplateSide(entries=result.entries, sources=result.sources),
                    ownership=ownership,
                    secret=result.secret,
                )
            ),
            tasks=() if request.skip_tasks else task_listing(checkout, answers, destination, reach=reach),
            inside=inside,
            notes=(*checkout.notes, *remarks_on(result), *remarks_on_answers(result)),
        )


def _answers(
    request: NewProject, checkout: Checkout, reach: Reach, *, ask: Ask | None, review: Review | None
) -> Answers:
    """What was given, what a person chooses, and defaults for all else."""
    destination = request.destination

    def answer(chosen: Mapping[str, Any], *, use_defaults: bool) -> Answers:
        return resolve_answers(
            checkout,
            destination.name,
            given={name: value for name, value in request.given.items() if name not in chosen},
            # What a person chose stays with them while its question is hidden.
            recorded=chosen,
            suggested={**suggest_defaults(nearest(destination)), **request.defaults},
            ask=ask,
            use_defaults=use_defaults,
            reach=reach,
        )

    answers = answer({}, use_defaults=request.use_defaults)
    return answers if review is None else review(answers, lambda chosen: answer(chosen, use_defaults=True))


def create(prepared: Prepared, *, step: Step = lambda _: None) -> Created:
    """Write a prepared project in one step.

    Raises:
        MlscaffoldError: The destination is as it was.
    """
    request, inside = prepared.request, prepared.inside
    if prepared.plan.collisions:
        raise DestinationError(f"In the way: {', '.join(prepared.plan.collisions)}.")
    with stage(request.destination) as staged:
        step("Writing the files")
        for action in prepared.plan.actions:
            _copy(prepared.render.root / action.path, staged.project / action.path)
        own_repository = request.with_git and inside is None
        if own_repository:
            init(staged.project)
        entries = prepared.render.entries
        if own_repository or inside is not None:
            entries = as_git_sees(prepared.plan, staged.project, request.destination)
        lock = lock_of(prepared.render, prepared.ownership, entries, channel=request.channel)
        (staged.project / LOCK_FILE).write_text(dump_lock(lock), encoding="utf-8", newline="\n")
        commit, ignored = "", frozenset[str]()
        with _where_it_ends(staged, prepared, step=step) as project:
            _read_back(project, lock)
            if own_repository:
                step("Committing")
                commit = first_commit(project, prepared.render)
                ignored = left_out(project, prepared.plan)
    if inside is not None:
        names = {*prepared.render.entries, LOCK_FILE}
        ignored = ignored_paths(request.destination, sorted(names))
    return Created(
        project=request.destination,
        lock=lock,
        plan=prepared.plan,
        commit=commit,
        inside=inside,
        ignored=tuple(sorted(ignored - prepared.render.secret)),
        secret=tuple(sorted(prepared.render.secret - ignored)),
        message=prepared.render.message,
    )


@contextlib.contextmanager
def _where_it_ends(staged: Stage, prepared: Prepared, *, step: Step) -> Iterator[Path]:
    """The project, with what the template's tasks made of it; in its place at the end, or there is none.

    Tasks run where the project will live: what they make (a virtual environment, say) may note where it is. Without
    any, the project is put there once it is whole.
    """
    if not prepared.tasks:
        yield staged.project
        staged.publish()
        return
    staged.publish(prepared.tasks)
    try:
        step("Running the template's tasks")
        run_tasks(prepared.render.checkout, prepared.render.answers, staged.destination)
        yield staged.destination
    except BaseException:
        staged.withdraw()
        raise


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _read_back(project: Path, lock: Lock) -> None:
    """Look at the project as `check` will.

    Raises:
        RenderError: It cannot be read.
    """
    try:
        if read_recorded(project).lock == lock:
            return
        why = "the lock was changed"
    except MlscaffoldError as error:
        why = error.message.replace(f"{project}{os.sep}", "").rstrip(".")
    raise RenderError(f"The project could not be read once it was made, by a task of the template, say: {why}.")

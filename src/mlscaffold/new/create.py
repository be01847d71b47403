"""`new`: solve the equation for a project that does not exist yet. Plan against nothing, apply, write the lock."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DestinationError, MachineError, MlscaffoldError, RenderError
from ..files.entry import Entry, FileMode
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.index import blob_ids, ignored_paths
from ..git.location import locate, located, newest_commit, passed_over
from ..git.process import Git, config_value, listing
from ..plan.decide import Plan, plan
from ..plan.pairing import Side
from ..plan.situation import Situation
from ..preferences.trust import Trusted
from ..project import lock as locks
from ..project.lock import Lock
from ..project.make_lock import lock_of, ownership_of, remarks_on, remarks_on_answers
from ..project.record import read_recorded
from ..steps import Step
from ..template.answers import Answers, Ask, resolve_answers, suggest_defaults
from ..template.channel import RELEASES, Channel
from ..template.checkout import Checkout, check_out
from ..template.ownership import Ownership
from ..template.render import Render, render
from ..template.source import find_source
from ..template.tasks import run_tasks, task_listing
from ..template.trust import require_trust
from .stage import Stage, finish_filling, interrupted_tasks, stage

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
    checkout: Checkout
    answers: Answers
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
    _take_up(destination)
    _refuse_occupied(destination)
    # Before anything is asked: a repository that git cannot use is not one that a project is made beside.
    inside = _repository_of(destination)
    with contextlib.ExitStack() as cleanup:
        with disk_errors(destination):
            scratch = cleanup.enter_context(scratch_folder())
        step("Reading the template")
        with disk_errors(destination):
            source = find_source(request.template)
            checkout = check_out(source, request.ref, into=scratch, cache=request.cache, channel=request.channel)
        reach = require_trust(checkout, trusted=request.trusted, project=destination, rendering_only=request.skip_tasks)

        def answer(chosen: Mapping[str, Any], *, use_defaults: bool) -> Answers:
            return resolve_answers(
                checkout,
                destination.name,
                given={name: value for name, value in request.given.items() if name not in chosen},
                # What a person chose stays with them while its question is hidden.
                recorded=chosen,
                suggested={**suggest_defaults(_nearest(destination)), **request.defaults},
                ask=ask,
                use_defaults=use_defaults,
                reach=reach,
            )

        answers = answer({}, use_defaults=request.use_defaults)
        if review is not None:
            answers = review(answers, lambda chosen: answer(chosen, use_defaults=True))
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
            checkout=checkout,
            answers=answers,
            render=result,
            ownership=ownership,
            plan=plan(
                Situation(
                    new=Side(entries=result.entries, sources=result.sources),
                    ownership=ownership,
                    secret=result.secret,
                )
            ),
            tasks=() if request.skip_tasks else task_listing(checkout, answers, destination, reach=reach),
            inside=inside,
            notes=(*checkout.notes, *remarks_on(result), *remarks_on_answers(result)),
        )


def _take_up(destination: Path) -> None:
    """Finish what an earlier run was killed in, or say what it left.

    Raises:
        DestinationError: There was one, and what became of it.
    """
    is_filled = finish_filling(destination)
    if tasks := interrupted_tasks(destination):
        raise DestinationError(
            f"An earlier run was killed while the template's tasks ran in {destination}. The project lies there; "
            f"it may lack its first commit, and what these make: {'; '.join(tasks)}.",
            hint="Run there what is missing, then commit it (git status). Or remove the folder and start anew.",
        )
    if is_filled:
        raise DestinationError(
            f"An earlier run was killed while it filled {destination}. It is finished now: the project is whole.",
            hint="Look at it: mlscaffold check. Change its answers: mlscaffold set. Or empty it and start anew.",
        )


def _refuse_occupied(destination: Path) -> None:
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise DestinationError(f"{destination} exists and is not a folder.", hint="Choose another name.")
    try:
        present = sorted(entry.name for entry in destination.iterdir()) if destination.exists() else []
        if ".git" in present and _is_empty_repository(destination):
            # Made on a git host and cloned, to be filled: the repository itself is in nobody's way.
            present.remove(".git")
    except OSError as error:
        raise DestinationError(f"Cannot look into {destination}: {error.strerror}.") from error
    if present:
        shown = ", ".join(present[:8]) + (f" and {len(present) - 8} more" if len(present) > 8 else "")
        raise DestinationError(
            f"{destination} is not empty; in the way: {shown}.",
            hint="Choose a new folder name, or empty that folder first.",
        )
    parent = _nearest(destination)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise DestinationError(f"Cannot write in {parent}.", hint="Choose a folder that you may write to.")


def _is_empty_repository(folder: Path) -> bool:
    location = locate(folder)
    return location is not None and not location.prefix and not newest_commit(Git(folder))


def _nearest(path: Path) -> Path:
    """The path, or the closest folder above it that exists."""
    while not path.exists():
        path = path.parent
    return path


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
            _init(staged.project)
        lock = _lock(prepared, staged.project, in_git=own_repository or inside is not None)
        (staged.project / locks.LOCK_FILE).write_text(locks.dump_lock(lock), encoding="utf-8", newline="\n")
        commit, ignored = "", frozenset[str]()
        with _where_it_ends(staged, prepared, step=step) as project:
            _read_back(project, lock)
            if own_repository:
                step("Committing")
                commit = _commit(project, prepared)
                ignored = _ignored(project, prepared.plan)
    if inside is not None:
        names = {*prepared.render.entries, locks.LOCK_FILE}
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
        run_tasks(prepared.checkout, prepared.answers, staged.destination)
        yield staged.destination
    except BaseException:
        staged.withdraw()
        raise


def _repository_of(destination: Path) -> Path | None:
    """The repository that the project becomes a part of; one that ignores the destination is not."""
    if (destination / ".git").exists():
        return destination
    folder = _nearest(destination.parent)
    location = locate(folder)
    if location is None and (refusal := passed_over(folder)) is not None:
        raise refusal
    if location is None or ignored_paths(folder, [str(destination)]):
        return None
    return location.top


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _lock(prepared: Prepared, project: Path, *, in_git: bool) -> Lock:
    entries = _as_git_sees(prepared, project) if in_git else prepared.render.entries
    return lock_of(prepared.render, prepared.ownership, entries, channel=prepared.request.channel)


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


def _as_git_sees(prepared: Prepared, project: Path) -> Mapping[str, Entry]:
    """Entries with the blob ids that git will give them: the project's own attributes applied."""
    made = {action.path: action.new for action in prepared.plan.actions if action.new is not None}
    destination = prepared.request.destination
    if (location := locate(destination) if (destination / ".git").exists() else None) is not None:
        # Its repository waits there: it is not laid out in the stage.
        location = dataclasses.replace(location, folder=project, top=project)
    seen = blob_ids(
        location or located(project), [path for path, entry in made.items() if entry.mode is not FileMode.SYMLINK]
    )
    return {path: Entry(mode=entry.mode, blob=seen.get(path, entry.blob)) for path, entry in made.items()}


def _init(project: Path) -> None:
    branch = config_value(project, "init.defaultBranch") or "main"
    Git(project).run("init", "-q", "--template=", "-b", branch)


def _commit(project: Path, prepared: Prepared) -> str:
    """The first commit: whoever works here, no hooks, no signature (there may be no key, and nothing to prove yet).

    It holds no file of secrets, and git never reads one: what was added once stays among its objects. Lock and answers
    are in it though an ignore file of the template names them.
    """
    git = Git(project)
    identity: list[str] = []
    if git.finished("var", "GIT_AUTHOR_IDENT").returncode or not config_value(project, "user.email"):
        identity = ["-c", "user.name=mlscaffold", "-c", "user.email=mlscaffold@localhost"]
    quiet = ["-c", "commit.gpgSign=false", "-c", "gc.auto=0"]
    secret = prepared.render.secret
    present = git.records("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    _with_paths(git, ("add", "-A"), {*present} - secret)
    _with_paths(git, ("add", "-f"), {locks.LOCK_FILE, prepared.render.answers_file})
    if secret:
        # A task may have added them.
        _with_paths(git, ("rm", "-q", "--cached", "--ignore-unmatch"), secret)
    if (commit := newest_commit(git)) and git.confirms("diff", "--cached", "--quiet"):
        # A task has committed all of it.
        return commit
    message = f"Start from {prepared.checkout.source.url} {prepared.checkout.version}"
    git.run(*identity, *quiet, "commit", "-q", "--no-verify", "-m", message)
    if not (commit := newest_commit(git)):
        raise MachineError("git made no first commit.")
    return commit


def _with_paths(git: Git, command: tuple[str, ...], paths: Collection[str]) -> None:
    if paths:
        literal = listing(f":(literal){path}" for path in sorted(paths))
        git.run(*command, "--pathspec-from-file=-", "--pathspec-file-nul", stdin=literal)


def _ignored(project: Path, plan_: Plan) -> frozenset[str]:
    left = set(Git(project).records("ls-files", "-z", "--others", "--ignored", "--exclude-standard"))
    return frozenset(action.path for action in plan_.actions if action.path in left)

"""`update` and `set`: move the version or the answers of a project, and apply its owners' edits to the new render.

    request -> ProjectState -> Ends -> Gathered -> Plan -> contents -> PreparedUpdate

The project is read (`project_state`), both versions of the template are rendered (`ends`), all files are compared
(`gather`). From that one value a plan is made, the contents that it needs are decided, and the dry run shows the
result, or `apply` writes it. Nothing is written into the project here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import ProjectError
from ..files.entry import Entry, FileMode
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.attributes import missing_filters, unmergeable
from ..git.index import SEE_AGAIN
from ..merge import Labels
from ..plan.actions import Action, FileAction, Plan
from ..plan.contents import Contents, contents_needed
from ..plan.decide import plan
from ..project.lock import LOCK_FILE, Lock, dump_lock
from ..project.make_lock import written_answers
from ..project.record import answers_of
from ..steps import Step
from ..template.answers import Ask
from ..template.history import changes_between
from ..template.render import Render
from ..template.versions import shown
from .ends import Ends, open_template
from .gather import Gathered, gather
from .hunk_rules import hunk_rules
from .migrate import migrated
from .project_state import ProjectState, listed, read_project
from .request import UpdateRequest

__all__ = ["PreparedUpdate", "bookkeeping_of", "prepare_update", "solve"]


@dataclass(frozen=True, kw_only=True)
class PreparedUpdate:
    """Everything decided, nothing written into the project."""

    request: UpdateRequest
    project: ProjectState
    ends: Ends
    #: What becomes of every file, contents decided.
    plan: Plan
    #: What is recorded once no conflict is left, and the files that hold it, with the answers.
    lock: Lock
    bookkeeping: Mapping[str, Entry]
    #: What is done, for a person.
    title: str
    #: The unmerged paths that this settles, where branches met.
    settles: frozenset[str] = frozenset()
    #: What the user should be told before.
    notes: tuple[str, ...] = ()
    #: What changed in the template between the versions, as its authors say.
    changelog: str = ""

    @property
    def versions(self) -> tuple[str, str]:
        """The versions of the template that are left and gone to."""
        before, after = self.ends.checkouts
        return before.version, after.version

    @property
    def template(self) -> str:
        """The template's address."""
        return self.ends.checkouts[1].source.url

    @property
    def changed_answers(self) -> Mapping[str, tuple[Any, Any]]:
        """By question: recorded and new answer, where they differ; None where there is none. Secrets are left out."""
        return _changed_answers(self.project, self.ends)

    @property
    def moves_lock(self) -> bool:
        """Whether lock or answers change."""
        return self.project.recorded.lock != self.lock

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.plan.changes and not self.moves_lock

    def is_secret(self, action: FileAction) -> bool:
        """Whether what a file holds depends on a secret answer, or did."""
        before, after = action.rendered_paths
        return after in self.ends.new.secret or before in self.ends.old.secret

    def contents(self) -> Mapping[str, tuple[bytes, bytes]]:
        """By path of each change what the file holds before and after; empty where there is none.

        Files that depend on a secret answer are left out: a diff may end in the log of a pipeline.
        """
        sides = {
            each.path: (each.mine, None if each.action is Action.REMOVE else each.result)
            for each in self.plan.changes
            if not self.is_secret(each)
        }
        blobs = self.project.store.read({entry.blob for pair in sides.values() for entry in pair if entry})
        return {
            path: (blobs[before.blob] if before else b"", blobs[after.blob] if after else b"")
            for path, (before, after) in sides.items()
        }


@contextlib.contextmanager
def prepare_update(
    request: UpdateRequest, *, ask: Ask | None = None, step: Step = lambda _: None
) -> Iterator[PreparedUpdate]:
    """Find out what an update does; all that it needs lies in a temporary folder that is gone afterwards.

    Raises:
        MlscaffoldError: One of its kinds, each with what to do; the project is as it was.
    """
    with contextlib.ExitStack() as cleanup:
        with disk_errors(request.project):
            scratch = cleanup.enter_context(scratch_folder())
            project = read_project(request, scratch / "git")
            ends = open_template(request, project.recorded, partial(migrated, project), scratch, ask=ask, step=step)
            step("Comparing")
            prepared = solve(request, project, ends)
        yield prepared


def solve(request: UpdateRequest, project: ProjectState, ends: Ends) -> PreparedUpdate:
    """Gather, plan, then decide the contents that the plan needs.

    Raises:
        ProjectError: Something is in the way.
    """
    gathered = gather(request, project, ends)
    draft = plan(gathered.situation)
    _refuse_collisions(draft)
    bookkeeping = bookkeeping_of(ends.new, gathered.lock)
    if ends.ahead is not None:
        # The answers stay.
        bookkeeping = {LOCK_FILE: bookkeeping[LOCK_FILE]}
    decided, ids = _with_contents(request, project, ends, gathered, draft, bookkeeping)
    _refuse_overlooked(project, gathered.lock, decided)
    return PreparedUpdate(
        request=request,
        project=dataclasses.replace(project, unwatched=gathered.unwatched),
        ends=ends,
        plan=decided,
        lock=gathered.lock,
        bookkeeping={path: Entry(mode=FileMode.FILE, blob=ids[path]) for path in bookkeeping},
        title=_title(project, ends, gathered.lock),
        notes=(*ends.notes, *gathered.notes, *_secret_notes(decided, ends.new)),
        changelog=changes_between(*ends.checkouts),
    )


def bookkeeping_of(render: Render, lock: Lock) -> Mapping[str, bytes]:
    """Answers and lock of a render, as they lie in a project."""
    answers_file = render.answers_file
    return {answers_file: (render.root / answers_file).read_bytes(), LOCK_FILE: dump_lock(lock).encode()}


def _title(project: ProjectState, ends: Ends, lock: Lock) -> str:
    before, after = (shown(checkout.version) for checkout in ends.checkouts)
    if ends.ahead is not None:
        return f"update of owned files {before} -> {after}"
    if before != after:
        return f"update {before} -> {after}"
    if lock.channel != project.recorded.channel and not _changed_answers(project, ends):
        return f"change of channel to {lock.channel}"
    return f"change of answers at {after}"


def _changed_answers(project: ProjectState, ends: Ends) -> Mapping[str, tuple[Any, Any]]:
    before, after = project.recorded.answers, answers_of(written_answers(ends.new))
    hidden = ends.old.secret_questions | ends.new.secret_questions
    names = [name for name in {**before, **after} if before.get(name) != after.get(name) and name not in hidden]
    return {name: (before.get(name), after.get(name)) for name in names}


def _secret_notes(decided: Plan, new: Render) -> Iterator[str]:
    for each in decided.changes:
        if each.rendered_paths[1] in new.secret:
            yield f"{each.path} depends on a secret answer: keep it out of git (name it in .gitignore)."


def _refuse_collisions(draft: Plan) -> None:
    if blocked := draft.having(Action.COLLIDE):
        listing = "".join(f"\n  {each.path}: {each.reason}" for each in blocked)
        raise ProjectError(
            f"The update cannot be applied:{listing}",
            hint="Move or commit what is in the way; or keep such a file for good: mlscaffold eject PATH --reason …",
        )


def _refuse_overlooked(project: ProjectState, lock: Lock, decided: Plan) -> None:
    """Refuse to write where git would not see it: the change would be missing in the commit of the update."""
    touched = {path for each in decided.changes for path in (each.path, each.origin)}
    if project.recorded.lock != lock:
        touched |= {LOCK_FILE, lock.answers_file}
    if overlooked := sorted(touched & project.index.overlooked):
        raise ProjectError(
            f"The update changes files that git was told to overlook: {listed(overlooked)}.",
            hint=f"Let git see them: {SEE_AGAIN} {shlex.join(overlooked)} "
            "(after a sparse checkout: git sparse-checkout disable), and commit or undo what you changed there.",
        )


def _with_contents(
    request: UpdateRequest,
    project: ProjectState,
    ends: Ends,
    gathered: Gathered,
    draft: Plan,
    others: Mapping[str, bytes],
) -> tuple[Plan, Mapping[str, str]]:
    """Read what both sides changed, decide it, and keep what no blob holds yet, and some others; their ids."""
    store, wanted = project.store, contents_needed(draft)
    blobs = [entry.blob for each in wanted for entry in (each.old, each.mine, each.new) if entry]
    paths = [each.path for each in wanted]
    before, after = (shown(checkout.version) for checkout in ends.checkouts)
    if before == after:
        before, after = f"{before}, old answers", f"{after}, new answers"
    resolved = Contents(
        read=store.read(blobs).__getitem__,
        labels=Labels(base=f"template {before}", theirs=f"template {after}"),
        lines_only=request.lines_only,
        rules_for=hunk_rules(request.project, gathered.merge),
        unverifiable=frozenset(missing_filters(store.location, project.index, paths)),
        unmergeable=unmergeable(store.location, paths),
        scratch=store.scratch,
    ).resolve(draft)
    ids = store.add({**resolved.contents, **others})
    return resolved.filled(ids), ids

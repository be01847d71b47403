"""`update` and `set`: move the version or the answers of a project, and apply its owners' edits to the new render.

What was gathered is planned, the contents that the plan needs are read and decided, and the result is a
`PreparedUpdate`: the dry run shows it, `apply` writes it. Nothing is written into the project here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ProjectError
from ..files.entry import FileMode
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.attributes import missing_filters, unmergeable
from ..git.index import SEE_AGAIN
from ..merge import Labels
from ..plan.contents import Resolved, contents_needed, resolve
from ..plan.decide import Action, FileAction, Plan, plan
from ..project.lock import LOCK_FILE
from ..project.make_lock import written_answers
from ..project.record import answers_of
from ..steps import Step
from ..template.answers import Ask
from ..template.checkout import Checkout
from ..template.render import Render
from ..template.versions import shown
from .ends import open_template
from .gather import Gathered, gather, listed, look, migrate_of
from .hunk_rules import hunk_rules
from .request import UpdateRequest

__all__ = ["PreparedUpdate", "prepare_update", "solve"]


@dataclass(frozen=True, kw_only=True)
class PreparedUpdate(Gathered):
    """Everything decided, nothing written into the project."""

    #: What becomes of every file, contents decided.
    plan: Plan

    @property
    def title(self) -> str:
        """What is done, for a person."""
        before, after = map(shown, self.versions)
        if self.lane is not None:
            return f"update of owned files {before} -> {after}"
        if before != after:
            return f"update {before} -> {after}"
        if self.lock.channel != self.recorded.channel and not self.changed_answers:
            return f"change of channel to {self.lock.channel}"
        return f"change of answers at {after}"

    @property
    def versions(self) -> tuple[str, str]:
        """The versions of the template that are left and gone to."""
        before, after = self.checkouts
        return before.version, after.version

    @property
    def template(self) -> str:
        """The template's address."""
        return self.checkouts[1].source.url

    @property
    def left(self) -> Mapping[str, str]:
        """Files that every project must have, and that its owners have to write themselves, with the reason."""
        return self.plan.left

    @property
    def changed_answers(self) -> Mapping[str, tuple[Any, Any]]:
        """By question: recorded and new answer, where they differ; None where there is none. Secrets are left out."""
        before, after = self.recorded.answers, answers_of(written_answers(self.new))
        hidden = self.old.secret_questions | self.new.secret_questions
        names = [name for name in {**before, **after} if before.get(name) != after.get(name) and name not in hidden]
        return {name: (before.get(name), after.get(name)) for name in names}

    @property
    def moves_lock(self) -> bool:
        """Whether lock or answers change."""
        return self.recorded.lock != self.lock

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.plan.changes and not self.moves_lock

    def is_secret(self, action: FileAction) -> bool:
        """Whether what a file holds depends on a secret answer, or did."""
        before, after = (name or action.path for name in action.rendered_as)
        return after in self.new.secret or before in self.old.secret

    def contents(self) -> Mapping[str, tuple[bytes, bytes]]:
        """By path of each change what the file holds before and after; empty where there is none.

        Files that depend on a secret answer are left out: a diff may end in the log of a pipeline.
        """
        sides = {
            each.path: (each.mine, None if each.action is Action.REMOVE else each.result)
            for each in self.plan.changes
            if not self.is_secret(each)
        }
        blobs = self.workspace.read({entry.blob for pair in sides.values() for entry in pair if entry})
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
            ground = look(request, scratch / "git")
            ends = open_template(request, ground.recorded, migrate_of(ground), scratch, ask=ask, step=step)
            step("Comparing")
            prepared = solve(gather(request, ground, ends))
        yield prepared


def solve(met: Gathered) -> PreparedUpdate:
    """Plan, then decide the contents that the plan needs.

    Raises:
        ProjectError: Something is in the way.
    """
    draft = plan(met.situation)
    _refuse_collisions(draft)
    decided = _with_contents(met, draft)
    _refuse_overlooked(met, decided)
    facts = {each.name: getattr(met, each.name) for each in dataclasses.fields(met)}
    return PreparedUpdate(**{**facts, "notes": (*met.notes, *_secret_notes(decided, met.new))}, plan=decided)


def _secret_notes(decided: Plan, new: Render) -> Iterator[str]:
    for each in decided.changes:
        if (each.rendered_as[1] or each.path) in new.secret:
            yield f"{each.path} depends on a secret answer: keep it out of git (name it in .gitignore)."


def _refuse_collisions(draft: Plan) -> None:
    if blocked := draft.having(Action.COLLIDE):
        listing = "".join(f"\n  {each.path}: {each.reason}" for each in blocked)
        raise ProjectError(
            f"The update cannot be applied:{listing}",
            hint="Move or commit what is in the way; or keep such a file for good: mlscaffold eject PATH --reason …",
        )


def _refuse_overlooked(met: Gathered, decided: Plan) -> None:
    """Refuse to write where git would not see it: the change would be missing in the commit of the update."""
    touched = {path for each in decided.changes for path in (each.path, each.origin)}
    if met.recorded.lock != met.lock:
        touched |= {LOCK_FILE, met.lock.answers_file}
    if overlooked := sorted(touched & met.state.overlooked):
        raise ProjectError(
            f"The update changes files that git was told to overlook: {listed(overlooked)}.",
            hint=f"Let git see them: {SEE_AGAIN} {shlex.join(overlooked)} "
            "(after a sparse checkout: git sparse-checkout disable), and commit or undo what you changed there.",
        )


def _with_contents(met: Gathered, draft: Plan) -> Plan:
    """Read what both sides changed, decide it, and keep what no blob holds yet."""
    wanted = contents_needed(draft)
    _keep_renders(met, wanted, draft)
    blobs = [entry.blob for each in wanted for entry in (each.old, each.mine, each.new) if entry]
    paths = [each.path for each in wanted]
    was, now = _sides_called(*met.checkouts)
    resolved = resolve(
        draft,
        met.workspace.read(blobs).__getitem__,
        Labels(base=f"template {was}", theirs=f"template {now}"),
        lines_only=met.request.lines_only,
        rules_for=hunk_rules(met.request.project, met.settings.merge),
        unverifiable=frozenset(missing_filters(met.workspace.location, met.state, paths)),
        unmergeable=unmergeable(met.workspace.location, paths),
    )
    return _filled(resolved, met.workspace.add(resolved.contents))


def _keep_renders(met: Gathered, wanted: tuple[FileAction, ...], draft: Plan) -> None:
    """Keep what the renders hold of these files where it can be read, each as its own attributes have it."""
    before = [each.rendered_as[0] or each.path for each in wanted if each.old]
    after = [each.rendered_as[1] or each.path for each in (*wanted, *draft.changes)]
    for made, view, paths in ((met.old, met.workspace, before), (met.new, met.coming, after)):
        plain = {path for path in paths if path in made.entries and made.entries[path].mode is not FileMode.SYMLINK}
        view.hash(made.root, sorted(plain), write=True)


def _filled(resolved: Resolved, ids: Mapping[str, str]) -> Plan:
    """The plan, with the ids of new contents."""
    actions = tuple(
        dataclasses.replace(each, result=dataclasses.replace(each.result, blob=ids[each.path]))
        if each.path in ids and each.result is not None
        else each
        for each in resolved.plan.actions
    )
    return Plan(actions=actions)


def _sides_called(old: Checkout, new: Checkout) -> tuple[str, str]:
    """What the template's two sides are called: by version, or by what moved."""
    before, after = shown(old.version), shown(new.version)
    return (before, after) if before != after else (f"{before}, old answers", f"{after}, new answers")

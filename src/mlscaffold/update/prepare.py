"""`update` and `set`: move the version or the answers of a project, and apply its owners' edits to the new render.

Render old and new outside of the project, solve (`solving`), apply with a journal (`applying`). `prepare_update` does
all but the last step.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..apply.journal import pending
from ..errors import ProjectError, TemplateError
from ..files.scratch import scratch_folder
from ..files.write import disk_errors
from ..git.workspace import State, Workspace, open_workspace
from ..project.make_lock import ownership_of, remarks_on, written_answers
from ..project.pin import MovedTagError, Pin, pin
from ..project.record import Recorded, read_recorded, read_watched
from ..steps import Step
from ..template.answers import Ask, resolve_answers, suggest_defaults
from ..template.render_cache import cached_render
from ..template.source import (
    Checkout,
    TemplateSource,
    check_out,
    fetched,
    find_source,
)
from ..template.trust import require_trust
from .apply import (
    Updated,
    abort_update,
    apply_update,
    continue_update,
    waiting_error,
)
from .solve import PreparedUpdate, UpdateRequest, listed, solve

__all__ = [
    "PreparedUpdate",
    "UpdateRequest",
    "Updated",
    "abort_update",
    "apply_update",
    "continue_update",
    "prepare_update",
]


@contextlib.contextmanager
def prepare_update(
    request: UpdateRequest, *, ask: Ask | None = None, step: Step = lambda _: None
) -> Iterator[PreparedUpdate]:
    """Find out what an update does; all that it needs lies in a temporary folder that is gone afterwards.

    Raises:
        MlscaffoldError: One of its kinds, each with what to do; the project is as it was.
    """
    project = request.project
    if (waiting := pending(project)) is not None:
        raise waiting_error(waiting)
    recorded, seen = read_watched(project, read_recorded)
    _check_recorded(recorded)
    with contextlib.ExitStack() as cleanup:
        with disk_errors(project):
            scratch = cleanup.enter_context(scratch_folder())
            workspace = open_workspace(project, scratch / "git")
            state = workspace.state()
        _refuse_unready(workspace, state)
        step("Reading the template")
        with disk_errors(project):
            then, new_checkout, notes = _check_out_both(request, recorded, scratch)
        # As Copier does it: what may have come since the last render was not in it.
        before = dataclasses.replace(then.reach, loose=False)
        now = require_trust(new_checkout, trusted=request.trusted, project=project, rendering_only=True)
        ownership = ownership_of(new_checkout)
        answers = resolve_answers(
            new_checkout,
            project.name,
            given=request.given,
            recorded=recorded.answers,
            suggested={**suggest_defaults(project), **request.defaults},
            ask=ask,
            use_defaults=request.use_defaults or ask is None,
            reach=now,
        )
        step("Rendering")
        with disk_errors(project):
            old = then.rendered(before)
            new = cached_render(
                new_checkout,
                answers,
                into=scratch / "new",
                folder_name=project.name,
                operation="update",
                reach=now,
                cache=request.cache,
            )
        written_answers(new)
        step("Comparing")
        with disk_errors(project):
            prepared = solve(request, recorded, old, new, ownership, workspace, state, seen)
        known = remarks_on(old)
        fresh = [remark for remark in remarks_on(new) if remark not in known]
        yield dataclasses.replace(prepared, notes=(*notes, *fresh, *prepared.notes))


def _check_recorded(recorded: Recorded) -> None:
    if recorded.answers_moved:
        raise ProjectError(
            f"{recorded.answers_file} was changed without the lock: by hand, by plain `copier update`, or by a merge.",
            hint="Restore it (git checkout -- "
            f"{recorded.answers_file}), or accept it: mlscaffold lock --resolve. To change answers: mlscaffold set.",
        )
    if recorded.version.startswith("dev"):
        raise ProjectError(
            "This project was made from an unreleased state of the template, to which there is no way back.",
            hint="Release the template (a version tag), and make the project from that release.",
        )


def _refuse_unready(workspace: Workspace, state: State) -> None:
    if not workspace.git.succeeds("rev-parse", "-q", "--verify", "HEAD"):
        raise ProjectError(
            "The repository has no commit yet, and without one nothing could be taken back.",
            hint="Commit first: git add -A && git commit",
        )
    if state.dirty:
        raise ProjectError(
            f"There are uncommitted edits: {listed(state.dirty)}.",
            hint="Commit or stash them first (git stash), so that nothing of yours can be mixed up with the update.",
        )


def _check_out_both(request: UpdateRequest, recorded: Recorded, scratch: Path) -> tuple[Pin, Checkout, tuple[str, ...]]:
    """The recorded state of the template, and the one to go to."""
    for name in ("old", "new"):
        (scratch / name).mkdir()
    with ThreadPoolExecutor() as threads:
        try:
            source = fetched(find_source(request.template or recorded.template), request.cache)
            going = None
            if not request.same_version:
                going = threads.submit(check_out, source, request.to, into=scratch / "new", cache=request.cache)
            old = pin(
                request.project,
                recorded,
                source=source,
                into=scratch / "old",
                trusted=request.trusted,
                cache=request.cache,
            )
        except MovedTagError:
            raise
        except TemplateError as error:
            raise TemplateError(
                error.message, hint=f"{error.hint} If the template is elsewhere now: mlscaffold update --template SRC"
            ) from error
    if going is None:
        return old, old.checkout, old.checkout.notes
    new = going.result()
    if new.version.startswith("dev"):
        raise TemplateError(
            f"The template {source.url} is an unreleased work tree: there is nothing to update to.",
            hint="Commit and tag it, or name a release with --to.",
        )
    _refuse_downgrade(source, old.checkout, new)
    return old, new, new.notes


def _refuse_downgrade(source: TemplateSource, old: Checkout, new: Checkout) -> None:
    from packaging.version import InvalidVersion, Version

    try:
        older = Version(new.version) < Version(old.version)
    except InvalidVersion:
        return
    if older:
        raise TemplateError(
            f"{new.version} of {source.url} is older than {old.version}, which this project has.",
            hint="To go back, take back the commit of the update: git revert.",
        )

"""The template's two ends of an update: the version and answers that a project comes from, and those it goes to."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import AnswersError, MissingAnswersError, ProjectError, TemplateError
from ..project.lock import Base
from ..project.make_lock import ownership_of, remarks_on, written_answers
from ..project.owned_ahead import OwnedAhead
from ..project.pin import Pin, PinOfTwo, pin, two_of
from ..project.record import Recorded, answers_of
from ..steps import Step
from ..template.answers import Answers, Ask, resolve_answers, suggest_defaults
from ..template.channel import Following
from ..template.checkout import Checkout, check_out, is_unreleased
from ..template.history import changes_between, moved_sources, renamed_sources
from ..template.newer import Relation, Standing, standing
from ..template.ownership import Ownership
from ..template.reach import Reach
from ..template.render import Render
from ..template.render_cache import cached_render
from ..template.repository import opened
from ..template.source import TemplateSource, find_source
from ..template.tasks import migration_listing, task_listing
from ..template.trust import is_trusted, require_trust, require_trust_in_tasks
from ..template.versions import shown
from .migrate import Migrated
from .request import UpdateRequest

__all__ = ["Ends", "Migrate", "open_template"]

#: Runs the migrations from one version to another, in a folder of ours.
Migrate = Callable[[Checkout, Checkout, Path], Migrated]


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The template's two ends of an update, rendered."""

    #: What the project comes from.
    old: Render
    #: What it goes to, and who owns which path there.
    new: Render
    ownership: Ownership
    #: Template source path before -> now, where it changed.
    moves: Mapping[str, str]
    #: The versions that are left and gone to.
    checkouts: tuple[Checkout, Checkout]
    #: The commands that the template runs at the end.
    tasks: tuple[str, ...] = ()
    #: The files that move, where that is not all of them.
    ahead: OwnedAhead | None = None
    #: What its migrations made of the project before; None where there are none.
    migrated: Migrated | None = None
    #: What owned files come from afterwards, where that is not what all others do.
    owned: Base | None = None
    #: What a person should know of the template.
    notes: tuple[str, ...] = ()


def open_template(
    request: UpdateRequest,
    recorded: Recorded,
    migrate: Migrate,
    scratch: Path,
    *,
    ask: Ask | None,
    step: Step,
) -> Ends:
    """Check out and render both ends of an update; in between, run the migrations that come before it.

    Args:
        request: What was asked for.
        recorded: What the project says of itself.
        migrate: Runs the migrations, on a copy of the project in a folder.
        scratch: A folder of ours.
        ask: Asks a person; None if there is nobody.
        step: Called with the name of each step as it begins.

    Raises:
        TemplateError: The template cannot be read or rendered, or there is nothing to go to.
        UntrustedTemplateError: It wants to run code while it renders.
        AnswersError: An answer is missing or not valid.
    """
    step("Reading the template")
    then, checkout = _check_out_both(request, recorded, scratch)
    if request.owned_only:
        return _owned_only(request, then, checkout, scratch, step)
    # Git is asked all that it can be asked of now: Copier is being imported meanwhile.
    suggested = {**suggest_defaults(request.project), **request.defaults}
    for history in (changes_between, renamed_sources):
        history(then.checkout, checkout)
    now = require_trust(checkout, trusted=request.trusted, project=request.project, rendering_only=True)
    commands = _migrations(request, recorded, then.checkout, checkout)
    after_them = None
    if commands and not request.dry_run:
        step("Running the template's migrations")
        require_trust_in_tasks((then.checkout, checkout), commands, trusted=request.trusted)
        after_them = migrate(then.checkout, checkout, scratch / "before")
    answers = resolve_answers(
        checkout,
        request.project.name,
        given=request.given,
        recorded=recorded.answers if after_them is None else after_them.answers,
        suggested=suggested,
        ask=ask,
        use_defaults=request.use_defaults or ask is None,
        reach=now,
    )
    step("Rendering")
    old = then.render
    new = cached_render(
        checkout,
        answers,
        into=scratch / "new",
        folder_name=request.project.name,
        operation="update",
        trusted=now.trusted,
        reach=lambda: now,
        cache=request.cache,
    )
    ownership = ownership_of(checkout, answers, request.project)
    ends = Ends(
        old=old,
        new=new,
        ownership=ownership,
        moves=_moves(then, new, ownership),
        checkouts=(then.checkout, checkout),
        tasks=_tasks(request, then.checkout, new),
        migrated=after_them,
        notes=(*checkout.notes, *_fresh_remarks(old, new), *_migration_notes(request, commands, after_them)),
    )
    if isinstance(then, PinOfTwo) and request.same_version:
        # Both versions stay, under other answers.
        answered = dataclasses.replace(recorded, answers=answers_of(written_answers(new)))
        after = _elsewhere(then, answered, scratch / "answered")
        return dataclasses.replace(ends, new=after.render, ownership=after.ownership, owned=recorded.owned)
    return ends


def _migrations(request: UpdateRequest, recorded: Recorded, old: Checkout, new: Checkout) -> tuple[str, ...]:
    """The template's commands that are run on the old files."""
    if request.skip_tasks:
        return ()
    reach = Reach(trusted=is_trusted(new, request.trusted), project=request.project)
    answers = Answers(values=recorded.answers, questions=())
    return migration_listing(new, answers, request.project, since=old, reach=reach)


def _migration_notes(request: UpdateRequest, commands: Sequence[str], after: Migrated | None) -> Iterator[str]:
    if after is not None and after.changed:
        yield f"The template's migrations changed, before all else: {', '.join(sorted(after.changed))}."
    if commands and request.dry_run:
        yield (
            f"The template runs migrations before an update ({', '.join(commands)}); a dry run does not, and so does "
            "not show what they change."
        )


def _tasks(request: UpdateRequest, old: Checkout, new: Render) -> tuple[str, ...]:
    """The template's commands that run at the end."""
    if request.skip_tasks:
        return ()
    reach = Reach(trusted=is_trusted(new.checkout, request.trusted), project=request.project)
    return task_listing(new.checkout, new.answers, request.project, since=old, reach=reach)


def _elsewhere(then: PinOfTwo, recorded: Recorded, into: Path) -> PinOfTwo:
    """The same versions under other answers, with renders of their own."""
    pins = []
    for name, one in (("base", then.base), ("ahead", then.ahead)):
        (into / name).mkdir(parents=True)
        pins.append(dataclasses.replace(one, recorded=recorded, into=into / name, wrote="", loose=True))
    return two_of(*pins)


def _owned_only(request: UpdateRequest, then: Pin, checkout: Checkout, scratch: Path, step: Step) -> Ends:
    """What the template owns goes ahead, all else and the answers stay."""
    base = then.base if isinstance(then, PinOfTwo) else then
    before = then.ahead.checkout if isinstance(then, PinOfTwo) else then.checkout
    if then.recorded.lock is None:
        raise ProjectError(
            "There is no lock that could record two versions.", hint="Write one first: mlscaffold lock --resolve"
        )
    if request.given or request.same_version:
        raise AnswersError(
            "With --owned-only answers stay as they are.", hint="Change them after the update: mlscaffold set."
        )
    if base.checkout.source.url != then.recorded.template and request.template is not None:
        raise ProjectError(
            "With --owned-only the template stays where it is: the answers name it.",
            hint="Record its new address first: mlscaffold update --template SRC --to "
            f"{shlex.quote(then.recorded.version)}",
        )
    (scratch / "ahead").mkdir()
    ahead = dataclasses.replace(base, checkout=checkout, into=scratch / "ahead", wrote="", loose=True)
    _check_answers(ahead)
    step("Rendering")
    after = two_of(base, ahead)
    owned = after.recorded.owned if checkout.tree != base.checkout.tree else None
    runs = is_trusted(checkout, request.trusted) and not request.skip_tasks
    commands = ahead.ownership.commands if runs else ()
    skipped = len(ahead.ownership.commands) - len(commands) and not request.skip_tasks
    notes = ("Derived files are not made again: the template is not trusted.",) if skipped else ()
    return Ends(
        old=then.render,
        new=after.render,
        ownership=after.ownership,
        moves=_moves(then, after.render, ahead.ownership),
        checkouts=(before, checkout),
        tasks=commands,
        ahead=_joined(then, after),
        owned=owned,
        notes=(*checkout.notes, *_fresh_remarks(then.render, after.render), *notes),
    )


def _check_answers(ahead: Pin) -> None:
    """Refuse a version that needs another answer than those recorded."""
    try:
        resolve_answers(
            ahead.checkout,
            ahead.project.name,
            given={},
            recorded=ahead.recorded.answers,
            suggested={},
            ask=None,
            use_defaults=True,
            reach=ahead.reach,
        )
    except AnswersError as error:
        missing = ", ".join(error.names) if isinstance(error, MissingAnswersError) else ""
        said = f"it asks for {missing}" if missing else error.message
        raise AnswersError(
            f"{shown(ahead.checkout.version)} cannot be followed with the recorded answers: {said}",
            hint="Update all of the project: mlscaffold update",
        ) from error


def _joined(then: Pin, after: PinOfTwo) -> OwnedAhead:
    """What moves: the files that the new version has ahead, and those that only the version before had.

    Raises:
        ProjectError: A file that is ahead already, or gone, has another owner now, so that it would go back.
    """
    if not isinstance(then, PinOfTwo):
        return after.owned_ahead
    passed = (then.owned_ahead.paths | then.owned_ahead.dropped) - after.owned_ahead.paths - after.owned_ahead.dropped
    if back := sorted(passed & (after.render.entries.keys() | after.ahead.render.entries.keys())):
        raise ProjectError(
            f"The template no longer owns {', '.join(back)}, which would go back to an earlier version.",
            hint="Update all of the project: mlscaffold update",
        )
    return dataclasses.replace(after.owned_ahead, dropped=after.owned_ahead.dropped | passed)


def _moves(then: Pin, new: Render, ownership: Ownership) -> Mapping[str, str]:
    """Where the template's files went, from whichever version the project has them of."""
    used = set(new.sources.values())
    if not isinstance(then, PinOfTwo):
        return moved_sources(then.checkout, new.checkout, ownership.moved, used)
    ahead = {then.render.sources.get(path, "") for path in then.owned_ahead.paths}
    base, later = (moved_sources(one.checkout, new.checkout, ownership.moved, used) for one in (then.base, then.ahead))
    return {**base, **{source: place for source, place in later.items() if source in ahead}}


def _fresh_remarks(old: Render, new: Render) -> tuple[str, ...]:
    remarks = remarks_on(new)
    known = remarks_on(old) if remarks else ()
    return tuple(remark for remark in remarks if remark not in known)


def _check_out_both(request: UpdateRequest, recorded: Recorded, scratch: Path) -> tuple[Pin, Checkout]:
    """The recorded state of the template, and the one to go to."""
    for name in ("old", "new"):
        (scratch / name).mkdir()
    source = _opened(request, recorded, scratch)
    there = None if request.same_version else _goal(request, recorded, source)
    then = pin(
        request.project,
        recorded,
        source=source,
        into=scratch / "old",
        # As Copier does it: what may have come since the last render was not in it.
        loose=False,
        trusted=request.trusted,
        cache=request.cache,
    )
    if there is not None and there.is_behind:
        return then, check_out(source, there.target, into=scratch / "new", cache=request.cache)
    here = then.ahead.checkout if isinstance(then, PinOfTwo) and request.owned_only else then.checkout
    if there is None or there.relation is Relation.SAME:
        return then, here
    notes = (*source.notes, f"There is nothing newer. {there.why}")
    return then, dataclasses.replace(here, notes=notes)


def _opened(request: UpdateRequest, recorded: Recorded, scratch: Path) -> TemplateSource:
    """The template, for all that is asked of it.

    Raises:
        TemplateError: It is not where it was, or cannot be read.
    """
    if request.template is not None:
        return opened(find_source(request.template), request.cache, scratch)
    try:
        return opened(find_source(recorded.template), request.cache, scratch)
    except TemplateError as error:
        hint = f"{error.hint} If the template is elsewhere now: mlscaffold update --template SRC"
        raise TemplateError(error.message, hint=hint.strip()) from error


def _goal(request: UpdateRequest, recorded: Recorded, source: TemplateSource) -> Standing:
    """What to go to, if that is newer.

    Raises:
        TemplateError: It was asked for, and is older; or it is older than what is ahead already.
    """
    channel = request.channel or recorded.channel
    if request.to is None and channel.following is not Following.BRANCH and is_unreleased(source):
        raise TemplateError(
            f"The template {source.url} is an unreleased work tree: there is nothing to update to.",
            hint="Commit and tag it, or name a release with --to.",
        )
    ahead = recorded.owned.version if recorded.owned else ""
    base = ahead if ahead and request.owned_only else recorded.version
    there = standing(source, base, ahead=ahead, channel=channel, to=request.to, cache=request.cache)
    if request.to is not None and there.relation is Relation.CONTAINED:
        raise _older(source, there.target, base)
    if request.to is not None and there.relation is Relation.UNRELATED:
        # Whoever names it wants it.
        there = dataclasses.replace(there, relation=Relation.NEWER)
    if request.to is not None and ahead not in {"", base} and there.is_behind:
        from_ahead = standing(source, ahead, to=there.target, cache=request.cache)
        if from_ahead.relation is Relation.CONTAINED:
            raise _older(source, there.target, ahead)
    return there


def _older(source: TemplateSource, version: str, recorded: str) -> TemplateError:
    return TemplateError(
        f"{shown(version)} of {source.url} is older than {shown(recorded)}, which this project has.",
        hint="To go back, take back the commit of the update: git revert.",
    )

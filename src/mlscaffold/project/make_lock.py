"""From a render to the lock that records it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..documents.keys import KeyedFileError, key_digests
from ..errors import AnswersError, LockError, TemplateError
from ..files.entry import Entry, FileMode, folded, is_portable, look_alikes
from ..template.answers import Answers
from ..template.channel import RELEASES, Channel
from ..template.checkout import Checkout
from ..template.ownership import Ownership, read_ownership
from ..template.policy import Policy
from ..template.render import Render, renderer_id
from . import lock as locks
from .lock import Lock, LockedFile
from .record import read_answers
from .settings import SETTINGS_FILE

__all__ = ["lock_of", "ownership_of", "remarks_on", "remarks_on_answers", "written_answers"]


def ownership_of(checkout: Checkout, answers: Answers, project: Path) -> Ownership:
    """The table of a template; without one, the paths that Copier skips if they exist are seeded.

    Args:
        checkout: The template.
        answers: All answers: those paths may depend on them.
        project: Where the project is, or will be.

    Raises:
        OwnershipError: Its `ownership.yml` is not valid.
        RenderError: A path does not render.
    """
    table = read_ownership(checkout.root)
    if table.rules:
        return table
    from ..template.copier.refusals import copier_errors
    from ..template.copier.worker import worker_for

    with copier_errors(checkout):
        skipped = worker_for(checkout, project, answers.told).skipped_if_they_exist()
    return read_ownership(checkout.root, skip_if_exists=skipped)


def written_answers(render: Render) -> Mapping[str, Any]:
    """The answers file of a render, as data.

    Raises:
        TemplateError: The template writes none that can be read: what it makes cannot be updated.
    """
    if (entry := render.entries.get(render.answers_file)) is None:
        raise TemplateError(
            f"The template {render.checkout.source.url} writes no answers file ({render.answers_file}).",
            hint="Its authors can add one: https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file",
        )
    if entry.mode is FileMode.SYMLINK:
        raise TemplateError(
            f"The template {render.checkout.source.url} makes its answers file {render.answers_file} a link. Refused."
        )
    try:
        return read_answers(render.root, render.answers_file)
    except AnswersError as error:
        message = error.message.replace(f"{render.root}{os.sep}", "")
        raise TemplateError(
            f"The template {render.checkout.source.url} writes an answers file that nobody can read again. {message}"
        ) from error


def remarks_on(render: Render) -> tuple[str, ...]:
    """What a person should know of a render that is no mistake everywhere."""
    from ..template.copier.refusals import copier_errors
    from ..template.copier.settings import settings_of

    with copier_errors(render.checkout):
        unknown = settings_of(render.checkout).misnamed_secrets
    said = [f"The template calls {name} a secret question, and has no question of that name." for name in unknown]
    said += [f"{one} and {other} are one on macOS and Windows." for one, other in look_alikes(render.entries)]
    said += [f"Windows cannot hold a file {path}." for path in sorted(render.entries) if not is_portable(path)]
    return tuple(said)


def remarks_on_answers(render: Render) -> tuple[str, ...]:
    """What a person should know of the answers file of a new project."""
    absent = [name for name in ("_src_path", "_commit") if name not in written_answers(render)]
    if not absent:
        return ()
    said = f"The template does not note {' and '.join(absent)} in {render.answers_file}: "
    return (f"{said}plain Copier cannot update the project, and a lock that is lost cannot be made again.",)


#: What the tool or the project's owners write, and no template.
_RESERVED = (locks.LOCK_FILE, SETTINGS_FILE)
#: How the names begin under which files pass on their way to a place beside them; they are removed there.
_PASSING = ".mlscaffold-"


def _refuse_reserved(render: Render) -> None:
    for path in [render.answers_file, *render.entries]:
        parts = folded(path).split("/")
        passing = next((part for part in parts if part.startswith(_PASSING)), "")
        if name := parts[0] if parts[0] in _RESERVED else passing:
            raise TemplateError(
                f"The template {render.checkout.source.url} makes {path}, and {name} is not a template's to write. "
                "Refused.",
                hint="Its authors have to choose another name.",
            )


def lock_of(render: Render, ownership: Ownership, entries: Mapping[str, Entry], *, channel: Channel = RELEASES) -> Lock:
    """The lock of a project that was made of a render.

    Args:
        render: Of the version and answers to be recorded.
        ownership: The table of that version.
        entries: The render's files, with the ids that git gives them in the project.
        channel: What the project follows.

    Raises:
        TemplateError: The template writes no answers file, or what cannot be recorded.
    """
    _refuse_reserved(render)
    answers = written_answers(render)
    files = {
        path: _locked(render, ownership, path, entry)
        for path, entry in entries.items()
        if path != render.answers_file and ownership.rule_for(path).policy is not Policy.RETIRED
    }
    retired = {path: LockedFile(policy=Policy.RETIRED, entry=None, source="") for path in ownership.retired_paths()}
    lock = Lock(
        template=render.checkout.source.url,
        version=render.checkout.version,
        tree=render.checkout.tree,
        renderer=renderer_id(),
        answers_file=render.answers_file,
        answers_blob=entries[render.answers_file].blob,
        answers=locks.answers_digest(answers),
        files={**retired, **files},
        channel=channel,
    )
    _prove(lock)
    return lock


def _prove(lock: Lock) -> None:
    """A lock that its own reader refuses, or reads as another one, is not written."""
    try:
        if locks.parse_lock(locks.dump_lock(lock)) == lock:
            return
        why = "one of its names or keys holds a tab or a line break"
    except UnicodeError:
        odd = next((path for path in lock.files if any("\ud800" <= sign <= "\udfff" for sign in path)), "")
        why = f"one of its names is not UTF-8{f': {os.fsencode(odd)!r}'[:200] if odd else ''}"
    except LockError as error:
        why = error.message
    raise TemplateError(f"What the template {lock.template} makes cannot be recorded: {why}.".replace("..", "."))


def _locked(render: Render, ownership: Ownership, path: str, entry: Entry) -> LockedFile:
    rule = ownership.rule_for(path)
    source = render.sources.get(path, "")
    if path in render.secret:
        return LockedFile(policy=Policy.SEEDED, entry=None, source=source)
    keys: Mapping[str, str] = {}
    if rule.policy is Policy.KEYED:
        try:
            keys = key_digests(path, (render.root / path).read_bytes(), rule.keys)
        except KeyedFileError as error:
            hint = "Tell its maintainers: a `keyed` file has to be valid TOML, YAML or JSON once it is rendered."
            raise TemplateError(f"What the template renders cannot share keys: {error.message}", hint=hint) from error
    return LockedFile(policy=rule.policy, entry=entry, source=source, required=rule.required, keys=keys)

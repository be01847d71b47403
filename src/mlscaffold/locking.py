"""From a render to the lock that records it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import lock as locks
from .entries import Entry
from .errors import TemplateError
from .keys import key_digests
from .lock import Lock, LockedFile
from .ownership import Ownership, Policy, read_ownership
from .render import Render, renderer_id
from .source import Checkout

__all__ = ["lock_of", "ownership_of", "written_answers"]


def ownership_of(checkout: Checkout) -> Ownership:
    """The table of a template; without one, the paths that Copier skips if they exist are seeded.

    Raises:
        OwnershipError: Its `ownership.yml` is not valid.
    """
    table = read_ownership(checkout.root)
    if table.rules:
        return table
    from .copier_worker import copier_errors, worker_for

    with copier_errors(checkout):
        template = worker_for(checkout, Path("/nowhere/project"), {}).template
        return read_ownership(checkout.root, skip_if_exists=tuple(map(str, template.skip_if_exists)))


def written_answers(render: Render) -> Mapping[str, Any]:
    """The answers file of a render, as data.

    Raises:
        TemplateError: The template writes none: what it makes cannot be updated.
    """
    import yaml

    if render.answers_file not in render.entries:
        raise TemplateError(
            f"The template {render.checkout.source.url} writes no answers file ({render.answers_file}).",
            hint="Its authors can add one: https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file",
        )
    found: Mapping[str, Any] = yaml.safe_load((render.root / render.answers_file).read_text(encoding="utf-8"))
    return found


def lock_of(render: Render, ownership: Ownership, entries: Mapping[str, Entry]) -> Lock:
    """The lock of a project that was made of a render.

    Args:
        render: Of the version and answers to be recorded.
        ownership: The table of that version.
        entries: The render's files, with the ids that git gives them in the project.

    Raises:
        TemplateError: The template writes no answers file.
    """
    answers = written_answers(render)
    files = {
        path: _locked(render, ownership, path, entry)
        for path, entry in entries.items()
        if path != render.answers_file and ownership.rule_for(path).policy is not Policy.RETIRED
    }
    retired = {path: LockedFile(policy=Policy.RETIRED, entry=None, source="") for path in ownership.retired_paths()}
    return Lock(
        template=render.checkout.source.url,
        version=render.checkout.version,
        tree=render.checkout.tree,
        renderer=renderer_id(),
        answers_file=render.answers_file,
        answers_blob=entries[render.answers_file].blob,
        answers=locks.answers_digest(answers),
        files={**retired, **files},
    )


def _locked(render: Render, ownership: Ownership, path: str, entry: Entry) -> LockedFile:
    rule = ownership.rule_for(path)
    source = render.sources.get(path, "")
    if path in render.secret:
        return LockedFile(policy=Policy.SEEDED, entry=None, source=source)
    keys: Mapping[str, str] = {}
    if rule.policy is Policy.KEYED:
        keys = key_digests(path, (render.root / path).read_bytes(), rule.keys)
    return LockedFile(policy=rule.policy, entry=entry, source=source, required=rule.required, keys=keys)

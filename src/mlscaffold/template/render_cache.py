"""Renders kept between runs, by (tree id, answers, renderer): safe to delete, to share and to lose.

A render is a pure function of these, but for templates that ask for the time, for chance, for this machine or for a
secret: those are rendered anew every time. What is read back is checked blob by blob; whatever does not fit is
rendered again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import accumulate, count
from pathlib import Path
from typing import Any, Literal

from .answers import Answers
from .cache import private_folder
from ..files.entry import Entry, FileMode, check_contained, entry_of
from ..errors import TemplateError
from .reach import Reach
from .render import Render, render, renderer_id
from ..files.rights import make_private
from ..files.scratch import PREFIX, scratch_folder
from .checkout import Checkout
from ..files.write import is_ours

__all__ = ["cached_render"]

_FORMAT = 3
_MOST = 64
_MOST_BYTES = 512 * 1024 * 1024
_LARGEST_BYTES = 64 * 1024 * 1024


def cached_render(
    checkout: Checkout,
    answers: Answers,
    *,
    into: Path,
    folder_name: str,
    operation: Literal["copy", "update"] = "copy",
    trusted: bool = False,
    reach: Callable[[], Reach] = Reach,
    cache: Path | None = None,
) -> Render:
    """What `render` gives, from the cache if it is there. The files of a hit lie in the cache: callers only read.

    Args:
        checkout: The template.
        answers: All answers that it needs.
        into: A folder of ours.
        folder_name: The project's.
        operation: What the template is told that happens.
        trusted: Whether the template is.
        reach: How far it may look, from `require_trust`; asked for only if it has to be rendered.
        cache: Where renders are kept.

    Raises:
        RenderError, UntrustedTemplateError: As for `render`.
    """
    folder = private_folder(cache, "renders") if checkout.commit else None
    # The name of the folder counts only where a render used it.
    names = {named: folder_name if named else "" for named in (False, True)}
    keys = {named: _key(checkout, answers, name, operation, trusted=trusted) for named, name in names.items()}
    stores = {named: folder / key for named, key in keys.items()} if folder else {}
    for store in stores.values():
        if (kept := _read(store, checkout, answers)) is not None:
            return kept

    def rendered(target: Path) -> Render:
        return render(
            checkout, answers, into=target, folder_name=folder_name, operation=operation, reach=reach(), cache=cache
        )

    if not stores or _is_never_kept(checkout):
        return rendered(into)
    try:
        return _kept(stores, rendered, into)
    except OSError:
        # No room or no right in the cache: that is no reason not to render.
        shutil.rmtree(into / folder_name, ignore_errors=True)
        return rendered(into)


def _key(checkout: Checkout, answers: Answers, folder_name: str, operation: str, *, trusted: bool) -> str:
    """Everything that a render depends on. A secret answer reaches no file name: the digest hides it."""
    parts = [
        _FORMAT,
        checkout.source.url,
        checkout.version,
        checkout.commit,
        checkout.tree,
        renderer_id(),
        folder_name,
        operation,
        # A template can tell whether it is trusted.
        trusted,
        dict(answers.told),
    ]
    try:
        canonical = json.dumps(parts, sort_keys=True, default=repr)
    except (TypeError, ValueError, RecursionError):
        # YAML knows keys that are no text, and lists that hold themselves.
        canonical = repr(parts)
    return hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def _is_never_kept(checkout: Checkout) -> bool:
    """Whether a template asks for a secret or runs code of its own, which may read what it likes."""
    from .copier.refusals import copier_errors
    from .copier.settings import settings_of

    with copier_errors(checkout):
        template = settings_of(checkout)
        return bool(template.secret_questions or template.jinja_extensions)


def _kept(stores: Mapping[bool, Path], rendered: Callable[[Path], Render], into: Path) -> Render:
    """Render into the cache, and out of it again what would be another render the next time, or is too large.

    Args:
        stores: Where a render is kept that used the folder's name, and where one that did not.
        rendered: Renders into a folder.
        into: Where a render goes that is not kept.
    """
    folder = stores[False].parent
    make_private(folder)
    with scratch_folder(folder) as scratch:
        fresh = scratch / "render"
        (fresh / "files").mkdir(parents=True, mode=0o700)
        fresh.chmod(0o700)
        made = rendered(fresh / "files")
        size = sum((made.root / path).lstat().st_size for path in made.entries)
        if made.volatile or size > _MOST_BYTES:
            root = into / made.root.name
            into.mkdir(parents=True, exist_ok=True)
            shutil.move(made.root, root)
            return replace(made, root=root)
        manifest = {
            "folder": made.root.name,
            "entries": {path: [entry.mode.value, entry.blob] for path, entry in made.entries.items()},
            "sources": dict(made.sources),
            "answers_file": made.answers_file,
            "greeting": made.greeting,
            "message": made.message,
        }
        store = stores[made.named]
        (fresh / "manifest.json").touch(mode=0o600)
        (fresh / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        (fresh / "size").write_text(str(size), encoding="ascii")
        _publish(fresh, store, made)
    _prune(folder)
    return replace(made, root=store / "files" / made.root.name)


def _publish(fresh: Path, store: Path, made: Render) -> None:
    """Put a render in its folder, where another run may have put one meanwhile and may be reading it."""
    try:
        fresh.rename(store)
    except OSError:
        if _read(store, made.checkout, made.answers) is None:
            # What lies there is damaged.
            shutil.rmtree(store, ignore_errors=True)
            fresh.rename(store)


def _prune(folder: Path) -> None:
    """Keep the newest, as many and as much as is allowed."""
    renders = [entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(PREFIX)]
    newest = sorted(renders, key=lambda entry: entry.stat().st_mtime, reverse=True)
    sizes = list(accumulate(map(_size, newest)))
    for entry, size, number in zip(newest, sizes, count(), strict=False):
        if number >= _MOST or size > _MOST_BYTES:
            shutil.rmtree(entry, ignore_errors=True)


def _size(render: Path) -> int:
    """How many bytes a render in the cache has; one without a note of it is as large as any."""
    try:
        return int((render / "size").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _MOST_BYTES


def _read(store: Path, checkout: Checkout, answers: Answers) -> Render | None:
    """A render from the cache; None if it is not there, or not what its manifest says."""
    try:
        ours = is_ours(store) and is_ours(store / "manifest.json")
        if not ours or (store / "manifest.json").stat().st_size > _LARGEST_BYTES:
            return None
        manifest: Mapping[str, Any] = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
        root = store / "files" / check_contained(manifest["folder"], error=TemplateError, origin="The cache")
        entries = {path: Entry(mode=FileMode(mode), blob=blob) for path, (mode, blob) in manifest["entries"].items()}
        for path, entry in entries.items():
            check_contained(path, error=TemplateError, origin="The cache")
            if entry_of(root / path) != entry:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, TemplateError):
        return None
    with contextlib.suppress(OSError):
        os.utime(store)
    return Render(
        root=root,
        checkout=checkout,
        answers=answers,
        entries=entries,
        sources=manifest["sources"],
        answers_file=manifest["answers_file"],
        greeting=manifest["greeting"],
        message=manifest["message"],
    )

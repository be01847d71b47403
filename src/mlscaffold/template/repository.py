"""The repository of a template, opened once for all that a run asks of it: versions, their order, their files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..files.scratch import scratch_folder
from ..git.borrow import borrow
from ..git.process import Git, GitError
from ..git.repository import References, Repository
from .mirror import fetched, references, unreachable
from .source import SourceKind, TemplateSource

__all__ = ["opened", "readable", "references_of", "repository_of"]


def opened(source: TemplateSource, cache: Path | None, scratch: Path) -> TemplateSource:
    """A source with a repository of ours, in which its commits are read; a plain folder has none.

    Args:
        source: The template. One that is open already stays as it is.
        cache: Where copies of remote repositories are kept; None reads them afresh.
        scratch: A folder of the caller's that lasts as long as the result is used.

    Raises:
        TemplateError: It cannot be read.
    """
    if source.kind is SourceKind.FOLDER or source.repository is not None:
        return source
    source = fetched(source, cache, scratch)
    folder = Path(borrow(source.location, scratch)) if source.kind is not SourceKind.REMOTE else Path(source.location)
    if folder.is_file():
        bundle, folder = folder, scratch / "unbundled.git"
        with readable(source):
            Git.outside().run("clone", "-q", "--bare", "--template=", "--", str(bundle), str(folder))
    return replace(source, repository=Repository(folder))


def repository_of(source: TemplateSource) -> Repository:
    """The repository of a source that is open, and no plain folder."""
    if source.repository is None:
        raise ValueError(f"{source.url} was not opened")
    return source.repository


@contextlib.contextmanager
def readable(source: TemplateSource) -> Iterator[None]:
    """Say of the template what git says of its repository.

    Raises:
        TemplateError: In the place of a GitError.
    """
    try:
        yield
    except GitError as error:
        raise unreachable(source, error) from error


def references_of(source: TemplateSource) -> References:
    """The branches and tags of a source, a remote one or a bundle without a copy of it; a plain folder has none.

    Raises:
        TemplateError: It cannot be reached.
    """
    if source.kind is SourceKind.FOLDER:
        return References(tags={}, branches={})
    if source.repository is not None:
        with readable(source):
            return source.repository.references
    with scratch_folder() as scratch:
        location = borrow(source.location, scratch)
        if not Path(location).is_dir():
            return references(source, location)
        with readable(source):
            return Repository(Path(location)).references

"""Effects: the submodules of a template, laid out in a clone of it.

Their addresses are a stranger's words: they are taken as a clone by git takes them, and no further.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from ..errors import TemplateError
from ..git.process import AS_COMMITTED, Git, GitError
from .source import TemplateSource

__all__ = ["add_submodules"]


def add_submodules(source: TemplateSource, git: Git, counted: Collection[str] | None) -> None:
    """Lay out the submodules of what counts.

    Args:
        source: The template.
        git: Of a clone of it, with the files of one commit.
        counted: The names at the template's root that count; None if all do.

    Raises:
        TemplateError: One of them cannot be read.
    """
    prefix = source.below
    lines = git.records("ls-files", "-z", "--stage", "--", *([prefix] if prefix else []))
    links = (line.partition("\t")[2] for line in lines if line.startswith("160000 "))
    paths = [path for path in links if counted is None or path.removeprefix(prefix).split("/")[0] in counted]
    if not paths or not (git.folder / ".gitmodules").is_file():
        return
    # Where a relative address starts from.
    git.run("config", "remote.origin.url", source.origin or source.location)
    # No `file:` and no helper, unless the person's own configuration allows it to strangers; a shell never.
    careful = Git(git.folder, environment={"GIT_PROTOCOL_FROM_USER": "0"})
    options = (*AS_COMMITTED, "-c", "protocol.ext.allow=never")
    try:
        careful.run(*options, "submodule", "update", "-q", "--init", "--recursive", "--checkout", "--", *paths)
    except GitError as error:
        raise TemplateError(
            f"A submodule of the template {source.url} cannot be read: {error.stderr}",
            hint="Check its address in .gitmodules, and your access rights there. One on this machine needs your leave: "
            "git config --global protocol.file.allow always",
        ) from error
    finally:
        # It may hold a password.
        git.run("config", "--unset-all", "remote.origin.url")
    for path in paths:
        # Each lies under a name that no template may have.
        for place, _, files in os.walk(git.folder / path):
            if ".git" in files:
                Path(place, ".git").unlink()

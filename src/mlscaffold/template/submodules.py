"""Effects: a commit of a template that has submodules, laid out with them.

Their addresses are a stranger's words: they are taken as a clone by git takes them, and no further.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..errors import TemplateError
from ..git.process import AS_COMMITTED, Git, GitError
from ..git.repository import SUBMODULE, Repository, lay_out
from .identity import Committed
from .source import TemplateSource

__all__ = ["laid_out_with_submodules"]


def laid_out_with_submodules(repository: Repository, source: TemplateSource, state: Committed, into: Path) -> None:
    """Write the files of a commit into a folder that is not there yet, and the submodules of what counts of it.

    Raises:
        GitError: The commit cannot be read.
        TemplateError: A submodule cannot be read.
    """
    command = ("clone", "-q", "--no-checkout", "--shared", "--origin=origin", "--template=")
    Git.outside().run(*command, "--", str(repository.folder), str(into))
    git = Git.at(into / ".git", work_tree=into)
    lay_out(git, state.commit, source.folder)
    lines = git.records("ls-files", "-z", "--stage", "--", *([source.below] if source.folder else []))
    links = (line.partition("\t")[2] for line in lines if line.startswith(f"{SUBMODULE} "))
    paths = [path for path in links if state.counts(path.removeprefix(source.below))]
    if paths and (into / ".gitmodules").is_file():
        _add(Git(into), source, paths)
    shutil.rmtree(into / ".git")


def _add(git: Git, source: TemplateSource, paths: list[str]) -> None:
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
    for path in paths:
        # Each lies under a name that no template may have.
        for folder, _, files in os.walk(git.folder / path):
            if ".git" in files:
                Path(folder, ".git").unlink()

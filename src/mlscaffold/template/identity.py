"""What of a template counts: its settings, its table of ownership, and the folder that holds its files.

Identity is a git tree. Of a template with an `ownership.yml` only `copier.yml`, `ownership.yml` and the subdirectory
that holds the files count, and nothing else is laid out, so that a fork of the whole repository and the embedded bundle
are the same release. Of any other Copier template the whole tree counts; of one that is a folder of its repository,
that folder is all there is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..errors import TemplateError
from ..git.process import Git, listing
from .ownership import OWNERSHIP_FILE
from .source import TemplateSource

__all__ = ["configuration_in", "counted_in", "identity_of", "prune", "refuse_without_configuration", "subdirectory_of"]

_CONFIGURATION = re.compile(r"^copier\.ya?ml$", re.IGNORECASE)


def _names_of_configuration(names: Iterator[str]) -> list[str]:
    return sorted(name for name in names if _CONFIGURATION.match(name))


def refuse_without_configuration(source: TemplateSource, names: Iterator[str]) -> None:
    """Refuse a folder that is no template, by the names of what lies in it.

    Raises:
        TemplateError: There is no `copier.yml`.
    """
    if not _names_of_configuration(names):
        raise TemplateError(
            f"{source.url} is not a Copier template: it has no copier.yml.",
            hint="Name the repository or folder that holds copier.yml; of a repository with several templates, the "
            "folder too: URL#subdir=FOLDER.",
        )


def configuration_in(root: Path, source: TemplateSource) -> Path:
    """The `copier.yml` of a template.

    Raises:
        TemplateError: There is none, or it lies outside of the template.
    """
    names = [entry.name for entry in root.iterdir()] if root.is_dir() else []
    refuse_without_configuration(source, iter(names))
    # Copier takes other names for a configuration, too: `copier.ymlx`.
    for file in (*root.glob("[cC]*.*"), root / OWNERSHIP_FILE):
        if file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            raise TemplateError(
                f"{file.name} of the template {source.url} is a link to {file.readlink()}, outside of it. Refused."
            )
    return root / _names_of_configuration(iter(names))[0]


def subdirectory_of(root: Path) -> str:
    """The folder that holds the files, with a slash; empty where it is the root or an expression."""
    import yaml

    file = next((file for file in root.iterdir() if _CONFIGURATION.match(file.name)), None)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8")) if file else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""
    folder = str(data.get("_subdirectory") or "") if isinstance(data, dict) else ""
    return f"{folder.rstrip('/')}/" if folder and "{" not in folder else ""


def counted_in(root: Path) -> frozenset[str] | None:
    """The top-level names that make up the identity, or None where all of them do."""
    if not (root / OWNERSHIP_FILE).is_file():
        return None
    configuration = next(file for file in root.iterdir() if _CONFIGURATION.match(file.name))
    # Empty also for what only Copier reads (`!include`, several documents), and for a mistake that it will name.
    if not (subdirectory := subdirectory_of(root)):
        return None
    return frozenset({configuration.name, OWNERSHIP_FILE, subdirectory.split("/")[0]})


def prune(root: Path) -> None:
    """Remove what does not count."""
    counted = counted_in(root)
    if counted is None:
        return
    for entry in root.iterdir():
        if entry.name in counted:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def identity_of(git: Git, source: TemplateSource, root: Path) -> str:
    """The id of the tree that a commit's template is; its files are laid out, and HEAD is at the commit."""
    whole = f"HEAD:{source.folder}"
    counted = counted_in(root)
    if counted is None:
        return git.text("rev-parse", "--verify", f"{whole}^{{tree}}" if source.folder else "HEAD^{tree}")
    lines = git.records("ls-tree", "-z", "--full-tree", whole)
    kept = [line for line in lines if line.partition("\t")[2] in counted]
    return git.text_of("mktree", "-z", stdin=listing(kept))

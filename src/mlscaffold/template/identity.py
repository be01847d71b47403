"""What of a template counts: its settings, its table of ownership, and the folder that holds its files.

Identity is a git tree. Of a template with an `ownership.yml` only `copier.yml`, `ownership.yml` and the subdirectory
that holds the files count, and nothing else is laid out, so that a fork of the whole repository and the embedded bundle
are the same release. Of any other Copier template the whole tree counts; of one that is a folder of its repository,
that folder is all there is.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import TemplateError
from ..files.entry import object_id
from ..git.process import Git, GitError
from ..git.repository import SUBMODULE, Repository, tree_entries
from .ownership import OWNERSHIP_FILE
from .source import TemplateSource

__all__ = [
    "Committed",
    "committed",
    "configuration_in",
    "counted_in",
    "prune",
    "refuse_without_configuration",
    "subdirectory_of",
]

_FOLDER = "040000"
_SHA1_LENGTH = 40
_CONFIGURATION = re.compile(r"^copier\.ya?ml$", re.IGNORECASE)


def _names_of_configuration(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if _CONFIGURATION.match(name))


def refuse_without_configuration(source: TemplateSource, names: Iterable[str]) -> None:
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
    refuse_without_configuration(source, names)
    # Copier takes other names for a configuration, too: `copier.ymlx`.
    for file in (*root.glob("[cC]*.*"), root / OWNERSHIP_FILE):
        if file.is_symlink() and not file.resolve().is_relative_to(root.resolve()):
            raise TemplateError(
                f"{file.name} of the template {source.url} is a link to {file.readlink()}, outside of it. Refused."
            )
    return root / _names_of_configuration(names)[0]


def subdirectory_of(root: Path) -> str:
    """The folder that holds a template's files, with a slash; empty where it is the root or an expression."""
    names = _names_of_configuration(file.name for file in root.iterdir())
    return _subdirectory((root / names[0]).read_text(encoding="utf-8", errors="replace")) if names else ""


def _subdirectory(configuration: str) -> str:
    import yaml

    try:
        data = yaml.safe_load(configuration)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A mistake that Copier will name, or what only Copier reads: `!include`, several documents.
        return ""
    folder = str(data.get("_subdirectory") or "") if isinstance(data, dict) else ""
    return f"{folder.rstrip('/')}/" if folder and "{" not in folder else ""


def _counted(configuration: str, text: str) -> frozenset[str] | None:
    """The top-level names that make up the identity of a template with a table of ownership; None where all do."""
    subdirectory = _subdirectory(text)
    return frozenset({configuration, OWNERSHIP_FILE, subdirectory.split("/")[0]}) if subdirectory else None


def counted_in(root: Path) -> frozenset[str] | None:
    """The names at the root of a template in a folder that count; None if all do."""
    if not (root / OWNERSHIP_FILE).is_file():
        return None
    configuration = _names_of_configuration(file.name for file in root.iterdir())[0]
    return _counted(configuration, (root / configuration).read_text(encoding="utf-8", errors="replace"))


def prune(root: Path, counted: frozenset[str] | None) -> None:
    """Remove what does not count."""
    if counted is None:
        return
    for entry in root.iterdir():
        if entry.name in counted:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@dataclass(frozen=True, kw_only=True)
class Committed:
    """The template in a commit, as git's objects tell it: no file is written for that."""

    commit: str
    #: The id of the tree that counts.
    identity: str
    #: The names at the template's root that count; None if all do.
    counted: frozenset[str] | None
    #: Whether the commit names submodules, of this template or another one.
    has_submodules: bool

    def counts(self, path: str) -> bool:
        """Whether a path below the template's root is a part of it."""
        return self.counted is None or path.split("/")[0] in self.counted


def committed(repository: Repository, source: TemplateSource, commit: str, version: str) -> Committed:
    """What counts of the template in a commit.

    Args:
        repository: The one that the commit is in.
        source: The template.
        commit: Its id.
        version: The commit's name, for a person.

    Raises:
        TemplateError: It has no such folder, or no template there.
        GitError: It cannot be read.
    """
    if source.folder:
        _require_folder(repository.git, source, commit, version)
    root, usual, modules = (f"{commit}:{path}" for path in (source.folder, f"{source.below}copier.yml", ".gitmodules"))
    objects = repository.git.objects([root, usual, modules])
    if root not in objects:
        raise GitError(("cat-file",), f"fatal: unable to read tree of {version}")
    identity, content = objects[root]
    entries = tree_entries(content, len(identity) // 2)
    names = [entry.name for entry in entries]
    refuse_without_configuration(source, names)
    counted = None
    if any(entry.name == OWNERSHIP_FILE and entry.is_file for entry in entries):
        configuration = _names_of_configuration(names)[0]
        wanted = f"{commit}:{source.below}{configuration}"
        _, text = objects.get(wanted) or repository.git.objects([wanted]).get(wanted, ("", b""))
        counted = _counted(configuration, text.decode(errors="replace"))
    if counted is not None:
        kept = b"".join(entry.raw for entry in entries if entry.name in counted)
        identity = object_id(b"tree", kept, algorithm="sha1" if len(identity) == _SHA1_LENGTH else "sha256")
    return Committed(commit=commit, identity=identity, counted=counted, has_submodules=modules in objects)


def _require_folder(git: Git, source: TemplateSource, commit: str, version: str) -> None:
    """Refuse a template's folder that is none in a commit: a link, say, which may lead anywhere."""
    above = [parent.as_posix() for parent in PurePosixPath(source.folder).parents if parent.name]
    lines = git.records("ls-tree", "-z", "--full-tree", commit, "--", *above, source.folder)
    modes = {path: line.split(" ", 1)[0] for line in lines for path in [line.partition("\t")[2]]}
    if modes.get(source.folder) == _FOLDER:
        return
    if submodule := next((path for path, mode in modes.items() if mode == SUBMODULE), ""):
        raise TemplateError(
            f"{submodule} is a submodule of the template's repository {source.address}: what it holds are versions of "
            "another one.",
            hint="Name that one: its address stands in .gitmodules.",
        )
    raise TemplateError(
        f"{version} of the template {source.address} has no folder {source.folder}.",
        hint="Check the `subdir` of its address. If a project's template has another folder now: mlscaffold update "
        "--template 'URL#subdir=FOLDER'",
    )

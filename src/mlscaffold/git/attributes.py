"""What git's attributes say of a project's paths, as far as it concerns us: filters, and what cannot be merged."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from ..files.entry import parents_of
from .index import Index
from .location import Location
from .process import Git, listing, records

__all__ = ["ATTRIBUTES", "converting_attributes", "missing_filters", "unmergeable"]

ATTRIBUTES = ".gitattributes"
#: What `check-attr` prints for an attribute that has no value: there is no filter of that name.
_NO_VALUE = frozenset({"unspecified", "unset", "set", ""})
#: What converts a content, besides the attributes of its line ends.
_CONVERTING = ("filter", "ident", "working-tree-encoding")
#: Values of the attribute `merge` by which git takes one side or the other, never both.
_NO_LINES = frozenset({"unset", "binary", "lfs"})
_LIMIT_BYTES = 1024 * 1024


def _attribute(location: Location, name: str, paths: Collection[str]) -> Mapping[str, str]:
    """One attribute of paths, where anything is said of it."""
    words = Git(location.folder).run("check-attr", "-z", "--stdin", name, stdin=listing(paths))
    fields = words.decode(errors="surrogateescape").split("\0")
    values = zip(fields[0::3], fields[2::3], strict=False)
    return {path: value for path, value in values if value != "unspecified"}


def converting_attributes(
    location: Location, names: Collection[str], *, environment: Mapping[str, str]
) -> frozenset[str]:
    """Those of some names, from the top of the work tree, whose content attributes convert by more than line ends."""
    git = Git(location.top, environment={**environment, "GIT_WORK_TREE": str(location.top)})
    words = git.run("check-attr", "-z", "--stdin", *_CONVERTING, stdin=listing(names))
    fields = words.decode(errors="surrogateescape").split("\0")
    pairs = zip(fields[0::3], fields[2::3], strict=False)
    return frozenset(name for name, value in pairs if value not in {"unspecified", "unset"})


def unmergeable(location: Location, paths: Collection[str]) -> frozenset[str]:
    """Paths whose lines mean nothing by themselves, as the attributes say: `binary`, `-merge`, LFS pointers."""
    said = _attribute(location, "merge", paths) if paths else {}
    return frozenset(path for path, value in said.items() if value in _NO_LINES)


def missing_filters(location: Location, index: Index, paths: Collection[str]) -> Mapping[str, str]:
    """Paths whose git filter (LFS, say) is not installed here, each with its name.

    What lies at such a path is not what it stands for. No process unless some attribute file names a filter.
    """
    # Outside of a sparse checkout git reads attributes from the index.
    unseen = any(PurePosixPath(path).name == ATTRIBUTES for path in index.skipped)
    if not paths or not (unseen or any(_names_filter(file) for file in _attribute_files(location, paths))):
        return {}
    said = {path: name for path, name in _attribute(location, "filter", paths).items() if name not in _NO_VALUE}
    ready = _installed_filters(location) if said else frozenset()
    return {path: name for path, name in said.items() if name not in ready}


def _installed_filters(location: Location) -> frozenset[str]:
    said = Git(location.folder).found("config", "-z", "--get-regexp", r"^filter\..*\.(clean|process)$")
    # The last value of a name counts; an empty one is none.
    commands = dict(record.partition("\n")[::2] for record in records(said or b""))
    return frozenset(name.removeprefix("filter.").rpartition(".")[0] for name, command in commands.items() if command)


def _attribute_files(location: Location, paths: Collection[str]) -> Iterator[Path]:
    """Every file that may say something of the paths, but for a person's own elsewhere (`core.attributesFile`)."""
    folders = {"", *(folder for path in paths for folder in parents_of(location.prefix + path))}
    yield from (location.top / folder / ATTRIBUTES for folder in folders)
    yield location.common / "info" / "attributes"
    home = os.environ.get("XDG_CONFIG_HOME") or f"{os.environ.get('HOME', '')}/.config"
    yield Path(home, "git", "attributes")


def _names_filter(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return b"filter" in stream.read(_LIMIT_BYTES)
    except OSError:
        return False

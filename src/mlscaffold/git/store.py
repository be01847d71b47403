"""Objects that are not part of a project yet: a store of our own, under the project's attributes.

Everything that an update compares or makes goes through here, so that the project's attributes (line endings, filters)
apply to renders exactly as they do to the user's files, and so that nothing is written into the project before all is
decided: new objects lie in a scratch folder, the repository's own are read through as an alternate.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import MachineError, ProjectError
from ..files.entry import Entry, FileMode, check_contained, object_id, parents_of
from .attributes import ATTRIBUTES, converting_attributes
from .location import Location
from .merge_file import Labels, merge_lines
from .process import Git, listing, quoted

__all__ = ["Store", "open_store"]

#: How much of a file must be the same for it to be the same file, elsewhere.
_ALIKE = "60%"


@dataclass(frozen=True, kw_only=True)
class Store:
    """The objects of one project, and those that may become its."""

    location: Location
    #: Where new objects lie.
    scratch: Path
    #: Attribute files that will have another content: path in the repository -> where that lies.
    coming: Mapping[str, Path] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """The project's folder."""
        return self.location.folder

    @property
    def git(self) -> Git:
        """Git in the repository itself, at its top."""
        return Git(self.location.top)

    def hash(self, root: Path, paths: Collection[str], *, write: bool = False) -> Mapping[str, str]:
        """Blob ids of files below a folder, as if they lay in the project: its attributes applied.

        Args:
            root: The project itself, or a render.
            paths: Relative to the root, regular files only.
            write: Keep the contents in the scratch store.
        """
        if not paths:
            return {}
        ids = self._unconverted(root, paths)
        options = ["-w"] if write else []
        if converted := [path for path in paths if path not in ids]:
            tree = self.location.top if root == self.project else self._view(root, converted)
            git = Git(tree, environment={**self._store(), "GIT_WORK_TREE": str(tree)})
            names = (self.location.prefix + path for path in converted)
            ids |= zip(converted, _hashed(git, names, *options), strict=True)
        if write and (plain := [path for path in ids if path not in set(converted)]):
            git = Git(self.location.top, environment=self._store())
            _hashed(git, (str(root / path) for path in plain), *options, "--no-filters")
        return ids

    def _unconverted(self, root: Path, paths: Collection[str]) -> dict[str, str]:
        """The ids of those files whose bytes no attribute changes on their way into git."""
        apart = {path for path in paths if root != self.project and PurePosixPath(path).name == ATTRIBUTES}
        ids = {path: self._blob_id((root / path).read_bytes()) for path in apart}
        if self.coming:
            return ids
        if unknown := set(paths) - apart - self._converting.keys():
            names = [self.location.prefix + path for path in unknown]
            converting = converting_attributes(self.location, names, environment=self._store())
            self._converting.update({path: self.location.prefix + path in converting for path in unknown})
        for path in paths:
            if path not in apart and not self._converting[path]:
                content = (root / path).read_bytes()
                # Line ends are all that else is converted.
                if b"\r" not in content:
                    ids[path] = self._blob_id(content)
        return ids

    @functools.cached_property
    def _blob_id(self) -> Callable[[bytes], str]:
        """Gives the id of a content, in this repository."""
        config = self.location.common / "config"
        is_newer = config.is_file() and b"sha256" in config.read_bytes().lower()
        return functools.partial(object_id, b"blob", algorithm="sha256" if is_newer else "sha1")

    @functools.cached_property
    def _converting(self) -> dict[str, bool]:
        """By path, as far as it was asked for: whether its attributes convert more of it than line ends."""
        return {}

    def entries(self, root: Path, plain: Mapping[str, Entry], *, write: bool = False) -> Mapping[str, Entry]:
        """The entries of a render, with the ids that git would give its files in this project.

        Args:
            root: Where the render lies.
            plain: Its entries as they are.
            write: Keep the contents in the scratch store.
        """
        files = [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK]
        links = {path: bytes((root / path).readlink()) for path in plain.keys() - set(files)}
        seen = {**self.hash(root, files, write=write), **self.add(links)}
        return {path: Entry(mode=entry.mode, blob=seen[path]) for path, entry in plain.items()}

    def _view(self, root: Path, paths: Iterable[str]) -> Path:
        """A work tree that holds a render in the place of the project, under the project's own attributes."""
        view = self.scratch / "views" / str(len(list((self.scratch / "views").iterdir())))
        for path in paths:
            target = view / self.location.prefix / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(root / path, target)
        for file in {*self._attribute_files(paths), *self.coming}:
            target = view / file
            # Where the render has a file in the place of a folder, the folder's attributes apply to nothing.
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.coming.get(file, self.location.top / file), target)
        view.mkdir(parents=True, exist_ok=True)
        return view

    def expecting(self, old: Path, new: Path, paths: Iterable[str]) -> Store:
        """The store under the attributes that will apply once the project follows from one render to the other.

        Args:
            old: The render that the project comes from.
            new: The render that it goes to.
            paths: Attribute files that the template may change in this project.
        """
        coming: dict[str, Path] = {}
        for path in paths:
            before, here, after = (_content(folder / path) for folder in (old, self.project, new))
            if after is None or before == after or (here is None and before is not None):
                continue
            if here is None or here == before:
                coming[self.location.prefix + path] = new / path
                continue
            merged = merge_lines(base=before, mine=here, theirs=after, labels=Labels(), scratch=self.scratch)
            if merged is not None and not merged.hunks:
                file = self.scratch / "contents" / f"{len(coming)}{ATTRIBUTES}"
                file.write_bytes(merged.content)
                coming[self.location.prefix + path] = file
        return dataclasses.replace(self, coming=coming) if coming else self

    def _attribute_files(self, paths: Iterable[str]) -> Iterable[str]:
        """Every file of the project's that says how git treats some of its paths."""
        folders = {folder for path in paths for folder in parents_of(self.location.prefix + path)}
        names = [ATTRIBUTES, *(f"{folder}/{ATTRIBUTES}" for folder in folders)]
        return [name for name in names if _content(self.location.top / name) is not None]

    def _store(self) -> Mapping[str, str]:
        own = self.scratch / "objects"
        real = self.location.common / "objects"
        return {
            "GIT_DIR": str(self.location.git_folder),
            "GIT_OBJECT_DIRECTORY": str(own),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _alternate(real),
            "GIT_INDEX_FILE": str(self.scratch / "index"),
        }

    def read(self, blobs: Collection[str]) -> Mapping[str, bytes]:
        """The contents of blobs, from the scratch store or the repository.

        Raises:
            MachineError: One of them is nowhere.
        """
        contents = Git(self.location.top, environment=self._store()).blobs(blobs)
        if missing := set(blobs) - contents.keys():
            raise MachineError(f"The object {min(missing)} is missing from the repository {self.location.top}.")
        return contents

    def add(self, contents: Mapping[str, bytes]) -> Mapping[str, str]:
        """Keep contents in the scratch store, as they are; their ids by the same keys."""
        if not contents:
            return {}
        files = [self.scratch / "contents" / str(number) for number in range(len(contents))]
        for file, content in zip(files, contents.values(), strict=True):
            file.write_bytes(content)
        git = Git(self.location.top, environment=self._store())
        return dict(zip(contents, _hashed(git, map(str, files), "-w", "--no-filters"), strict=True))

    def export(self, entries: Mapping[str, Entry], into: Path) -> Mapping[str, Path]:
        """Write files as git would check them out in this project; where each lies below `into`."""
        if not entries:
            return {}
        git = self._with_index(entries, self.location.prefix)
        git.run("checkout-index", "-a", "-f", f"--prefix={into}{os.sep}")
        return {path: into / self.location.prefix / path for path in entries}

    def _with_index(self, entries: Mapping[str, Entry], prefix: str = "") -> Git:
        """Git with these entries, and nothing else, in the index of the store."""
        (self.scratch / "index").unlink(missing_ok=True)
        git = Git(self.location.top, environment={**self._store(), "GIT_WORK_TREE": str(self.location.top)})
        lines = (f"{entry.mode} {entry.blob}\t{prefix}{path}" for path, entry in entries.items())
        git.run("update-index", "-z", "--index-info", stdin=listing(lines))
        return git

    def keep(self, blobs: Iterable[str]) -> None:
        """Move objects of the scratch store into the repository's own."""
        for blob in set(blobs):
            source = self.scratch / "objects" / blob[:2] / blob[2:]
            target = self.location.common / "objects" / blob[:2] / blob[2:]
            if source.is_file() and not target.exists():
                target.parent.mkdir(exist_ok=True)
                passing = target.with_name(f"tmp_obj_{os.getpid()}")
                shutil.copy2(source, passing)
                passing.replace(target)

    def renamed(self, old: Mapping[str, Entry], mine: Mapping[str, Entry], gone: Collection[str]) -> Mapping[str, str]:
        """Where the user moved files of the old render: path there -> path now, by git's own rename detection."""
        came = [path for path in mine if path not in old]
        gone = [path for path in gone if old[path].mode is not FileMode.SYMLINK]
        if not gone or not came:
            return {}
        trees = []
        for side, paths in ((old, gone), (mine, came)):
            git = self._with_index({path: side[path] for path in paths})
            trees.append(git.text("write-tree", "--missing-ok"))
        options = ("-r", "-z", f"-M{_ALIKE}", "-l0", "--diff-filter=R", "--name-status", "--no-rename-empty")
        words = git.records("diff-tree", *options, *trees)
        pairs = zip(words[1::3], words[2::3], strict=True)
        return {path: here for path, here in pairs if _is_writable(here)}


def open_store(location: Location, scratch: Path) -> Store:
    """The store of a project; `scratch` is an empty folder that the caller removes."""
    for name in ("objects", "contents", "views"):
        (scratch / name).mkdir(parents=True)
    return Store(location=location, scratch=scratch)


def _hashed(git: Git, names: Iterable[str], *options: str) -> list[str]:
    """The ids of files, in their order."""
    lines = "".join(f"{quoted(name)}\n" for name in names).encode(errors="surrogateescape")
    return git.text_of("hash-object", *options, "--stdin-paths", stdin=lines).split()


def _is_writable(path: str) -> bool:
    """Whether an update may write a path: not where a user's own file has control characters in its name, say."""
    try:
        check_contained(path, error=ProjectError, origin="The project")
    except ProjectError:
        return False
    return True


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() and not file.is_symlink() else None


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _alternate(path: Path) -> str:
    text = str(path)
    return quoted(text) if os.pathsep in text or text.startswith('"') else text

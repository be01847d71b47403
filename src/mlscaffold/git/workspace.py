"""A project as git sees it, with a store of its own for objects that are not part of the project yet.

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
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import MachineError, ProjectError
from ..files.entry import Entry, FileMode, check_contained
from .merge_file import Labels, merge_lines
from .process import Git

__all__ = ["State", "Workspace", "open_workspace"]

_SUBMODULE = "160000"
_ATTRIBUTES = ".gitattributes"
#: Values of the attribute `merge` by which git takes one side or the other, never both.
_NO_LINES = frozenset({"unset", "binary", "lfs"})
#: How `ls-files -v` tags what lies outside of a sparse checkout.
_SKIPPED = "S"


@dataclass(frozen=True, kw_only=True)
class State:
    """What a project holds; all paths are relative to its root."""

    #: Under version control: the index.
    entries: Mapping[str, Entry]
    #: Submodules.
    submodules: frozenset[str]
    #: Paths with unresolved conflicts of a merge.
    unmerged: frozenset[str]
    #: Paths with changes that no commit holds, staged or not.
    dirty: tuple[str, ...]
    #: Those that differ between index and work tree.
    unstaged: tuple[str, ...]
    #: Those that git was told to overlook (assume-unchanged, skip-worktree): a change of them is never committed.
    overlooked: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One project in its repository."""

    project: Path
    #: The top of the work tree.
    top: Path
    #: The project's folder in the repository, with a slash at its end; empty at the top.
    prefix: str
    git_folder: Path
    scratch: Path
    #: Attribute files that will have another content: path in the repository -> where that lies.
    coming: Mapping[str, Path] = field(default_factory=dict)

    @property
    def git(self) -> Git:
        """Git in the repository itself, at its top."""
        return Git(self.top)

    def state(self) -> State:
        """Read the index and compare it with HEAD and the work tree."""
        entries: dict[str, Entry] = {}
        submodules, unmerged, overlooked, assumed = (set[str]() for _ in range(4))
        git = Git(self.project)
        for line in _records(git.run("ls-files", "-s", "-v", "-z")):
            meta, _, path = line.partition("\t")
            tag, mode, blob, stage = meta.split(" ")
            if mode == _SUBMODULE:
                submodules.add(path)
            elif stage != "0":
                unmerged.add(path)
            else:
                entries[path] = Entry(mode=FileMode(mode), blob=blob)
                if tag.islower() or tag == _SKIPPED:
                    overlooked.add(path)
                if tag.islower():
                    assumed.add(path)
        changed = {path: code for path, code in self._status(git) if path not in submodules}
        edited = self._edited(sorted(assumed), entries)
        return State(
            entries=entries,
            submodules=frozenset(submodules),
            unmerged=frozenset(unmerged),
            dirty=tuple(sorted({*changed, *edited, *unmerged})),
            unstaged=tuple(sorted({*edited, *(path for path, code in changed.items() if code[1] != " ")} - unmerged)),
            overlooked=frozenset(overlooked),
        )

    def _status(self, git: Git) -> Iterable[tuple[str, str]]:
        """Paths that differ from HEAD, each with git's two signs: in the index, in the work tree."""
        options = ("--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=dirty")
        for line in _records(git.run("status", *options, "--", ".")):
            yield line[3:].removeprefix(self.prefix), line[:2]

    def _edited(self, paths: list[str], entries: Mapping[str, Entry]) -> list[str]:
        """Files that git was told to assume unchanged, and that changed all the same."""
        here = [path for path in paths if (self.project / path).is_file() and not (self.project / path).is_symlink()]
        found = self.hash(self.project, here)
        return [path for path in here if found[path] != entries[path].blob]

    def hash(self, root: Path, paths: Collection[str], *, write: bool = False) -> Mapping[str, str]:
        """Blob ids of files below a folder, as if they lay in the project: its attributes applied.

        Args:
            root: The project itself, or a render.
            paths: Relative to the root, regular files only.
            write: Keep the contents in the scratch store.
        """
        if not paths:
            return {}
        plain = [path for path in paths if root == self.project or PurePosixPath(path).name != _ATTRIBUTES]
        raw = [path for path in paths if path not in set(plain)]
        tree = self.top if root == self.project else self._view(root, plain)
        options = ["-w"] if write else []
        found: dict[str, str] = {}
        if plain:
            listing = "".join(f"{_quoted(self.prefix + path)}\n" for path in plain).encode(errors="surrogateescape")
            git = Git(tree, environment={**self._store(), "GIT_WORK_TREE": str(tree)})
            found |= zip(
                plain, git.text_of("hash-object", *options, "--stdin-paths", stdin=listing).split(), strict=True
            )
        if raw:
            listing = "".join(f"{_quoted(str(root / path))}\n" for path in raw).encode(errors="surrogateescape")
            git = Git(self.top, environment=self._store())
            command = ("hash-object", *options, "--no-filters", "--stdin-paths")
            found |= zip(raw, git.text_of(*command, stdin=listing).split(), strict=True)
        return found

    def entries(self, root: Path, plain: Mapping[str, Entry]) -> Mapping[str, Entry]:
        """The entries of a render, with the ids that git would give its files in this project."""
        files = [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK]
        links = {path: bytes((root / path).readlink()) for path in plain.keys() - set(files)}
        seen = {**self.hash(root, files), **self.add(links)}
        return {path: Entry(mode=entry.mode, blob=seen[path]) for path, entry in plain.items()}

    def _attribute(self, name: str, paths: Collection[str]) -> Mapping[str, str]:
        """What git's attributes say of paths, where they say anything."""
        listing = "".join(f"{self.prefix}{path}\0" for path in paths).encode(errors="surrogateescape")
        words = self.git.run("check-attr", "-z", "--stdin", name, stdin=listing).decode(errors="surrogateescape")
        fields = words.split("\0")
        return {
            path.removeprefix(self.prefix): value
            for path, value in zip(fields[0::3], fields[2::3], strict=False)
            if value != "unspecified"
        }

    def unmergeable(self, paths: Collection[str]) -> frozenset[str]:
        """Paths whose lines mean nothing by themselves, as the attributes say: `binary`, `-merge`, LFS pointers."""
        return frozenset(path for path, value in self._attribute("merge", paths).items() if value in _NO_LINES)

    def unverifiable(self, paths: Collection[str]) -> frozenset[str]:
        """Paths whose git filter (LFS, say) is not installed here: what lies there is not what it stands for."""
        said = self._attribute("filter", paths)
        filters = {path: name for path, name in said.items() if name not in {"unset", "set", ""}}
        absent = {
            name
            for name in set(filters.values())
            if not any(self.git.succeeds("config", f"filter.{name}.{key}") for key in ("clean", "process"))
        }
        return frozenset(path for path, name in filters.items() if name in absent)

    def _view(self, root: Path, paths: Iterable[str]) -> Path:
        """A work tree that holds a render in the place of the project, under the project's own attributes."""
        view = self.scratch / "views" / str(len(list((self.scratch / "views").iterdir())))
        for path in paths:
            target = view / self.prefix / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(root / path, target)
        for file in {*self._attribute_files, *self.coming}:
            target = view / file
            # Where the render has a file in the place of a folder, the folder's attributes apply to nothing.
            with contextlib.suppress(FileExistsError, NotADirectoryError):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.coming.get(file, self.top / file), target)
        view.mkdir(parents=True, exist_ok=True)
        return view

    def expecting(self, old: Path, new: Path, paths: Iterable[str]) -> Workspace:
        """The workspace under the attributes that will apply once the project follows from one render to the other.

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
                coming[self.prefix + path] = new / path
                continue
            merged = merge_lines(base=before, mine=here, theirs=after, labels=Labels())
            if merged is not None and not merged.hunks:
                file = self.scratch / "contents" / f"{len(coming)}{_ATTRIBUTES}"
                file.write_bytes(merged.content)
                coming[self.prefix + path] = file
        return dataclasses.replace(self, coming=coming) if coming else self

    @functools.cached_property
    def _attribute_files(self) -> tuple[str, ...]:
        """Every file that says how git treats the project's contents."""
        patterns = (f":(glob){self.prefix}**/{_ATTRIBUTES}", *self._above())
        found = _records(self.git.run("ls-files", "-z", "--cached", "--others", "--", *patterns))
        return tuple(path for path in found if (self.top / path).is_file() and not (self.top / path).is_symlink())

    def _above(self) -> Iterable[str]:
        for parent in list(PurePosixPath(self.prefix).parents) if self.prefix else []:
            yield f":(literal){(parent / _ATTRIBUTES).as_posix()}"

    def _store(self) -> Mapping[str, str]:
        own = self.scratch / "objects"
        real = self.git_common / "objects"
        return {
            "GIT_DIR": str(self.git_folder),
            "GIT_OBJECT_DIRECTORY": str(own),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted_alternate(real),
            "GIT_INDEX_FILE": str(self.scratch / "index"),
        }

    @property
    def git_common(self) -> Path:
        """The folder that all work trees of the repository share."""
        pointer = self.git_folder / "commondir"
        return (self.git_folder / pointer.read_text().strip()).resolve() if pointer.is_file() else self.git_folder

    def read(self, blobs: Collection[str]) -> Mapping[str, bytes]:
        """The contents of blobs, from the scratch store or the repository.

        Raises:
            MachineError: One of them is nowhere.
        """
        wanted = sorted(set(blobs))
        if not wanted:
            return {}
        stream = Git(self.top, environment=self._store()).run(
            "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted).encode()
        )
        found: dict[str, bytes] = {}
        at = 0
        for blob in wanted:
            end = stream.index(b"\n", at)
            words = stream[at:end].split()
            if words[1] == b"missing":
                raise MachineError(f"The object {blob} is missing from the repository {self.top}.")
            size = int(words[2])
            found[blob] = stream[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def add(self, contents: Mapping[str, bytes]) -> Mapping[str, str]:
        """Keep contents in the scratch store, as they are; their ids by the same keys."""
        if not contents:
            return {}
        folder = self.scratch / "contents"
        listing = []
        for number, content in enumerate(contents.values()):
            file = folder / str(number)
            file.write_bytes(content)
            listing.append(f"{_quoted(str(file))}\n")
        git = Git(self.top, environment=self._store())
        ids = git.text_of("hash-object", "-w", "--no-filters", "--stdin-paths", stdin="".join(listing).encode())
        return dict(zip(contents, ids.split(), strict=True))

    def export(self, entries: Mapping[str, Entry], into: Path) -> Mapping[str, Path]:
        """Write files as git would check them out in this project; where each lies below `into`."""
        if not entries:
            return {}
        index = "".join(f"{entry.mode} {entry.blob}\t{self.prefix}{path}\0" for path, entry in entries.items())
        git = Git(self.top, environment={**self._store(), "GIT_WORK_TREE": str(self.top)})
        git.run("read-tree", "--empty")
        git.run("update-index", "-z", "--index-info", stdin=index.encode(errors="surrogateescape"))
        git.run("checkout-index", "-a", "-f", f"--prefix={into}{os.sep}")
        return {path: into / self.prefix / path for path in entries}

    def keep(self, blobs: Iterable[str]) -> None:
        """Move objects of the scratch store into the repository's own."""
        for blob in set(blobs):
            source = self.scratch / "objects" / blob[:2] / blob[2:]
            target = self.git_common / "objects" / blob[:2] / blob[2:]
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
        git = Git(self.top, environment=self._store())
        trees = []
        for side, paths in ((old, gone), (mine, came)):
            git.run("read-tree", "--empty")
            listing = "".join(f"{side[path].mode} {side[path].blob}\t{path}\0" for path in paths)
            git.run("update-index", "-z", "--index-info", stdin=listing.encode(errors="surrogateescape"))
            trees.append(git.text("write-tree", "--missing-ok"))
        options = ("-r", "-z", f"-M{_ALIKE}", "-l0", "--diff-filter=R", "--name-status", "--no-rename-empty")
        words = _records(git.run("diff-tree", *options, *trees))
        found = zip(words[1::3], words[2::3], strict=True)
        return {path: here for path, here in found if _is_writable(here)}


#: How much of a file must be the same for it to be the same file, elsewhere.
_ALIKE = "60%"


def open_workspace(project: Path, scratch: Path) -> Workspace:
    """The workspace of a project; `scratch` is an empty folder that the caller removes.

    Raises:
        ProjectError: The project is not in a git work tree.
        MachineError: git is too old or missing.
    """
    git = Git(project)
    if not git.succeeds("rev-parse", "--is-inside-work-tree"):
        raise ProjectError(
            f"{project} is not in a git repository, and without history nothing could be taken back.",
            hint="Run: git init && git add -A && git commit -m 'Start', then the command again.",
        )
    inside, top, prefix, folder = (
        git.run("rev-parse", "--is-inside-work-tree", "--show-toplevel", "--show-prefix", "--absolute-git-dir")
        .decode(errors="surrogateescape")
        .split("\n")[:4]
    )
    if inside != "true":
        raise ProjectError(f"{project} is inside a .git folder, not in a work tree.")
    for name in ("objects", "contents", "views"):
        (scratch / name).mkdir(parents=True)
    return Workspace(project=project, top=Path(top), prefix=prefix, git_folder=Path(folder), scratch=scratch)


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


def _records(output: bytes) -> list[str]:
    return [record for record in output.decode(errors="surrogateescape").split("\0") if record]


def _quoted(path: str) -> str:
    """A path as git reads it from a list of lines."""
    return f'"{path.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'


def _quoted_alternate(path: Path) -> str:
    text = str(path)
    return _quoted(text) if os.pathsep in text or text.startswith('"') else text

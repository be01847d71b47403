"""A repository that somebody else made, read without its configuration.

Its `config` may name programs: filters, a file system monitor, where to fetch what is missing. So git never runs in it.
It runs in a repository of ours that *borrows*: our configuration, copies of the other's branches and tags, and its
objects as an alternate. For its work tree there is one more, with copies of its index and its lists of ignored files.
Of its configuration a few settings are read as data, those without which its commits or files would be read wrongly.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from ..errors import TemplateError
from .location import common_folder, pointed_at
from .process import Git, quoted

__all__ = ["borrow", "borrow_work_tree", "git_folder_of", "work_tree_files"]

_SWITCH = re.compile(r"(?i)|true|false|yes|no|on|off|0|1")
_YES = frozenset({"true", "yes", "on", "1"})
#: What is taken over of any repository, if its value is of this form. None of it names a program.
_STORAGE: Mapping[str, re.Pattern[str]] = {
    "extensions.objectformat": re.compile("sha1|sha256"),
    "extensions.refstorage": re.compile("files|reftable"),
}
#: And of one with a work tree.
_WORK_TREE: Mapping[str, re.Pattern[str]] = {
    **_STORAGE,
    "core.filemode": _SWITCH,
    "core.ignorecase": _SWITCH,
    "core.symlinks": _SWITCH,
    "core.precomposeunicode": _SWITCH,
    "core.sparsecheckout": _SWITCH,
    "core.sparsecheckoutcone": _SWITCH,
    "core.autocrlf": re.compile(rf"{_SWITCH.pattern}|input"),
    "core.eol": re.compile("lf|crlf|native"),
    "core.excludesfile": re.compile(r"[^\n\0]*"),
}
#: Copied for a work tree: from its own folder, and from the one that all work trees share.
_OWN = ("index", "info/sparse-checkout")
_SHARED = ("info/exclude", "info/attributes")
#: A reference, as git keeps it in a file of its own, and how long such a file is at most.
_REFERENCE = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})\n?")
_LONGEST_REFERENCE = 80
_SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")


def git_folder_of(path: Path) -> Path | None:
    """The repository's own folder, of a work tree or a bare repository; None if a path is neither."""
    # A work tree or a submodule has a file there.
    link = pointed_at(path / ".git") or path
    return next((folder for folder in (link, path) if _is_repository(folder)), None)


def _is_repository(folder: Path) -> bool:
    head = folder / "HEAD"
    common = common_folder(folder)
    return (head.is_symlink() or head.is_file()) and (common / "objects").is_dir() and (common / "refs").is_dir()


def borrow(location: str, into: Path) -> str:
    """What git can read in the place of a location, without the configuration that lies there.

    Args:
        location: A folder, a bundle, or a URL; a remote one is returned as it is.
        into: A folder of the caller's, which has to last as long as what is made from it.

    Raises:
        TemplateError: It is no repository and no bundle, or a file of it cannot be read, or it names another machine.
    """
    if (path := _local(location)) is None:
        return location
    with _reading(path):
        if path.is_file():
            return str(_copy_bundle(path, into))
        # The ends that git would try, too.
        git_folder = git_folder_of(path) or git_folder_of(Path(f"{path}.git"))
        if git_folder is None:
            # Git is not asked: it may see a repository where we see none, and would run in it.
            raise TemplateError(
                f"The template {path} cannot be read: it is no git repository and no bundle.",
                hint="Check the path. A plain folder is named by its path, without file://.",
            )
        known = _settings_of(git_folder, common_folder(git_folder))
        return str(_borrow_repository(git_folder, into / "borrowed.git", known, _STORAGE))


def _local(location: str) -> Path | None:
    if "://" not in location:
        path = Path(location)
        return path if path.is_absolute() else None
    scheme, _, rest = location.partition("://")
    if scheme.lower() != "file":
        return None
    host, _, below = rest.partition("/")
    if host not in {"", "localhost"}:
        # Git would leave the host out, and read a folder of this machine.
        raise TemplateError(
            f"The template {location} names another machine: file:// reads this one's folders.",
            hint="Write file:///PATH, or give a URL (https, ssh, git).",
        )
    # All of it, as git takes it: `?` and `#` are letters of a path.
    return Path("/", unquote(below))


def _copy_bundle(path: Path, into: Path) -> Path:
    """A copy: beside the original, git would rather take a folder of the same name with `.git` at its end."""
    with path.open("rb") as file:
        if file.read(len(_SIGNATURES[0])) not in _SIGNATURES:
            raise TemplateError(f"The template {path} cannot be read: it is no git bundle.")
    return Path(shutil.copyfile(path, into / "borrowed.bundle"))


def borrow_work_tree(path: Path, into: Path) -> Git | None:
    """Git on a work tree that somebody else made, without the configuration of its repository; None if it is bare.

    Args:
        path: The work tree.
        into: A folder of the caller's, which has to last as long as git is used.

    Raises:
        TemplateError: A file of the repository cannot be read.
    """
    with _reading(path):
        git_folder = git_folder_of(path) if os.path.lexists(path / ".git") else None
        if git_folder is None:
            return None
        common = common_folder(git_folder)
        known = _settings_of(git_folder, common)
        if known.get("core.bare", "false").lower() in _YES:
            return None
        ours = _borrow_repository(git_folder, into / "work-tree.git", known, _WORK_TREE)
        own = [*_OWN, *(file.name for file in git_folder.glob("sharedindex.*"))]
        for folder, names in ((git_folder, own), (common, _SHARED)):
            for name in names:
                _copy_file(folder / name, ours / name)
    return Git.at(ours, work_tree=path)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise TemplateError(f"The template {path} cannot be read: {why or error}.") from error


def _borrow_repository(
    git_folder: Path, ours: Path, known: Mapping[str, str], taken: Mapping[str, re.Pattern[str]]
) -> Path:
    common = common_folder(git_folder)
    for name in ("objects/info", "refs", "info"):
        (ours / name).mkdir(parents=True)
    (ours / "objects" / "info" / "alternates").write_text(
        f"{quoted(str((common / 'objects').resolve()))}\n", encoding="utf-8", errors="surrogateescape"
    )
    (ours / "config").write_text(_configuration(known, taken), encoding="utf-8", errors="surrogateescape")
    head = git_folder / "HEAD"
    said = f"ref: {head.readlink()}\n" if head.is_symlink() else head.read_text(encoding="utf-8")
    (ours / "HEAD").write_text(said, encoding="utf-8")
    _copy_file(common / "shallow", ours / "shallow")
    for file in (common / "reftable").rglob("*"):
        _copy_file(file, ours / file.relative_to(common))
    _pack_references(common, ours)
    return ours


def _pack_references(common: Path, ours: Path) -> None:
    """Bring all branches and tags along in one file, however many files they are in."""
    packed = common / "packed-refs"
    lines = packed.read_bytes().splitlines() if packed.is_file() and not packed.is_symlink() else []
    # What begins otherwise is a comment, or says where the tag of the line before leads to: git finds that out again.
    pairs = (line.split(b" ", 1)[::-1] for line in lines if line[:1] not in {b"#", b"^"} and b" " in line)
    known = {name: commit for name, commit in pairs if name.startswith((b"refs/heads/", b"refs/tags/"))}
    for folder, _, files in itertools.chain.from_iterable(
        os.walk(common / "refs" / kind) for kind in ("heads", "tags")
    ):
        below = os.path.relpath(folder, common)
        for name in files:
            file, path = os.path.join(folder, name), os.path.join(below, name)  # noqa: PTH118 - there may be thousands
            seen = os.lstat(file)
            if not stat.S_ISREG(seen.st_mode):
                continue
            content = Path(file).read_bytes() if seen.st_size <= _LONGEST_REFERENCE else b""
            if (reference := _REFERENCE.fullmatch(content)) is not None:
                known[os.fsencode(path)] = reference[1]
            else:
                # One that leads to another, or is damaged: git knows.
                _copy_file(Path(file), ours / path)
    lines = [known[name] + b" " + name + b"\n" for name in sorted(known)]
    (ours / "packed-refs").write_bytes(b"".join(lines))


def _copy_file(source: Path, target: Path) -> None:
    if source.is_file() and not source.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        # With its time: by that of the index git knows which files it has to look into.
        shutil.copy2(source, target)


def _settings_of(git_folder: Path, common: Path) -> Mapping[str, str]:
    """What the configuration of a repository says; nothing of it is followed yet."""
    known = dict(_settings(common / "config"))
    if known.pop("extensions.worktreeconfig", "false") != "false":
        known |= dict(_settings(git_folder / "config.worktree"))
    return known


def _configuration(known: Mapping[str, str], data: Mapping[str, re.Pattern[str]]) -> str:
    """Our configuration for what is borrowed."""
    taken = {name: known[name] for name, form in data.items() if name in known and form.fullmatch(known[name])}
    version = 1 if any(name.startswith("extensions.") for name in taken) else 0
    lines = ["[core]", f"\trepositoryformatversion = {version}"]
    for name, value in taken.items():
        section, _, key = name.partition(".")
        lines += [f"[{section}]", f"\t{key} = {quoted(value)}"]
    return "\n".join(lines) + "\n"


def _settings(file: Path) -> Iterator[tuple[str, str]]:
    """Names and values in one file of configuration; what it would include is not read."""
    if not file.is_file():
        return
    for record in Git.outside().records("config", "--file", str(file.resolve()), "--no-includes", "-z", "--list"):
        # A name alone means true.
        name, line, value = record.partition("\n")
        yield name, value if line else "true"


def work_tree_files(git: Git) -> tuple[str, ...]:
    """What git would commit of a borrowed work tree: tracked and new files, relative to it, without the ignored ones.

    Raises:
        TemplateError: Its index names a file outside of it.
    """
    path = git.folder
    names = sorted(set(git.records("ls-files", "-z", "--cached", "--others", "--exclude-standard")))
    return tuple(name for name in names if _is_there(path, name))


def _is_there(path: Path, name: str) -> bool:
    """Whether a file lies below real folders: git lists what is in the index, wherever that would lead now."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or {"..", ".git"} & {part.lower() for part in pure.parts}:
        raise TemplateError(f"The index of the template {path} names {name!r}, which is outside of it. Refused.")
    if any((path / folder).is_symlink() for folder in pure.parents if folder.name):
        return False
    return (path / name).is_symlink() or (path / name).is_file()

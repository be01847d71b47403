"""What a template may see of the machine that renders it: its project's files, and only with trust all else.

A template's `_external_data` names YAML files that its questions and files may use. Copier reads them where it renders;
we render outside of the project, so they are read from the project here: from its work tree, or (for what was rendered
once) from the commit that wrote the lock, so that a render can be had again after the data changed.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ..files.entry import blob_id, check_contained
from ..errors import RenderError
from ..git.location import locate
from ..git.process import Git

__all__ = ["NeedsTrust", "Reach", "commit_of"]

_LIMIT_BYTES = 1024 * 1024
_NOWHERE = Path("/nowhere/project")
#: Neither waits for the other end of a pipe, nor follows a link that was put there since.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class NeedsTrust(BaseException):
    """A template that is not trusted asked for what needs trust.

    No `Exception`: Copier turns whatever a validator raises into its message, and this is not for a person to answer.
    """

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a template may look."""

    trusted: bool = False
    #: The project's root, which may not be there yet; None where there is no project.
    project: Path | None = None
    #: The commit whose files are read; empty for the work tree.
    at: str = ""
    #: Whether files that git does not know are read as they are now, whatever the commit.
    loose: bool = True

    def read(self, name: str, path: str) -> bytes | None:
        """The content of a file of external data; None if there is none.

        Args:
            name: What the template calls it.
            path: Relative to the project, all Jinja rendered.

        Raises:
            NeedsTrust: It is outside of the project, and the template is not trusted.
            RenderError: It is no plain file of reasonable size, cannot be read, or lies inside of `.git`.
        """
        file, inside = self.check(name, path)
        committed = self._committed(inside) if inside and self.at else None
        return _content(file) if committed is None else committed or None

    def check(self, name: str, path: str) -> tuple[Path, str]:
        """Where a path leads, all links followed; and that relative to the project, empty if it is no file in it.

        Raises:
            NeedsTrust, RenderError: As `read`; nothing is read.
        """
        try:
            root = Path(os.path.realpath(self.project or _NOWHERE))
            file = Path(os.path.realpath(root / path))
        except (OSError, ValueError) as error:
            raise RenderError(f"The template's external data {name!r} names no file: {path!r}.") from error
        if not file.is_relative_to(root):
            if not self.trusted:
                raise NeedsTrust(f"external data {name!r} from {path}, outside of the project")
            return file, ""
        inside = file.relative_to(root).as_posix()
        if inside == ".":
            return file, ""
        if not self.trusted:
            check_contained(inside, error=RenderError, origin=f"The template's external data {name!r}")
        return file, inside

    def _committed(self, path: str) -> bytes | None:
        """What the commit holds (empty if nothing); None where git does not know the file, or knows a link."""
        git = Git(self.project or _NOWHERE)
        listed = git.records("ls-tree", "-z", self.at, "--", path)
        if not listed:
            known = not self.loose or git.confirms("ls-files", "--error-unmatch", "--", f":(literal){path}")
            return b"" if known else None
        mode, kind, blob = listed[0].partition("\t")[0].split()
        if kind != "blob" or mode == "120000":
            return None
        if int(git.text("cat-file", "-s", blob)) > _LIMIT_BYTES:
            raise _unreadable(path, "it is too large")
        return git.run("cat-file", "blob", blob)


def _content(file: Path) -> bytes | None:
    try:
        handle = os.open(file, _FLAGS)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            return None
        if not stat.S_ISREG(mode):
            raise _unreadable(file, "it is no plain file")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    finally:
        os.close(handle)
    if len(content) > _LIMIT_BYTES:
        raise _unreadable(file, "it is too large")
    return content


def _unreadable(file: Path | str, why: str) -> RenderError:
    return RenderError(f"The template's external data {file} cannot be read: {why}.")


def commit_of(project: Path, file: str, *, rev: str | None = None) -> str:
    """The commit that wrote a file of a project as it is now (or was in a commit); empty if none did.

    Args:
        project: Its root.
        file: Its lock, or its answers file where it has no lock.
        rev: A commit to look at in the place of the work tree.
    """
    if locate(project) is None:
        return ""
    git = Git(project)
    start = rev or "HEAD"
    if not git.confirms("rev-parse", "-q", "--verify", f"{start}:./{file}"):
        return ""
    here = project / file
    if rev is None:
        now = blob_id(here.read_bytes()) if here.is_file() else ""
        if now != git.text("rev-parse", "--verify", f"{start}:./{file}"):
            return ""
    return git.text("rev-list", "-1", start, "--", file)

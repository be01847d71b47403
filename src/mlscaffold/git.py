"""Effects: running git. No other module starts a git process."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import MachineError

__all__ = ["Git", "GitError", "blob_ids", "config_value", "enclosing_repository", "without_credentials"]

#: Variables by which a caller (a hook, say) would make git look at another repository than the one we name.
_REDIRECTIONS = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)


#: What a person, or a stranger's repository, may have configured to run: not in our commands.
_NO_FOREIGN_CODE = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")


class GitError(MachineError):
    """A git command failed; `stderr` is what it said, without credentials."""

    def __init__(self, arguments: Sequence[str], stderr: str) -> None:
        said = without_credentials(stderr.strip()) or "no message"
        full = re.search("No space left on device|Out of diskspace|Disk quota exceeded", said)
        hint = "The disk is full: make room, then run the command again." if full else ""
        command = next(
            word for before, word in zip(("", *arguments), arguments, strict=False) if "-c" not in {before, word}
        )
        super().__init__(f"git {command} failed: {said}", hint=hint)
        self.stderr = said


def without_credentials(text: str) -> str:
    """Cut `user:password@` out of every URL in a text."""
    # Greedy up to the last `@` before the path: a password may hold one itself.
    return re.sub(r"(?<=://)[^/\s]+@", "", text)


class Git:
    """Git, run in one folder."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environment = {key: value for key, value in os.environ.items() if key not in _REDIRECTIONS}
        self._environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
        self._environment |= environment or {}

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of a git command.

        Raises:
            GitError: The command failed.
            MachineError: There is no git on this machine.
        """
        done = self._start(arguments, stdin)
        if done.returncode:
            raise GitError(arguments, done.stderr.decode(errors="replace"))
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Standard output as text, without the last line break."""
        return self.run(*arguments).decode(errors="replace").rstrip("\n")

    def text_of(self, *arguments: str, stdin: bytes) -> str:
        """Standard output as text, of a command that reads from standard input."""
        return self.run(*arguments, stdin=stdin).decode(errors="replace").rstrip("\n")

    def succeeds(self, *arguments: str) -> bool:
        """Whether the command ends with exit code 0."""
        return self._start(arguments, None).returncode == 0

    def _start(self, arguments: Sequence[str], stdin: bytes | None) -> subprocess.CompletedProcess[bytes]:
        source: dict[str, object] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(  # type: ignore[call-overload,no-any-return]
                ["git", *_NO_FOREIGN_CODE, *arguments],
                cwd=self.folder,
                env=self._environment,
                capture_output=True,
                check=False,
                **source,
            )
        except FileNotFoundError as error:
            if not self.folder.is_dir():
                raise MachineError(f"{self.folder} is not a folder.") from error
            raise MachineError(
                "git was not found on this machine.", hint="Install git (https://git-scm.com/downloads) and try again."
            ) from error
        except (PermissionError, NotADirectoryError) as error:
            raise MachineError(f"Cannot run git in {self.folder}: {error.strerror}.") from error


def config_value(folder: Path, key: str) -> str:
    """One value of git's configuration as seen from a folder, or an empty text."""
    git = Git(folder)
    return git.text("config", "--get", key) if git.succeeds("config", "--get", key) else ""


def enclosing_repository(folder: Path) -> Path | None:
    """The top of the work tree that a folder lies in, or None outside of git."""
    git = Git(folder)
    if not git.succeeds("rev-parse", "--is-inside-work-tree"):
        return None
    top = git.text("rev-parse", "--show-toplevel")
    return Path(top) if top else None


def blob_ids(folder: Path, paths: Sequence[str]) -> Mapping[str, str]:
    """The ids that git gives to the contents of files in a work tree, its attributes applied; paths are POSIX."""
    # hash-object reads its paths from the top of the work tree, wherever it is started, and unquotes them.
    top = enclosing_repository(folder) or folder
    inside = folder.resolve().relative_to(top.resolve())
    quoted = [(inside / path).as_posix().replace('"', '\\"') for path in paths]
    listing = "".join(f'"{path}"\n' for path in quoted).encode(errors="surrogateescape")
    ids = Git(top).run("hash-object", "--stdin-paths", stdin=listing).decode().split()
    return dict(zip(paths, ids, strict=True))

"""Effects: running git. No other module starts a git process, and none says what git may read or run.

Git runs what its configuration names: filters, hooks, pagers, helpers. Which configuration that is, is decided here:

- A person's own (`~/.gitconfig`, the system's, `git -c` around us) is theirs: their credentials, proxies, rewritten
  addresses and filters work as everywhere.
- That of the project's repository is trusted as git trusts it: it has to be the person's own (`safe.directory`), and to
  be called `.git`, as no clone can hold one. A bare repository in a sub-folder comes with a clone: it is never taken.
- A remote is asked outside of any repository, and a stranger's repository is read without its configuration
  (`borrow`).
- What would change the form of an answer that we read (columns, signatures, encodings, orders) is set by us.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import MachineError
from .environment import git_environment

__all__ = [
    "AS_COMMITTED",
    "Git",
    "GitError",
    "config_value",
    "config_values",
    "listing",
    "quoted",
    "records",
    "without_credentials",
]

#: What may be configured to run, or to be read in the place of what is meant: not in our commands. Of what else git can
#: be told to run, nothing is reached: editors, pagers and external diffs need a terminal or a patch; merge drivers a
#: merge in a work tree; aliases a command that is not git's own.
_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),
    # For git before 2.38, which does not know it, `_refuse_embedded` stands in.
    *("-c", "safe.bareRepository=explicit"),
    # Both start gpg; what it says would stand in the midst of what we read.
    *("-c", "log.showSignature=false"),
    *("-c", "commit.gpgSign=false"),
    # The form of what is printed.
    *("-c", "color.ui=false"),
    *("-c", "color.diff=false"),
    *("-c", "column.ui=never"),
    *("-c", "column.tag=never"),
    *("-c", "i18n.logOutputEncoding=UTF-8"),
    *("-c", "log.follow=false"),
    *("-c", f"diff.orderFile={os.devnull}"),
    *("-c", "status.showUntrackedFiles=normal"),
    # An index of ours would leave its other half in the project's repository.
    *("-c", "core.splitIndex=false"),
    # Other repositories are reached into where a command says so, and no file is refused for its line endings.
    *("-c", "submodule.recurse=false"),
    *("-c", "core.safecrlf=false"),
)

#: A person's line endings and attributes do not reach a template: it renders the same bytes on every machine.
AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", f"core.attributesFile={os.devnull}")

#: What git says of a repository or a machine -> what to do.
_CURES: Mapping[str, str] = {
    "Permission denied|insufficient permission": (
        "Get the right to read and write there, or run as the user whom it belongs to."
    ),
    "No space left on device|Out of diskspace|Disk quota exceeded|unable to write file": (
        "The disk is full: make room, then run the command again."
    ),
    "detected dubious ownership": (
        "It belongs to another user. If you trust what it holds: git config --global --add safe.directory PATH"
    ),
    "bad config|bad numeric config|bad boolean config|invalid value for '|not a valid boolean|missing value for": (
        "Mend that line of git's configuration, or take it out."
    ),
    "maximum include depth|reading the configuration files|failed to expand user dir|unable to parse command-line": (
        "Mend git's configuration: git config --list --show-origin tells its files; GIT_CONFIG_* are variables of it."
    ),
    "unknown repository extension|Expected git repo version|unknown repository (storage|format)": (
        "A newer git made this repository: install that one (https://git-scm.com/downloads)."
    ),
    r"index file|bad signature 0x|bad index|unknown index entry|\.git/index: unable to map": (
        "Git's index is damaged. Neither files nor commits are lost by making it anew: "
        'rm "$(git rev-parse --git-path index)" && git reset'
    ),
    "filter '.*' failed": "Install what that filter runs (Git LFS, say), or take it out of git's configuration.",
    "BOM is |failed to encode": (
        "An attribute (working-tree-encoding) gives this file another encoding than it has here, or in the template."
    ),
    r"\.lock': File exists": "Another git is at work there. If none is (it was killed), remove that file.",
    "not a git repository: |invalid gitfile|gitdir file": (
        "The file .git there names the repository, which was moved or removed. For a work tree: git worktree repair; "
        "for a submodule: git submodule update --init; else clone it again."
    ),
    "appears to be broken|bad object|bad tree|loose object|unable to read|missing blob|missing tree|is corrupt": (
        "Objects or references of the repository are damaged: git fsck says which. Fetch or clone it again."
    ),
}


class GitError(MachineError):
    """A git command failed; `stderr` is what it said, without credentials."""

    def __init__(self, arguments: Sequence[str], stderr: str) -> None:
        said = without_credentials(stderr.strip()) or "no message"
        command = next(
            word for before, word in zip(("", *arguments), arguments, strict=False) if "-c" not in {before, word}
        )
        super().__init__(
            f"git {command} failed: {said}",
            hint=next((cure for words, cure in _CURES.items() if re.search(words, said)), ""),
        )
        self.stderr = said

    @property
    def reason(self) -> str:
        """What git says is wrong, without its own advice."""
        first = next((line for line in self.stderr.split("\n") if line.startswith("fatal: ")), self.stderr)
        more = self.stderr.partition(f"{first}\n\t")[2].partition("\n")[0] if first.endswith(":") else ""
        return " ".join(f"{first.removeprefix('fatal: ')} {more}".split()).rstrip(".")


def without_credentials(text: str) -> str:
    """Cut `user:password@` out of every URL in a text."""
    # Greedy up to the last `@` before the path: a password may hold one itself.
    return re.sub(r"(?<=://)[^/\s]+@", "", text)


def records(output: bytes) -> list[str]:
    """The words of an output that is separated by NUL, as git gives paths that are to be read by a program."""
    return [record for record in output.decode(errors="surrogateescape").split("\0") if record]


def listing(words: Iterable[str]) -> bytes:
    """Words for a command that reads them from its input, each ended by NUL."""
    return "".join(f"{word}\0" for word in words).encode(errors="surrogateescape")


#: How `cat-file --batch` begins to tell of an object: id, type, size.
_WORDS_OF_OBJECT = 3
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def quoted(text: str) -> str:
    """A path or value in quotes, as git reads it from a list of lines and from its configuration."""
    return f'"{text.translate(_ESCAPED)}"'


class Git:
    """Git, run in one folder, in the repository that this lies in."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        """Git in the repository that a folder lies in; `environment` may name another one (`GIT_DIR`)."""
        self.folder = folder
        self._named = environment or {}
        self._environment = {**git_environment(), **self._named}

    @classmethod
    def outside(cls) -> Git:
        """Git in no repository: for remotes, and for what is nobody's. No folder's configuration is read."""
        # A folder of ours, wherever a person stands: helpers are started in it, too.
        return cls(Path(__file__).parent, environment={"GIT_DIR": os.devnull, "GIT_NO_LAZY_FETCH": "1"})

    @classmethod
    def at(cls, git_folder: Path, *, work_tree: Path | None = None, index: Path | None = None) -> Git:
        """Git in a repository that we made ourselves, bare or with a work tree, which may have an index elsewhere."""
        apart = {"GIT_WORK_TREE": work_tree, "GIT_INDEX_FILE": index}
        named = {name: str(path) for name, path in apart.items() if path}
        repository = {"GIT_DIR": str(git_folder), "GIT_NO_LAZY_FETCH": "1", "GIT_DEFAULT_HASH": "sha1"}
        return cls(work_tree or git_folder, environment={**repository, **named})

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of a git command.

        Raises:
            GitError: The command failed.
            MachineError: There is no git on this machine.
        """
        done = self.finished(*arguments, stdin=stdin)
        if done.returncode:
            raise self._failure(arguments, done)
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Standard output as text, without the last line break."""
        return self.run(*arguments).decode(errors="replace").rstrip("\n")

    def text_of(self, *arguments: str, stdin: bytes) -> str:
        """Standard output as text, of a command that reads from standard input."""
        return self.run(*arguments, stdin=stdin).decode(errors="replace").rstrip("\n")

    def records(self, *arguments: str, stdin: bytes | None = None) -> list[str]:
        """The words of standard output, of a command that separates them by NUL (`-z`)."""
        return records(self.run(*arguments, stdin=stdin))

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """The contents of blobs, by one process; those that are missing are left out."""
        return {blob: content for blob, (_, content) in self.objects(sorted(set(ids))).items()}

    def objects(self, names: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """By name the id and the content of the object that it leads to, by one process; links in trees are followed.

        What leads to nothing, or out of its tree, is left out.
        """
        if not names:
            return {}
        stdin = "".join(f"{name}\n" for name in names).encode(errors="surrogateescape")
        stream = self.run("cat-file", "--batch", "--follow-symlinks", stdin=stdin)
        contents: dict[str, tuple[str, bytes]] = {}
        start = 0
        for name in names:
            end = stream.index(b"\n", start)
            words = stream[start:end].split()
            start = end + 1
            if words[-1] in {b"missing", b"ambiguous"}:
                continue
            # A link that leads nowhere is told with a word and a size, and an object with its id besides.
            size = int(words[-1])
            if len(words) == _WORDS_OF_OBJECT:
                contents[name] = (words[0].decode(), stream[start : start + size])
            start += size + 1
        return contents

    def found(self, *arguments: str, stdin: bytes | None = None) -> bytes | None:
        """Standard output of a command that looks for something; None where it says that there is none (exit code 1).

        Raises:
            GitError: It could not look: that is no answer.
        """
        done = self.finished(*arguments, stdin=stdin)
        if done.returncode > 1:
            raise self._failure(arguments, done)
        return None if done.returncode else done.stdout

    def confirms(self, *arguments: str) -> bool:
        """Whether git answers yes (exit code 0) to what it can answer by no (1).

        Raises:
            GitError: It could not answer.
        """
        return self.found(*arguments) is not None

    def _failure(self, arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> GitError:
        return GitError(arguments, done.stderr.decode(errors="replace"))

    def finished(
        self, *arguments: str, stdin: bytes | None = None, seconds: float | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """A command that has ended, however it did.

        Raises:
            MachineError: It cannot be started, would take a repository that nobody named, or took more `seconds`.
        """
        if "GIT_DIR" not in self._named:
            _refuse_embedded(self.folder)
        source: dict[str, object] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(  # type: ignore[call-overload,no-any-return]
                [_program(self._environment.get("PATH", "")), *_OPTIONS, *arguments],
                cwd=self.folder,
                env=self._environment,
                capture_output=True,
                check=False,
                timeout=seconds,
                **source,
            )
        except subprocess.TimeoutExpired as error:
            raise MachineError(f"git takes more than {seconds:.0f} seconds in {self.folder}, and was ended.") from error
        except FileNotFoundError as error:
            if not self.folder.is_dir():
                raise MachineError(f"{self.folder} is not a folder.") from error
            raise MachineError(
                "git was not found on this machine.", hint="Install git (https://git-scm.com/downloads) and try again."
            ) from error
        except (PermissionError, NotADirectoryError) as error:
            raise MachineError(f"Cannot run git in {self.folder}: {error.strerror}.") from error


@functools.cache
def _program(path: str) -> str:
    """Where git is, looked up once for all commands."""
    program = shutil.which("git", path=path or None)
    return os.path.abspath(program) if program else "git"  # noqa: PTH100 - links lead elsewhere


#: What git takes for a repository.
_BARE = (("HEAD", "objects", "refs"), ("HEAD", "commondir"))


def _refuse_embedded(folder: Path) -> None:
    """Refuse a bare repository that git would find by looking upwards: one can be committed, configuration and all.

    Raises:
        MachineError: The folder lies in one, or in a repository whose configuration git would wait for.
    """
    here = Path(os.path.realpath(folder))
    for parent in (here, *here.parents):
        if parent.name == ".git" or os.path.lexists(parent / ".git"):
            # No clone can hold that name.
            _refuse_endless(parent / ".git" / "config")
            return
        # As git looks at it: by names, whatever they are.
        if any(all(os.path.lexists(parent / name) for name in names) for names in _BARE):
            raise MachineError(
                f"{parent} is a bare git repository that whoever wrote these files may have put there, and whose "
                "settings git would run.",
                hint="Name a folder outside of it. If it is no repository of yours, remove it.",
            )


def _refuse_endless(config: Path) -> None:
    with contextlib.suppress(OSError):
        mode = config.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise MachineError(
                f"{config} is no plain file: git would wait for it without end.", hint="Restore it, or remove it."
            )


def config_values(folder: Path, section: str) -> Mapping[str, str]:
    """What git's configuration says in a section, as seen from a folder; of several values the last counts."""
    said = Git(folder).found("config", "--null", "--get-regexp", rf"^{re.escape(section)}\.")
    pairs = (record.partition("\n") for record in (said or b"").decode(errors="replace").split("\0") if record)
    return {name: value for name, _, value in pairs}


def config_value(folder: Path, key: str) -> str:
    """One value of git's configuration as seen from a folder, or an empty text."""
    said = Git(folder).found("config", "--get", key)
    return "" if said is None else said.decode(errors="replace").rstrip("\n")

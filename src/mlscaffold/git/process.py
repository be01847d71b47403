"""Effects: running git. No other module starts a git process, and none says what git may read or run.

Git runs what its configuration names: filters, hooks, pagers, helpers. Which configuration that is, is decided here:

- A person's own (`~/.gitconfig`, the system's, `git -c` around us) is theirs: their credentials, proxies, rewritten
  addresses and filters work as everywhere.
- That of the project's repository is trusted as git trusts it: it has to be the person's own (`safe.directory`), and to
  be called `.git`, as no clone can hold one. A bare repository in a sub-folder comes with a clone: it is never taken.
- A remote is asked outside of any repository, and a stranger's repository is read without its configuration
  (`borrowing`).
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import MachineError

__all__ = [
    "CLEARED",
    "KEPT",
    "Git",
    "GitError",
    "blob_ids",
    "config_value",
    "enclosing_repository",
    "without_credentials",
]

#: Variables of git's that do not reach it: why -> names; `*` ends a family. A caller may be a hook, or a pipeline.
CLEARED: Mapping[str, Sequence[str]] = {
    "lead to another repository, index or object store than the one that is named": (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
        *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_IMPLICIT_WORK_TREE", "GIT_QUARANTINE_PATH"),
        *("GIT_INTERNAL_SUPER_PREFIX", "GIT_CONFIG", "GIT_TEMPLATE_DIR", "GIT_SHALLOW_FILE"),
    ),
    "change what a commit is, or which attributes its files have": (
        *("GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_ATTR_SOURCE", "GIT_REF_PARANOIA"),
        *("GIT_DEFAULT_REF_FORMAT", "GIT_REF_URI"),
    ),
    "change what a path means": (
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    ),
    "run a program that we have no use for": (
        *("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_PAGER_IN_USE", "GIT_SEQUENCE_EDITOR", "GIT_MAN_VIEWER"),
        *("GIT_DIFF_TOOL", "GIT_DIFFTOOL_*", "GIT_MERGETOOL_GUI", "GIT_EXT_SERVICE*", "GIT_CHERRY_PICK_HELP"),
    ),
    "change what is printed, and so what we read": (
        *("GIT_TRACE*", "GIT_CURL_VERBOSE", "GIT_TRANSPORT_HELPER_DEBUG", "GIT_TRANSLOOP_DEBUG", "GIT_DIFF_OPTS"),
        *("GIT_PRINT_SHA1_ELLIPSIS", "GIT_NOTES_*", "GIT_DIFF_PATH_*", "GIT_MERGE_VERBOSITY", "GIT_ADVICE"),
        *("GIT_PROGRESS_DELAY", "GIT_FLUSH", "GIT_TEXTDOMAINDIR", "GIT_REFLOG_ACTION", "GIT_MERGE_AUTOEDIT"),
        "GIT_REDIRECT_*",
    ),
    "are for git's own tests, or for servers": (
        *("GIT_TEST_*", "GIT_PUSH_*", "GIT_SMART_HTTP", "GIT_OVERRIDE_VIRTUAL_HOST", "GIT_ALLOW_NULL_SHA1"),
        *("GIT_ALLOC_LIMIT", "GIT_MMAP_LIMIT", "GIT_INDEX_VERSION", "GIT_FORCE_*", "GIT_DISABLE_UNTRACKED_CACHE"),
    ),
}

#: Those that reach it, as they are a person's own: a repository cannot set them. So does every name that git does not
#: know: a person's helper may read its password from one.
KEPT: Mapping[str, Sequence[str]] = {
    "where a person's configuration is, and `git -c` around us": (
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_*"),
        *("GIT_CONFIG_VALUE_*", "GIT_CONFIG_PARAMETERS", "GIT_ATTR_NOSYSTEM", "GIT_ATTR_GLOBAL", "GIT_ATTR_SYSTEM"),
    ),
    "how remotes are reached": (
        *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_PROXY_*", "GIT_SSL_*", "GIT_HTTP_*"),
        *("GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL", "GIT_PROTOCOL_FROM_USER", "GIT_CURL_FTP_NO_EPSV", "GIT_USER_AGENT"),
        "GIT_NO_LAZY_FETCH",
    ),
    "who commits": ("GIT_AUTHOR_*", "GIT_COMMITTER_*"),
    "where git is, how far it looks for a repository, and how it makes one": (
        *("GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"),
        *("GIT_DEFAULT_HASH", "GIT_DEFAULT_BRANCH"),
    ),
}

_FIXED: Mapping[str, str] = {
    # Messages are compared.
    "LC_ALL": "C",
    # Nobody sits there to answer, or to edit.
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": ":",
    # To look is no reason to lock, or to write.
    "GIT_OPTIONAL_LOCKS": "0",
}

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
    *("-c", "color.ui=false"),
)


@functools.cache
def _cleared() -> re.Pattern[str]:
    names = (name for group in CLEARED.values() for name in group)
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names))


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
    """Git, run in one folder, in the repository that this lies in."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        """Git in the repository that a folder lies in; `environment` may name another one (`GIT_DIR`)."""
        self.folder = folder
        inherited = {key: value for key, value in os.environ.items() if not _cleared().fullmatch(key)}
        self._named = environment or {}
        self._environment = {**inherited, **_FIXED, **self._named}

    @classmethod
    def outside(cls) -> Git:
        """Git in no repository: for remotes, and for what is nobody's. No folder's configuration is read."""
        # A folder of ours, wherever a person stands: helpers are started in it, too.
        return cls(Path(__file__).parent, environment={"GIT_DIR": os.devnull, "GIT_NO_LAZY_FETCH": "1"})

    @classmethod
    def at(cls, git_folder: Path, *, work_tree: Path | None = None) -> Git:
        """Git in a repository that we made ourselves, bare or with a work tree."""
        tree = {"GIT_WORK_TREE": str(work_tree)} if work_tree else {}
        place = {"GIT_DIR": str(git_folder), "GIT_NO_LAZY_FETCH": "1", "GIT_DEFAULT_HASH": "sha1", **tree}
        return cls(work_tree or git_folder, environment=place)

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of a git command.

        Raises:
            GitError: The command failed.
            MachineError: There is no git on this machine.
        """
        done = self.finished(*arguments, stdin=stdin)
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
        return self.finished(*arguments).returncode == 0

    def finished(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """A command that has ended, however it did.

        Raises:
            MachineError: It cannot be started, or would take a repository that nobody named.
        """
        if "GIT_DIR" not in self._named:
            _refuse_embedded(self.folder)
        source: dict[str, object] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        try:
            return subprocess.run(  # type: ignore[call-overload,no-any-return]
                ["git", *_OPTIONS, *arguments],
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


#: What git takes for a repository.
_BARE = (("HEAD", "objects", "refs"), ("HEAD", "commondir"))


def _refuse_embedded(folder: Path) -> None:
    """Refuse a bare repository that git would find by looking upwards: one can be committed, configuration and all.

    Raises:
        MachineError: The folder lies in one.
    """
    here = Path(os.path.realpath(folder))
    for place in (here, *here.parents):
        if place.name == ".git" or os.path.lexists(place / ".git"):
            # No clone can hold that name.
            return
        # As git looks at it: by names, whatever they are.
        if any(all(os.path.lexists(place / name) for name in names) for names in _BARE):
            raise MachineError(
                f"{place} is a bare git repository that whoever wrote these files may have put there, and whose "
                "settings git would run.",
                hint="Name a folder outside of it. If it is no repository of yours, remove it.",
            )


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

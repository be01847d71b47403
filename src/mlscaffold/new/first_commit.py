"""A new project in git: the ids of its files there, and its first commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import MachineError
from ..files.entry import Entry, FileMode
from ..git.index import blob_ids
from ..git.location import locate, located, newest_commit
from ..git.process import Git, config_value, listing
from ..plan.actions import Plan
from ..project.lock import LOCK_FILE
from ..template.render import Render

__all__ = ["as_git_sees", "first_commit", "init", "left_out"]


def as_git_sees(plan: Plan, project: Path, destination: Path) -> Mapping[str, Entry]:
    """Entries with the blob ids that git will give them: the project's own attributes applied."""
    plain = {action.path: action.new for action in plan.actions if action.new is not None}
    if (location := locate(destination) if (destination / ".git").exists() else None) is not None:
        # Its repository waits there: it is not laid out in the stage.
        location = replace(location, folder=project, top=project)
    ids = blob_ids(
        location or located(project), [path for path, entry in plain.items() if entry.mode is not FileMode.SYMLINK]
    )
    return {path: replace(entry, blob=ids.get(path, entry.blob)) for path, entry in plain.items()}


def init(project: Path) -> None:
    """A repository without a commit, on the branch that a person calls the first one."""
    branch = config_value(project, "init.defaultBranch") or "main"
    Git(project).run("init", "-q", "--template=", "-b", branch)


def first_commit(project: Path, render: Render) -> str:
    """Commit all of it: whoever works here, no hooks, no signature (there may be no key, and nothing to prove yet).

    It holds no file of secrets, and git never reads one: what was added once stays among its objects. Lock and answers
    are in it though an ignore file of the template names them.
    """
    git = Git(project)
    identity: list[str] = []
    if git.finished("var", "GIT_AUTHOR_IDENT").returncode or not config_value(project, "user.email"):
        identity = ["-c", "user.name=mlscaffold", "-c", "user.email=mlscaffold@localhost"]
    quiet = ["-c", "commit.gpgSign=false", "-c", "gc.auto=0"]
    secret = render.secret
    present = git.records("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    _with_paths(git, ("add", "-A"), {*present} - secret)
    _with_paths(git, ("add", "-f"), {LOCK_FILE, render.answers_file})
    if secret:
        # A task may have added them.
        _with_paths(git, ("rm", "-q", "--cached", "--ignore-unmatch"), secret)
    if (commit := newest_commit(git)) and git.confirms("diff", "--cached", "--quiet"):
        # A task has committed all of it.
        return commit
    message = f"Start from {render.checkout.source.url} {render.checkout.version}"
    git.run(*identity, *quiet, "commit", "-q", "--no-verify", "-m", message)
    if not (commit := newest_commit(git)):
        raise MachineError("git made no first commit.")
    return commit


def _with_paths(git: Git, command: tuple[str, ...], paths: Collection[str]) -> None:
    if paths:
        literal = listing(f":(literal){path}" for path in sorted(paths))
        git.run(*command, "--pathspec-from-file=-", "--pathspec-file-nul", stdin=literal)


def left_out(project: Path, plan: Plan) -> frozenset[str]:
    """The files of a project that an ignore file keeps out of its commit."""
    left = set(Git(project).records("ls-files", "-z", "--others", "--ignored", "--exclude-standard"))
    return frozenset(action.path for action in plan.actions if action.path in left)

"""The render: a template version and answers become files in a folder outside of the project. Copier does the work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .answers import Answers
from .entries import Entry, FileMode, check_contained, entry_of
from .errors import RenderError
from .ownership import read_ownership
from .reach import Reach
from .source import Checkout

if TYPE_CHECKING:
    from .copier_worker import TemplateWorker

__all__ = ["Render", "make_derived", "render", "renderer_id", "run_tasks"]


@dataclass(frozen=True, kw_only=True)
class Render:
    """What a template version and answers give."""

    #: The folder that holds the files; its name is the project's.
    root: Path
    checkout: Checkout
    answers: Answers
    #: By path, POSIX, relative to the project.
    entries: Mapping[str, Entry]
    #: Path -> the template file that made it.
    sources: Mapping[str, str]
    #: Paths whose content depends on a secret answer.
    secret: frozenset[str] = field(default=frozenset())
    answers_file: str = ".copier-answers.yml"
    message: str = ""
    #: Whether it depends on more than the template and its answers: time, chance, this machine, the project's files.
    volatile: bool = False


def renderer_id() -> str:
    """The versions that a render depends on."""
    return f"copier {metadata.version('copier')}, jinja2 {metadata.version('jinja2')}"


def render(
    checkout: Checkout,
    answers: Answers,
    *,
    into: Path,
    folder_name: str,
    operation: Literal["copy", "update"] = "copy",
    reach: Reach | None = None,
    cache: Path | None = None,
) -> Render:
    """Render into `into/folder_name`, which must not exist; the template sees that name as the project's.

    Args:
        checkout: The template.
        answers: All answers that its questions need, or else have defaults for.
        into: A folder of ours.
        folder_name: The project's.
        operation: What the template is told that happens (`_copier_operation`).
        reach: How far the template may look, from `require_trust`; None is nowhere.
        cache: Where compiled templates are kept between runs.

    Raises:
        RenderError: The template fails, or names a path that it may not write.
        UntrustedTemplateError: It asks for what its reach does not hold.
    """
    from .copier_worker import copier_errors, worker_for

    root = into / folder_name
    worker = worker_for(checkout, root, answers.values, reach=reach, skip_tasks=True, cache=cache)
    with copier_errors(checkout):
        worker.render_as(operation)
        answers_file = worker.answers_relpath.as_posix()
        message = worker.message_after_copy()
        secrets = worker.template.secret_questions
    root.mkdir(exist_ok=True)
    entries = _entries(root)
    dependent = _secret_dependent(worker, entries, into / "secret" / folder_name) if secrets else frozenset()
    return Render(
        root=root,
        checkout=checkout,
        answers=answers,
        entries=entries,
        sources=dict(worker.sources),
        secret=dependent,
        answers_file=answers_file,
        message=message,
        volatile=worker.volatile,
    )


def _entries(root: Path) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for folder, names, files in os.walk(root):
        links = [name for name in names if Path(folder, name).is_symlink()]
        for name in [*files, *links]:
            file = Path(folder, name)
            path = file.relative_to(root).as_posix()
            check_contained(path, error=RenderError, origin="The template")
            entry = entry_of(file)
            if entry.mode is FileMode.SYMLINK:
                _check_link(root, file, path)
            found[path] = entry
    return found


def _check_link(root: Path, link: Path, path: str) -> None:
    target = link.readlink()
    resolved = Path(os.path.normpath(link.parent / target))
    if target.is_absolute() or not resolved.is_relative_to(root):
        raise RenderError(f"The template makes {path} a link to {target}, which is outside of the project. Refused.")
    if resolved != root:
        check_contained(resolved.relative_to(root).as_posix(), error=RenderError, origin=f"The template's link {path}")


def _secret_dependent(worker: TemplateWorker, entries: Mapping[str, Entry], second: Path) -> frozenset[str]:
    """The paths that change when the secret answers do: render again with others, and compare."""
    from .copier_worker import worker_for

    names = worker.template.secret_questions
    forced: dict[str, Any] = dict.fromkeys(names, "another secret, to see which files depend on it")
    again = worker_for(worker.checkout, second, worker.data, reach=worker.reach, skip_tasks=True, forced=forced)
    try:
        again.run_copy()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is the cautious one
        suffix = worker.template.templates_suffix
        return frozenset(path for path in entries if worker.sources.get(path, suffix).endswith(suffix))
    others = _entries(second)
    return frozenset(path for path in entries if others.get(path) != entries[path])


def run_tasks(checkout: Checkout, answers: Answers, project: Path, *, since: Checkout | None = None) -> None:
    """Run the template's tasks (and migrations, in an update) in a project, then what makes its derived files.

    The caller has asked for trust.

    Raises:
        RenderError: One of them failed.
    """
    from .copier_worker import copier_errors, worker_for

    with copier_errors(checkout):
        reach = Reach(trusted=True, project=project)
        worker_for(checkout, project, answers.values, reach=reach).run_tasks("update" if since else "copy", since)
    make_derived(read_ownership(checkout.root).commands, project)


def make_derived(commands: Iterable[str], project: Path) -> None:
    """Run the commands that make derived files, at the root of a project and without a shell.

    Raises:
        RenderError: One of them is not there, or failed.
    """
    import shlex
    import subprocess

    for command in commands:
        try:
            words = shlex.split(command)
            done = subprocess.run(words, cwd=project, check=False, stdin=subprocess.DEVNULL, capture_output=True)
        except (OSError, ValueError) as error:
            raise RenderError(f"`{command}`, which makes a derived file, cannot be run: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
            last = f": {said[-1]}" if said else "."
            raise RenderError(f"`{command}`, which makes a derived file, ended with {done.returncode}{last}")

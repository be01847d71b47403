"""The render: a template version and answers become files in a folder outside of the project. Copier does the work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .answers import Answers
from ..files.entry import Entry, FileMode, check_contained, entry_of
from ..errors import RenderError
from .reach import Reach
from ..redaction import keep_secret
from .secrecy import LaidOut, Secrecy, Vary, secrecy_of
from .checkout import Checkout

if TYPE_CHECKING:
    from .copier.worker import TemplateWorker

__all__ = ["Render", "render", "renderer_id"]


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
    #: The names of the questions whose answers are secret.
    secret_questions: frozenset[str] = field(default=frozenset())
    answers_file: str = ".copier-answers.yml"
    #: What the template wants to be said before and after.
    greeting: str = ""
    message: str = ""
    #: Whether it depends on more than the template and its answers: time, chance, this machine, the project's files.
    volatile: bool = False
    #: Whether it depends on the name of the project's folder.
    named: bool = False


@cache
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
        RenderError: The template fails, names a path that it may not write, or writes a secret where it is recorded.
        UntrustedTemplateError: It asks for what its reach does not hold.
    """
    from .copier.refusals import copier_errors
    from .copier.worker import worker_for

    worker = worker_for(checkout, into / folder_name, answers.told, reach=reach, skip_tasks=True, cache=cache)
    with copier_errors(checkout):
        secrets = frozenset(worker.template.secret_questions)
        answered = secrets & answers.values.keys()
        for name in answered - answers.defaulted:
            keep_secret(answers.values[name])
        made = _lay_out(worker, operation)
        again = _rendering_again(worker, answers, into, operation)
        secrecy = secrecy_of(made, secrets, answered, again) if secrets else Secrecy()
    return Render(
        root=made.root,
        checkout=checkout,
        answers=answers,
        entries=made.entries,
        sources=made.sources,
        secret=secrecy.paths,
        secret_questions=secrets,
        answers_file=made.answers_file,
        greeting="" if secrecy.messages else made.messages[0],
        message=_HUSHED if secrecy.messages and any(made.messages) else made.messages[1],
        volatile=worker.volatile,
        named=worker.named,
    )


_HUSHED = "What the template says at the end depends on a secret answer, and is not shown."


def _lay_out(worker: TemplateWorker, operation: Literal["copy", "update"]) -> LaidOut:
    worker.render_as(operation)
    root = worker.dst_path
    root.mkdir(exist_ok=True)
    return LaidOut(
        root=root,
        entries=_entries(root),
        sources=dict(worker.sources),
        answers_file=worker.answers_relpath.as_posix(),
        messages=worker.messages(operation),
        values=worker.values_seen(),
        suffix=worker.template.templates_suffix,
    )


def _rendering_again(
    first: TemplateWorker, answers: Answers, into: Path, operation: Literal["copy", "update"]
) -> Callable[[Vary], LaidOut]:
    """What renders again with other secrets, each time into a folder of its own."""
    from .copier.worker import worker_for

    # A default may be computed from a secret: it is asked for again.
    values = {name: value for name, value in answers.told.items() if name not in answers.defaulted}
    runs = iter(range(100))

    def again(vary: Vary) -> LaidOut:
        target = into / f"again-{next(runs)}" / first.dst_path.name
        worker = worker_for(first.checkout, target, values, reach=first.reach, skip_tasks=True, vary=vary)
        return _lay_out(worker, operation)

    return again


def _entries(root: Path) -> Mapping[str, Entry]:
    entries: dict[str, Entry] = {}
    for folder, names, files in os.walk(root):
        links = [name for name in names if Path(folder, name).is_symlink()]
        for name in [*files, *links]:
            file = Path(folder, name)
            path = file.relative_to(root).as_posix()
            check_contained(path, error=RenderError, origin="The template")
            entry = entry_of(file)
            if entry.mode is FileMode.SYMLINK:
                _check_link(root, file, path)
            entries[path] = entry
    return entries


def _check_link(root: Path, link: Path, path: str) -> None:
    target = link.readlink()
    resolved = Path(os.path.normpath(link.parent / target))
    if target.is_absolute() or not resolved.is_relative_to(root):
        raise RenderError(f"The template makes {path} a link to {target}, which is outside of the project. Refused.")
    # What the words say is not where it leads: there may be another link on the way, which `..` goes up from.
    if not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(root)):
        raise RenderError(
            f"The template makes {path} a link to {target}, which leads out of the project by way of another. Refused."
        )
    if resolved != root:
        check_contained(resolved.relative_to(root).as_posix(), error=RenderError, origin=f"The template's link {path}")

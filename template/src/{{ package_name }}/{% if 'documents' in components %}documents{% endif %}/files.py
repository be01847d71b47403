"""All that `docs build` writes, as text by path: pages with what a run knows, and bills of materials."""

from __future__ import annotations

from pathlib import Path

from ..artifacts import VALIDATION, whole
from ..discovery import discover
from ..errors import LineageError
from ..steps import Project
from .base import Fragment, Run
from .materials import MODEL_BILL, SERVICE_BILL, bill_of_model, bill_of_service
from .pages import Question, fill, named_in, pages_of, questions_of


def built(project: Project) -> dict[Path, str]:
    """What each file would hold if it were written now, by its path below the root.

    Raises:
        SettingsError: a page has a marker that is wrong.
    """
    run, fragments = Run(project), discover("documents/fragments", Fragment)
    texts = {page.relative_to(project.root): fill(page, run, fragments) for page in pages_of(project.root)}
    bills = {MODEL_BILL: bill_of_model(run), SERVICE_BILL: bill_of_service(project.root)}
    return texts | {path: bill for path, bill in bills.items() if bill is not None}


def stale(project: Project) -> dict[Path, str]:
    """The files that say something else than the run, with what they should say."""

    def now(path: Path) -> str | None:
        return path.read_text(encoding="utf-8") if path.is_file() else None

    return {path: text for path, text in built(project).items() if now(project.root / path) != text}


def build(project: Project) -> list[Path]:
    """Write what is stale; returns which files that were."""
    outdated = stale(project)
    for path, text in outdated.items():
        with whole(project.root / path) as place:
            place.write_text(text, encoding="utf-8", newline="\n")
    return list(outdated)


def require_fresh(project: Project) -> None:
    """Refuse files that say something else than the run; one that was never built says nothing.

    Without reports, as in an image that leaves them out, there is nothing that a page could be compared with.

    Raises:
        LineageError: there are some.
    """
    outdated = [path for path in stale(project) if (project.root / path).is_file()]
    if not Run(project).has(VALIDATION):
        outdated = [path for path in outdated if path == SERVICE_BILL]
    if outdated:
        names = ", ".join(path.as_posix() for path in outdated)
        raise LineageError(
            f"What a run knows has changed since it was written: {names}.", "Run `docs build`, and commit."
        )


def questions(project: Project) -> list[Question]:
    """What people have still to say, page by page."""
    return [
        question
        for page in pages_of(project.root)
        for question in questions_of(page.relative_to(project.root), page.read_text(encoding="utf-8"))
    ]


def unplaced(project: Project) -> list[str]:
    """What a run knows and no page has a place for; bills of a project that was made before there were cards, say."""
    texts = (page.read_text(encoding="utf-8") for page in pages_of(project.root))
    return sorted(discover("documents/fragments", Fragment).keys() - set[str]().union(*map(named_in, texts)))

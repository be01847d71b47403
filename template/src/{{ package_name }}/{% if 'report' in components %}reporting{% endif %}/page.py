"""The page of a run, and of two side by side: what sections tell, in the one frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..discovery import discover
from ..plotting.figures import Sheet
from ..plotting.page import fill
from ..plotting.wording import percent
from ..tasks.base import task_of
from .comparing import Difference
from .run import Run
from .section import Block, Section, interval, score

TEMPLATE = Path(__file__).with_name("page.html.j2")
MEANINGS = {
    "promote": "the new model is served from now on",
    "keep": "the model in use stays",
    "block": "a gate refused the run",
    "open": "no decision yet",
}


def render(*runs: Run, differences: Sequence[Difference] = (), caution: str = "") -> str:
    """The page as HTML that loads nothing: of one run, or of several side by side, and how they differ."""
    sheet = Sheet()
    sections = sorted(discover("reporting/sections", Section).values(), key=lambda section: section.order)
    told: list[tuple[Section, list[list[Block]]]] = []
    for section in sections:
        parts = [list(section.of(run, sheet)) for run in runs]
        if any(parts):
            told.append((section, parts))
    values: dict[str, Any] = {
        "runs": runs,
        "differences": differences,
        "caution": caution,
        "sections": told,
        "facts": [list(facts_of(run)) for run in runs],
        "short": [list(in_short(run)) for run in runs],
        "meanings": MEANINGS,
        "own": Markup(TEMPLATE.with_name("page.css").read_text(encoding="utf-8")),  # noqa: S704 - it is this package's own
    }
    return fill(TEMPLATE, values)


def facts_of(run: Run) -> Iterator[tuple[str, str]]:
    """A few numbers for the head of the page: (value, what it is)."""
    told = run.metrics
    if not told:
        return
    yield str(told["model"]).replace("_", " "), "the chosen model"
    name = headline_of(run)
    if name in told["holdout"]:
        found = told["holdout"][name]
        yield score(found["value"]), f"{name.replace('_', ' ')} on the hold-out, {interval(found)}"
        yield score(told["baseline"].get(name)), f"{name.replace('_', ' ')} of the naive baseline"
    yield f"{told['rows']:,}", "rows to judge by"
    if split := run.reports.get("split"):
        yield f"{split['train']['rows']:,}", "rows to learn from"


def headline_of(run: Run) -> str:
    """The score that is told first."""
    return task_of(run.contract).headline if run.contract else next(iter(run.metrics.get("holdout", {})), "")


def in_short(run: Run) -> Iterator[str]:
    """What a reader in a hurry takes along."""
    told, name = run.metrics, headline_of(run)
    if name in told.get("holdout", {}):
        found, better = told["holdout"][name], "accepted" if told["accepted"] else "not accepted"
        yield (
            f"`{told['model']}` is {better}: on {told['rows']:,} rows that it has never seen its {name.replace('_', ' ')} is "
            f"{score(found['value'])}, between {score(found['low'])} and {score(found['high'])}; that of a model that knows nothing "
            f"is {score(told['baseline'].get(name))}."
        )
    decision = told.get("decision") or {}
    if decision.get("recall") is not None and decision.get("precision") is not None:
        yield (
            f"It finds {percent(decision['recall'])} of the rows that are `{decision['positive']}`, and of those that it calls so "
            f"{percent(decision['precision'])} are."
        )
    worst = [item for item in run.found("slices").get("worst", ()) if item["confirmed"]]
    if worst:
        yield f"It is surely worse than elsewhere in {len(worst)} slices; the worst is {worst[0]['slice']}."
    if columns := run.found("importance").get("columns"):
        yield f"It relies most on {', '.join('`' + item['column'] + '`' for item in columns[:3])}."

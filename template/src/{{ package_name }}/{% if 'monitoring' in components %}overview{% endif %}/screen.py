"""The overview as one screen of a terminal, and as a document for programs."""

from __future__ import annotations

import json

from .looking import RUNBOOK, Overview
from .subject import Need


def as_text(overview: Overview) -> str:
    """A line a subject, then what needs a look."""
    count = len(overview.needs)
    state = "calm" if not count else f"ALARM: {count} need{'s' if count == 1 else ''} a look"
    wide = max(len(subject.name) for subject, _ in overview.parts)
    lines = [f"{'state':<{wide}}  {state}"]
    lines += [f"{subject.name:<{wide}}  {told.line}" for subject, told in overview.parts]
    for need in overview.needs:
        lines += ["", f"ALARM  {need.says.replace('`', '')}", f"  Next:  {_next(overview, need)}"]
    return "\n".join(lines)


def as_document(overview: Overview) -> str:
    """JSON."""
    return json.dumps(
        {
            "format": 1,
            "at": overview.place.now.isoformat(),
            "state": "alarm" if overview.needs else "calm",
            "needs": [{"says": need.says, "do": need.do, "runbook": need.page} for need in overview.needs],
            **{subject.name: told.document for subject, told in overview.parts},
        },
        indent=2,
        ensure_ascii=False,
    )


def _next(overview: Overview, need: Need) -> str:
    page = RUNBOOK / f"{need.page}.md"
    there = (overview.place.project.root / page).is_file()
    return need.do.replace("`", "") + (f" See {page.as_posix()}." if there else "")

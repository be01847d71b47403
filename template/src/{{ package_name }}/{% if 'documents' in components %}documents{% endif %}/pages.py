"""Pages in Markdown: what stands between markers is a run's, what is marked as a question is a person's.

A run's part begins with `<!-- run: NAME -->` and ends with `<!-- end: NAME -->`, each on a line of its own; in the front matter
with `# run: NAME` and `# end: NAME`. A question begins with `**To answer:**` and ends with its line, or its cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from .base import Fragment, Run

_OPEN = r"(?:<!-- run: (?P<name>[a-z_]+) -->|# run: (?P<key>[a-z_]+))"
_MARKED = re.compile(
    rf"^(?P<open>{_OPEN})\n(?P<body>(?:.*\n)*?)(?P<close>(?:<!-- end: (?P=name) -->|# end: (?P=key)))$", re.MULTILINE
)
_BEGIN = re.compile(r"^(?:<!-- run: \S+ -->|# run: [a-z_]+)$", re.MULTILINE)
_QUESTION = re.compile(r"\*\*To answer:\*\*\s*(?P<question>.*?)\s*(?:(?<!\\)\||$)")
NOTHING = "*No run has said this yet.*"


@dataclass(frozen=True)
class Question:
    """What a person must say, and has not."""

    page: Path
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.page.as_posix()}:{self.line}: {self.says}"


def pages_of(root: Path) -> list[Path]:
    """Every page of a project: those in docs/, and those at its root."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def fill(page: Path, run: Run, fragments: Mapping[str, Fragment]) -> str:
    """The text of a page with what the run says between its markers.

    Raises:
        SettingsError: a marker that names nothing, or has no end.
    """
    text = page.read_text(encoding="utf-8")
    ended = {match.start() for match in _MARKED.finditer(text)}
    for begin in _BEGIN.finditer(text):
        if begin.start() not in ended:
            line = text.count("\n", 0, begin.start()) + 1
            raise SettingsError(
                f"{page}:{line}: `{begin[0]}` has no end.", "Close it with the same line, with `end` in place of `run`."
            )

    def filled(match: re.Match[str]) -> str:
        name = match["name"] or match["key"]
        if name not in fragments:
            raise SettingsError(f"{page}: no run knows `{name}`.", f"It knows: {', '.join(sorted(fragments))}.")
        said = fragments[name].of(run, match["body"].strip("\n"))
        if match["key"]:
            return "\n".join(part for part in (match["open"], said, match["close"]) if part)
        return f"{match['open']}\n\n{said or NOTHING}\n\n{match['close']}"

    return _MARKED.sub(filled, text)


def named_in(text: str) -> set[str]:
    """The fragments that a page has a place for."""
    return {match["name"] or match["key"] for match in _MARKED.finditer(text)}


def questions_of(page: Path, text: str) -> Iterator[Question]:
    """What a person has not answered yet; what stands in code is an example."""
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        fenced ^= line.lstrip().startswith("```")
        if not fenced:
            # In code between two signs, it is the sign that is spoken of.
            yield from (
                Question(page, number, match["question"]) for match in _QUESTION.finditer(re.sub("`[^`]*`", "", line))
            )

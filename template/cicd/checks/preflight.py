"""Say which variables have to be set and are not, before a pipeline begins. Ends with 0, or with 2 if one is missing.

    python cicd/checks/preflight.py always release deploy

The list is the table of docs/deployment/variables.md: each row is a variable, when it is needed, and what it is. Given
are the occasions of this pipeline. Values are never shown.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

PAGE = Path("docs/deployment/variables.md")
#: | `NAME` | needed | … |
ROW = re.compile(r"^\| `(?P<name>[A-Z][A-Z0-9_]*)` \| (?P<needed>[^|]*?) \| (?P<about>[^|]*?) \|")
NO = "no"


def rows(text: str) -> list[tuple[str, list[str], str]]:
    """The variables of the page: name, occasions on which each is needed, what it is."""
    found = filter(None, map(ROW.match, text.splitlines()))
    return [(row["name"], row["needed"].split(", "), row["about"]) for row in found]


def main(occasions: list[str]) -> int:
    """Compare the table with what is set."""
    table = rows(PAGE.read_text(encoding="utf-8"))
    if not table:
        sys.stderr.write(f"Error: {PAGE} has no table of variables.\n")
        return 2
    known = {each for _, needed, _ in table for each in needed} - {NO} | {"always"}
    if strange := [each for each in occasions if each not in known]:
        sys.stdout.write(f"Nothing in {PAGE} is needed for: {', '.join(strange)}.\n")
    missing = [
        (name, about)
        for name, needed, about in table
        if {*needed} & {*occasions} and not os.environ.get(name, "").strip()
    ]
    for name, about in missing:
        sys.stderr.write(f"Error: {name} is not set: {about}\n")
    if missing:
        sys.stderr.write(f"Set them where the pipeline's variables are, secrets masked and protected: {PAGE}.\n")
        return 2
    sys.stdout.write(f"All is set that is needed for: {', '.join(occasions)}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Say what an update brings: the message of its commit, which is the text of its merge request."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

#: More files than these are counted, not named.
NAMED = 60


def listed(title: str, lines: list[str]) -> list[str]:
    """A title and its lines; nothing where there are none."""
    if not lines:
        return []
    more = [f"- and {len(lines) - NAMED} more"] if len(lines) > NAMED else []
    return ["", title, "", *lines[:NAMED], *more]


def ready(plan: dict[str, Any], given: argparse.Namespace) -> list[str]:
    """An update that is applied, formatted and about to be tested."""
    what = "the files that it owns" if given.scope == "owned" else "all files"
    replaced = [
        f"- `{file['path']}` ({file['edited_lines']} edited lines; to keep them: `mlscaffold eject`)"
        for file in plan["files"]
        if file["action"] == "replace"
    ]
    changed = [file for file in plan["files"] if file["action"] not in {"keep", "replace"}]
    return [
        f"chore(template): update to {plan['to']}, {what}",
        "",
        f"From {plan['from']}. Written by `mlscaffold update` and the project's formatter.",
        f"Passed: `mlscaffold check`, `nox -s {given.checks}`.",
        *listed("Edits that the template's files replace:", replaced),
        *listed("Files:", [f"- {file['action']} `{file['path']}`" for file in changed]),
    ]


def draft(plan: dict[str, Any], given: argparse.Namespace) -> list[str]:
    """An update that a person has to finish."""
    only = " --owned-only" if given.scope == "owned" else ""
    return [
        f"chore(template): update to {plan['to']} waits for a person",
        "",
        "Nothing has changed on this branch yet: some files are for a person to decide. Do the update here:",
        "",
        f"- `git fetch && git switch {given.branch}`",
        f"- `mlscaffold update{only} --to {plan['to']}`",
        "- decide on each file below, and `git add` it",
        "- `mlscaffold update --continue`",
        "- `.venv/bin/nox -s dev lint tests`, then commit and push",
        *listed("In conflict:", [f"- `{path}`" for path in plan["conflicts"]]),
        *listed("Left to you:", [f"- `{path}`: {reason}" for path, reason in plan["left"].items()]),
    ]


def main() -> None:
    """Print the message, or the version that the plan goes to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["version", "ready", "draft"])
    parser.add_argument("plan", type=Path)
    for option in ("--scope", "--branch", "--checks"):
        parser.add_argument(option, default="")
    given = parser.parse_args()
    plan = json.loads(given.plan.read_text(encoding="utf-8"))
    lines = [plan["to"]] if given.kind == "version" else {"ready": ready, "draft": draft}[given.kind](plan, given)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

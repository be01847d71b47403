"""Hold names of branches and versions, what is merged into what, and titles to the project's strategy.

The strategy is cicd/branching.json, told in docs/deployment/branching.md. What is looked at stands in variables:

    BRANCH    the branch; or VERSION, a tag
    TARGET    where it is to be merged, if that is asked for
    TITLE     the title of that request: a conventional commit, as the changelog is made of it

GitLab's own variables are taken where these are not set. Ends with 0, or with 1 if something is wrong; all is listed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

STRATEGY = Path("cicd/branching.json")
PAGE = "docs/deployment/branching.md"
KINDS = ("build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test")
TITLE = re.compile(rf"(?:Draft: )?(?:{'|'.join(KINDS)})(?:\([\w./ -]+\))?!?: \S.*")
WORK = re.compile(r"[\w][\w./-]*")
VERSION = re.compile(r"v?(?P<number>\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)")


def wrong_branch(strategy: dict[str, Any], branch: str) -> Iterator[str]:
    """A branch is one that stays, or begins as the strategy says."""
    kept = [each["branch"] for each in strategy["kept"]]
    patterns = [each["pattern"] for each in strategy["work"]]
    if branch in kept:
        return
    if not WORK.fullmatch(branch) or not any(fnmatchcase(branch, pattern) for pattern in patterns):
        yield (
            f"the branch {branch!r} is none of {', '.join([*kept, *patterns])}. "
            f"Give it another name: git branch -m {patterns[0].replace('*', 'what-it-does')}"
        )


def wrong_target(strategy: dict[str, Any], branch: str, target: str) -> Iterator[str]:
    """Into a branch that stays is merged only what the strategy says."""
    merged = {each["branch"]: each["merged"] for each in strategy["kept"]}
    if target not in merged:
        # A branch of work that others help with; a release that is mended.
        yield from wrong_branch(strategy, target)
    elif not any(fnmatchcase(branch, pattern) for pattern in merged[target]):
        yield f"{branch} is not merged into {target}, which takes {', '.join(merged[target])}. See {PAGE}."


def wrong_title(title: str) -> Iterator[str]:
    """A title is what the changelog says."""
    if not TITLE.fullmatch(title):
        yield (
            f"the title {title!r} says not what kind of change it is. "
            f"Write it as: fix(serving): refuse empty rows. Kinds: {', '.join(KINDS)}."
        )


def wrong_version(tag: str) -> Iterator[str]:
    """A tag is the version that pyproject.toml says."""
    found = VERSION.fullmatch(tag)
    if not found:
        yield f"the tag {tag!r} is no version such as 1.2.0. Remove it: git push --delete origin {tag}"
        return
    said = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if found["number"] != said:
        yield f"the tag is {tag}, and pyproject.toml says {said}. Remove it, set the version, merge that, and tag it."


def objections(environment: dict[str, str]) -> Iterator[str]:
    """All that is wrong with what the variables say."""

    def said(*names: str) -> str:
        return next((environment[name] for name in names if environment.get(name)), "")

    strategy = json.loads(STRATEGY.read_text(encoding="utf-8"))
    if tag := said("VERSION", "CI_COMMIT_TAG"):
        yield from wrong_version(tag)
        return
    branch = said("BRANCH", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH")
    yield from wrong_branch(strategy, branch)
    if target := said("TARGET", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        yield from wrong_target(strategy, branch, target)
        yield from wrong_title(said("TITLE", "CI_MERGE_REQUEST_TITLE"))


def main() -> int:
    """Print what is wrong."""
    wrong = list(objections(dict(os.environ)))
    for each in wrong:
        sys.stderr.write(f"Error: {each}\n")
    if not wrong:
        sys.stdout.write("The names are as the strategy wants them.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Write what has changed since the last version, from the subjects of the commits: changelog.py [SINCE].

A subject is a conventional commit: `fix(serving): refuse empty rows`; `!` before the colon says that users have to do
something. Subjects of another form are counted, not shown. SINCE is the newest tag that is a version, if not given.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

SUBJECT = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<scope>[^)]+)\))?(?P<breaks>!)?: (?P<what>\S.*)")
BREAKS = "What you have to do"
SECTIONS = {"feat": "New", "fix": "Mended", "perf": "Faster", "revert": "Taken back", "docs": "Documentation"}


def git(*command: str) -> str:
    """What git says."""
    return subprocess.run(["git", *command], capture_output=True, text=True, check=True).stdout  # noqa: S607


def last_version() -> str | None:
    """The newest version before this commit; nothing before the first."""
    patterns = ("[0-9]*.[0-9]*.[0-9]*", "v[0-9]*.[0-9]*.[0-9]*")
    found = git("tag", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname", "--list", *patterns)
    return next(iter(found.split()), None)


def changelog(subjects: Sequence[str]) -> str:
    """The subjects by what they are to a user."""
    told: dict[str, list[str]] = {title: [] for title in (BREAKS, *SECTIONS.values())}
    others = 0
    for subject in subjects:
        found = SUBJECT.fullmatch(subject)
        title = found and (BREAKS if found["breaks"] else SECTIONS.get(found["kind"]))
        if not found or not title:
            others += 1
            continue
        told[title].append(f"- {found['scope']}: {found['what']}" if found["scope"] else f"- {found['what']}")
    lines = [line for title, entries in told.items() if entries for line in (f"### {title}", "", *entries, "")]
    return "\n".join([*lines, f"And {others} others."] if others else lines).strip() + "\n"


def main(given: Sequence[str]) -> None:
    """Print the changelog."""
    since = next(iter(given), None) or last_version()
    subjects = git("log", "--no-merges", "--format=%s", f"{since}..HEAD" if since else "HEAD").splitlines()
    sys.stdout.write(f"## Since {since or 'the beginning'}\n\n{changelog(subjects)}")


if __name__ == "__main__":
    main(sys.argv[1:])

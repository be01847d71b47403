"""The walks through our pages: commands of ```console blocks, in order, each with a code that it may end with.

What a page shows of what a block said is the ```text block below it, or a picture. `…` stands for what is different
each time, and alone in its line for any lines.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from mlscaffold import __version__
from mlscaffold.template.newer import releases
from mlscaffold.template.source import find_source
from scripts import release

PAGES = Path(__file__).resolve().parents[1] / "docs"
#: Code that a page asks its reader to save, or commands and perhaps what they say.
PART = re.compile(
    r"^Save this as `(?P<path>[^`\n]+)`[^\n]*\n\n```python\n(?P<code>.*?)^```"
    r"|^```console\n(?P<lines>.*?)^```(?:\n\n```text\n(?P<said>.*?)^```|\n\n!\[[^]]*\]\((?P<picture>[^)]*)\))?",
    re.MULTILINE | re.DOTALL,
)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
#: Stands before what a block says: its number, and the moment.
BEGINS = re.compile(r"^⟦(\d+) ([\d.]+)⟧\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    """What came of a ```console block.

    Args:
        heading: above it.
        lines: its commands, as the page shows them.
        shown: what the page shows of what they say; None if it shows nothing.
        picture: that it shows instead, a path from the page; None if there is none.
        said: what they said, on either output.
        seconds: how long they took.
    """

    heading: str
    lines: str
    shown: str | None
    picture: str | None
    said: str
    seconds: float

    @property
    def is_as_shown(self) -> bool:
        """Whether they said what the page shows."""
        return self.shown is None or pattern(self.shown).fullmatch(plain(self.said)) is not None


def plain(text: str) -> str:
    """Without colours, and however wide the columns of its tables are."""
    uncoloured = re.sub(r"\x1b\[[\d;]*m", "", text)
    return "".join(f"{' '.join(line.split())}\n" for line in uncoloured.splitlines() if line.strip())


def pattern(shown: str) -> re.Pattern[str]:
    """What `plain` text looks as a page shows it."""
    lines = plain(shown).splitlines()
    return re.compile(
        "".join(
            r"(?:.*\n)*?" if line == "…" else r"[^\n]*?".join(map(re.escape, line.split("…"))) + r"\n" for line in lines
        )
    )


def coming_releases(folder: Path) -> Path:
    """A bundle of all releases, and the template as it lies here as the next one, unless that is released already."""
    version = Version(__version__)
    if any(each.tag == str(version) for each in releases(find_source(str(release.BUNDLE)))):
        return release.BUNDLE
    bundle = folder / "template.bundle"
    release.write(version.base_version, "2026-11-26", bundle)
    return bundle


def walk(
    page: str,
    environment: Mapping[str, str],
    folder: Path,
    *,
    programs: Path | None = None,
    within: Sequence[str] = (),
    instead: Mapping[str, Sequence[str]] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Walk through a page in one shell.

    Args:
        page: the file's name in docs/.
        environment: of the shell.
        folder: in which it starts.
        programs: what stands in for `.venv/bin` of the project, if the page makes none.
        within: a command that starts the shell, such as `unshare`.
        instead: by heading, commands in the place of those below it.
    """
    # What a page starts in the background must not outlive it. The trace has its own way: all else is what is said.
    before = ["exec 9>&2 2>&1", "BASH_XTRACEFD=9", "set -u", "trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    script = "\n".join([*before, *_script((PAGES / page).read_text(encoding="utf-8"), instead or {})])
    if programs is not None:
        script = script.replace(".venv/bin/", f"{programs}/")
    command = [*within, "bash", "-xc", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def blocks(page: str, said: str) -> Sequence[Block]:
    """What came of the blocks of a page.

    Args:
        page: the file's name in docs/.
        said: the standard output of `walk`.
    """
    text = (PAGES / page).read_text(encoding="utf-8")
    parts = [part for part in PART.finditer(text) if not part["path"]]
    _, *found = BEGINS.split(said)
    begins = [*map(float, found[1::3])]
    return [
        Block(
            heading=_heading(text, part),
            lines=part["lines"],
            shown=part["said"],
            picture=part["picture"],
            said=said,
            seconds=end - begin,
        )
        for part, said, begin, end in zip(parts, found[2::3], begins, begins[1:], strict=False)
    ]


def _heading(text: str, part: re.Match[str]) -> str:
    """That under which a part stands."""
    return next(reversed(HEADING.findall(text, 0, part.start())), "")


def _script(text: str, instead: Mapping[str, Sequence[str]]) -> Iterator[str]:
    number = 0
    for part in PART.finditer(text):
        if part["path"]:
            yield f"cat > {part['path']} <<'END OF FILE'\n{part['code']}END OF FILE"
            continue
        yield _mark(number)
        number += 1
        for line in instead.get(_heading(text, part), part["lines"].splitlines()):
            command, _, expected = line.removeprefix("$ ").partition("    # exit ")
            codes = (expected or "0").replace(" or ", " | ")
            yield f'{command}\ncode=$?; case $code in {codes}) ;; *) echo "ended with $code"; exit 99 ;; esac'
    yield _mark(number)


def _mark(number: int) -> str:
    return rf'printf "\n⟦%s %s⟧\n" {number} "$EPOCHREALTIME"'

"""Walk the workshop, measure it, and keep what its pages show of that: pictures, and the times of the trainer's page.

Needs port 8000, git and curl: .venv/bin/python -m scripts.workshop
"""

from __future__ import annotations

import html
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.pictures import draw
from tests.walks import Block, blocks, coming_releases, walk

ROOT = Path(__file__).resolve().parent.parent
PAGE, TRAINER = "workshop.md", "workshop-trainer.md"
BEGIN, END = "<!-- times -->\n", "<!-- end of times -->"
#: What is different each time: numbers, and the digits of what is told apart by its digest.
DIFFERENT = re.compile(r"[\da-f]*\d[\da-f.,:]*")


def person(folder: Path) -> dict[str, str]:
    """The environment of somebody who has git, curl and a Python, and whom git knows."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLSCAFFOLD_", "VIRTUAL_ENV"))}
    return kept | {"HOME": str(home), "SHELL": "/bin/bash", "GIT_CONFIG_NOSYSTEM": "1", "DVC_NO_ANALYTICS": "1"}


class WalkError(Exception):
    """A command that ended otherwise than its page says."""


def walked(page: str, environment: Mapping[str, str], folder: Path) -> Sequence[Block]:
    """What came of the blocks of a page, walked in a folder that has a clone of this repository.

    Raises:
        WalkError: a command ended otherwise than the page says.
    """
    clone = folder / "mlscaffold"
    if not clone.exists():
        clone.symlink_to(ROOT)
    done = walk(page, environment, folder)
    if done.returncode:
        raise WalkError(f"{page}:\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
    return blocks(page, done.stdout)


def pictured(block: Block) -> str:
    """What a picture of a block shows: its commands, and what they said."""
    return f"{block.lines.strip()}\n{block.said.strip()}"


def without_numbers(text: str) -> str:
    """What stays the same from one time to the next, without any space."""
    return DIFFERENT.sub("0", re.sub(r"\s", "", text))


def text_of(picture: Path) -> str:
    """What stands in a picture of a terminal, below its title."""
    content = re.findall(
        r'<text(?! class="[^"]*-title")[^>]*>(.*?)</text>', picture.read_text(encoding="utf-8"), re.DOTALL
    )
    return "".join(html.unescape(line) for line in content)


def times(found: Sequence[Block]) -> str:
    """A table: how long the machine needed for each step of the page."""
    steps: dict[str, float] = {}
    for block in found:
        steps[block.heading] = steps.get(block.heading, 0.0) + block.seconds
    rows = [f"| {heading} | {seconds:.0f} s |" for heading, seconds in steps.items()]
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    total = f"| all | {sum(steps.values()):.0f} s |"
    return "\n".join([f"| step | the machine needs ({machine}) |", "|---|---|", *rows, total, ""])


def main() -> int:
    """Walk, and write what the pages show."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        template = {"MLSCAFFOLD_TEMPLATE": str(coming_releases(folder))}
        uv = subprocess.run(
            ["uv", "cache", "dir", "--no-python-downloads"], capture_output=True, text=True, check=True
        ).stdout.strip()
        environment = person(folder) | template | {"UV_CACHE_DIR": uv}
        hour = walked(PAGE, environment, folder)
    for block in hour:
        if block.picture:
            draw(pictured(block), Path(block.picture).stem, block.heading)
    page = ROOT / "docs" / TRAINER
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}{times(hour)}{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

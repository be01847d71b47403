"""Run a command and keep what it prints as a picture for the documentation, so that no picture is made up.

Example: `.venv/bin/python scripts/terminal_picture.py docs/media/pipeline.svg .venv/bin/COMMAND pipeline`
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 118


def draw(title: str, output: str) -> str:
    """Return an SVG of a terminal that shows `output`, ANSI colours included; it loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(f"$ {title}\n{output.rstrip()}"))
    picture = console.export_svg(title=title, unique_id="terminal")
    # Rich lets the picture fetch a font from the internet.
    plain = re.sub(r"@font-face \{[^}]*\}", "", picture)
    return "".join(f"{line.rstrip()}\n" for line in plain.splitlines() if line.strip())


def main() -> int:
    """Draw one command; its exit code is passed on, and a command that fails leaves no picture."""
    parser = argparse.ArgumentParser(description="Keep what a command prints as an SVG picture.")
    parser.add_argument("picture", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    environment = {**os.environ, "COLUMNS": str(WIDTH), "FORCE_COLOR": "1"}
    finished = subprocess.run(  # noqa: S603 - running what the caller types is the purpose
        arguments.command, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if finished.returncode:
        sys.stderr.write(finished.stderr)
        return finished.returncode
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    arguments.picture.write_text(draw(" ".join(arguments.command), finished.stdout), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

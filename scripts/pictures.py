"""Take the README's picture: the real wizard in a real terminal (tmux), as an SVG. Needs tmux; run it by hand.

.venv/bin/python scripts/pictures.py
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SESSION = "mlscaffold-picture"
WIDTH, HEIGHT = 92, 74


def tmux(*arguments: str) -> str:
    """Standard output of tmux."""
    return subprocess.run(["tmux", *arguments], check=True, capture_output=True, text=True).stdout


def wait_for(text: str) -> None:
    """Wait until a text stands on the screen."""
    for _ in range(200):
        if text in tmux("capture-pane", "-p", "-t", SESSION):
            return
        time.sleep(0.1)
    raise TimeoutError(f"The terminal never showed {text!r}:\n{tmux('capture-pane', '-p', '-t', SESSION)}")


def press(*keys: str) -> None:
    """Type into the terminal."""
    tmux("send-keys", "-t", SESSION, *keys)


def wizard(folder: str) -> str:
    """Walk through the wizard and return the last screen, with its colours."""
    tool = Path(sys.executable).with_name("mlscaffold")
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["env", f"PATH={path}", f"HOME={folder}", "PS1=$ ", "bash", "--noprofile", "--norc"]
    tmux("new-session", "-d", "-s", SESSION, "-x", str(WIDTH), "-y", str(HEIGHT), "-c", folder, *shell)
    try:
        press(
            "git config --global user.name 'Ada Lovelace'; git config --global user.email ada@example.com; clear",
            "Enter",
        )
        press("mlscaffold new flight-delays", "Enter")
        for question in (
            "called?",
            "command name?",
            "in a sentence?",
            "maintains it?",
            "predict?",
            "containers",
            "licence?",
        ):
            wait_for(question)
            time.sleep(0.3)
            press("Enter")
        wait_for("Create the project")
        press("Enter")
        wait_for("Next:")
        time.sleep(0.5)
        return tmux("capture-pane", "-e", "-p", "-t", SESSION)
    finally:
        tmux("kill-session", "-t", SESSION)


def draw(screen: str, name: str) -> None:
    """Write a screen as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen.rstrip()))
    svg = console.export_svg(title="mlscaffold new", unique_id=name)
    # The font is the reader's own: no picture of ours asks another host for one.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


def main() -> int:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        draw(wizard(folder), "wizard")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Take the documents' pictures: real commands in a real terminal (tmux), as SVG. Needs tmux; run it by hand.

.venv/bin/python scripts/pictures.py
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SESSION = "mlscaffold-picture"
WIDTH, HEIGHT = 92, 100


def tmux(*arguments: str) -> str:
    """Standard output of tmux."""
    return subprocess.run(["tmux", *arguments], check=True, capture_output=True, text=True).stdout


def wait_for(text: str) -> None:
    """Wait until a text stands on the screen."""
    for _ in range(1200):
        if text in tmux("capture-pane", "-p", "-t", SESSION):
            return
        time.sleep(0.1)
    raise TimeoutError(f"The terminal never showed {text!r}:\n{tmux('capture-pane', '-p', '-t', SESSION)}")


def press(*keys: str) -> None:
    """Type into the terminal."""
    tmux("send-keys", "-t", SESSION, *keys)


@contextlib.contextmanager
def terminal(folder: str, height: int) -> Iterator[None]:
    """A shell in a terminal, for somebody whom git knows."""
    tool = Path(sys.executable).with_name("mlscaffold")
    path = f"{tool.parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["env", f"PATH={path}", f"HOME={folder}", "PS1=$ ", "bash", "--noprofile", "--norc"]
    tmux("new-session", "-d", "-s", SESSION, "-x", str(WIDTH), "-y", str(height), "-c", folder, *shell)
    try:
        press(
            "git config --global user.name 'Ada Lovelace'; git config --global user.email ada@example.com; clear",
            "Enter",
        )
        yield
    finally:
        tmux("kill-session", "-t", SESSION)


def screen() -> str:
    """What stands in the terminal, with its colours."""
    time.sleep(0.5)
    return tmux("capture-pane", "-e", "-p", "-t", SESSION)


def wizard(folder: str) -> str:
    """Walk through the wizard to the last screen."""
    with terminal(folder, HEIGHT):
        press("mlscaffold new flight-delays", "Enter")
        for question in (
            "called?",
            "command name?",
            "in a sentence?",
            "maintains it?",
            "start with?",
            "How much",
        ):
            wait_for(question)
            time.sleep(0.3)
            press("Enter")
        wait_for("Create the project")
        press("Enter")
        wait_for("Next:")
        return screen()


def conflict(folder: str) -> str:
    """The update of docs/update.md: a conflict, its markers, and the end."""
    with terminal(folder, 2 * HEIGHT):
        quiet = "mlscaffold new flight-delays --ref 0.1.0 --defaults > /dev/null && cd flight-delays"
        edit = r"sed -i 's/^\.venv\/bin\/uvx .*/make check/' README.md && git commit -qam 'Our own way to check'"
        press(f"{quiet} && {edit} && clear && echo ready", "Enter")
        wait_for("ready")
        press("clear", "Enter")
        time.sleep(0.5)
        for command, answer in (
            ("mlscaffold update --to 0.2.0 --defaults", "needs you:"),
            ("grep -B 1 -A 8 '<<<<<<<' README.md", ">>>>>>> template"),
            ("git checkout -q --ours README.md && git add README.md && mlscaffold update --continue", "Done:"),
            ("git add -A && git commit -qm 'Update to template 0.2.0' && mlscaffold check", "Clean:"),
        ):
            press(command, "Enter")
            wait_for(answer)
            time.sleep(0.5)
        return screen()


def draw(shown: str, name: str, title: str) -> None:
    """Write a screen as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.rstrip()))
    svg = console.export_svg(title=title, unique_id=name)
    # The font is the reader's own: no picture of ours asks another host for one.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


def main() -> int:
    """Take all pictures."""
    for take, name, title in ((wizard, "wizard", "mlscaffold new"), (conflict, "conflict", "mlscaffold update")):
        with tempfile.TemporaryDirectory() as folder:
            draw(take(folder), name, title)
    return 0


if __name__ == "__main__":
    sys.exit(main())

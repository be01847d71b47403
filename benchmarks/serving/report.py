"""The tables, in Markdown."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Sequence
from pathlib import Path

from .bench import Row

BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"


def machine() -> str:
    """What it was measured on, and how busy that was."""
    processor = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8")) or [
        platform.machine()
    ]
    cores = os.cpu_count() or 0
    busy = os.getloadavg()[0]
    note = " It was busy with other work: times are too long, and ratios less sure." if busy > cores / 2 else ""
    return f"{processor[0]}, {cores} cores, Python {platform.python_version()}; load before: {busy:.1f}.{note}"


def report(where: str, rows: Sequence[Row], windows: Sequence[str]) -> str:
    """Both tables, in Markdown."""
    lines = [
        f"Measured {time.strftime('%Y-%m-%d')} on {where}",
        "",
        "| what | goal | measured | met |",
        "|---|---|---|---|",
    ]
    for row in rows:
        met = "–" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.goal} | {row.measured} | {met} |")
    return "\n".join([*lines, "", *windows, ""])


def keep(page: Path, said: str) -> None:
    """Write the tables between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n\n{said}\n{END}{after}", encoding="utf-8")

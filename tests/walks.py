"""The walks through our pages: commands of ```console blocks, in order, each with a code that it may end with."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from mlscaffold import __version__
from mlscaffold.template.newer import releases
from mlscaffold.template.source import find_source
from scripts import release

PAGES = Path(__file__).resolve().parents[1] / "docs"
#: Code that a page asks its reader to save, or commands.
PART = re.compile(
    r"^Save this as `(?P<path>[^`\n]+)`[^\n]*\n\n```python\n(?P<code>.*?)^```|^```console\n(?P<lines>.*?)^```",
    re.MULTILINE | re.DOTALL,
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
    page: str, environment: Mapping[str, str], folder: Path, *, programs: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Walk through a page in one shell.

    Args:
        page: the file's name in docs/.
        environment: of the shell.
        folder: in which it starts.
        programs: what stands in for `.venv/bin` of the project, if the page makes none.
    """
    # What a page starts in the background must not outlive it.
    before = ["set -u", "trap 'kill $(jobs -p) 2>/dev/null' EXIT"]
    script = "\n".join([*before, *_script((PAGES / page).read_text(encoding="utf-8"))])
    if programs is not None:
        script = script.replace(".venv/bin/", f"{programs}/")
    command = ["bash", "-xc", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _script(text: str) -> Iterator[str]:
    for part in PART.finditer(text):
        if part["path"]:
            yield f"cat > {part['path']} <<'END OF FILE'\n{part['code']}END OF FILE"
            continue
        for line in part["lines"].splitlines():
            command, _, said = line.removeprefix("$ ").partition("    # exit ")
            codes = (said or "0").replace(" or ", " | ")
            yield f'{command}\ncode=$?; case $code in {codes}) ;; *) echo "ended with $code" >&2; exit 99 ;; esac'

"""Line merge of one file, by git: `git merge-file`, with our labels and the base shown (zdiff3)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import MachineError
from ..files.scratch import scratch_folder
from .process import Git

__all__ = ["Labels", "LineMerge", "has_markers", "merge_lines"]

#: A result above is no number of conflicts: git could not merge at all (binary content).
_MOST_CONFLICTS = 127
_MARKERS = (b"<<<<<<< ", b">>>>>>> ")


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What the sides are called in conflict markers."""

    mine: str = "your project"
    base: str = "template before"
    theirs: str = "template"


@dataclass(frozen=True, kw_only=True)
class LineMerge:
    """The outcome; `hunks` counts the conflicts that the content marks. None is what git cannot merge."""

    content: bytes
    hunks: int


def merge_lines(
    *, base: bytes | None, mine: bytes, theirs: bytes, labels: Labels, scratch: Path | None = None
) -> LineMerge | None:
    """Merge by lines; None for binary content.

    Args:
        base: None if both sides added the file: then only lines that both have are not in conflict.
        mine: The project's content.
        theirs: The new render.
        labels: Names of the sides.
        scratch: A private folder in which the contents lie meanwhile; None is one of their own.

    Raises:
        MachineError: git failed.
    """
    import tempfile

    style = ["--zdiff3"] if base is not None else []
    names = [word for label in (labels.mine, labels.base, labels.theirs) for word in ("-L", label)]
    # A person's own style of conflicts would mark a base that there is none of.
    plain = ("-c", "merge.conflictStyle=merge")
    with (
        contextlib.nullcontext(scratch) if scratch is not None else scratch_folder() as around,
        tempfile.TemporaryDirectory(dir=around) as folder,
    ):
        sides = [Path(folder, name) for name in ("mine", "base", "theirs")]
        for side, content in zip(sides, (mine, base or b"", theirs), strict=True):
            side.write_bytes(content)
        done = Git.outside().finished(*plain, "merge-file", "-p", "-q", *style, *names, *map(str, sides))
    if 0 <= done.returncode <= _MOST_CONFLICTS:
        # git counts no further than 127, so the markers are what is counted.
        return LineMerge(content=done.stdout, hunks=_count(done.stdout, labels) if done.returncode else 0)
    if b"\0" in mine + theirs + (base or b""):
        return None
    reason = done.stderr.decode(errors="replace").strip()
    if "binary" in reason:
        return None
    raise MachineError(f"git merge-file failed: {reason or done.returncode}", hint="Is git at least version 2.35?")


def _count(content: bytes, labels: Labels) -> int:
    return max(1, content.count(b"<<<<<<< " + labels.mine.encode()))


def has_markers(content: bytes) -> bool:
    """Whether a text holds conflict markers of git's form: both the opening and the closing line."""
    lines = content.splitlines()
    return all(any(line.startswith(marker) for line in lines) for marker in _MARKERS)

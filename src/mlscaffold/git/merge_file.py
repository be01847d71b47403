"""Line merge of one file, by git: `git merge-file`, with our labels and the base shown (zdiff3)."""

from __future__ import annotations

from dataclasses import dataclass

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


def merge_lines(*, base: bytes | None, mine: bytes, theirs: bytes, labels: Labels) -> LineMerge | None:
    """Merge by lines; None for binary content.

    Args:
        base: None if both sides added the file: then only lines that both have are not in conflict.
        mine: The project's content.
        theirs: The new render.
        labels: Names of the sides.

    Raises:
        MachineError: git failed.
    """
    with scratch_folder() as folder:
        for name, content in (("mine", mine), ("base", base or b""), ("theirs", theirs)):
            (folder / name).write_bytes(content)
        style = ["--zdiff3"] if base is not None else []
        names = [word for label in (labels.mine, labels.base, labels.theirs) for word in ("-L", label)]
        sides = [str(folder / name) for name in ("mine", "base", "theirs")]
        # A person's own style of conflicts would mark a base that there is none of.
        plain = ("-c", "merge.conflictStyle=merge")
        done = Git.outside().finished(*plain, "merge-file", "-p", "-q", *style, *names, *sides)
    if 0 <= done.returncode <= _MOST_CONFLICTS:
        # git counts no further than 127, so the markers are what is counted.
        return LineMerge(content=done.stdout, hunks=_count(done.stdout, labels) if done.returncode else 0)
    if b"\0" in mine + theirs + (base or b""):
        return None
    said = done.stderr.decode(errors="replace").strip()
    if "binary" in said:
        return None
    raise MachineError(f"git merge-file failed: {said or done.returncode}", hint="Is git at least version 2.35?")


def _count(content: bytes, labels: Labels) -> int:
    return max(1, content.count(b"<<<<<<< " + labels.mine.encode()))


def has_markers(content: bytes) -> bool:
    """Whether a text holds conflict markers of git's form: both the opening and the closing line."""
    lines = content.splitlines()
    return all(any(line.startswith(marker) for line in lines) for marker in _MARKERS)

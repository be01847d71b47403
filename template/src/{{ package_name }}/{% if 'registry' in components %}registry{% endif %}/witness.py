"""The copy of the ledger in the project's folder: what this machine has seen is compared with what MLflow says now.

Whoever may write into MLflow's database could write a whole new chain. Entries that are here, and that git keeps with its
commits, cannot be changed there without its showing here; and what served is known when no server can be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..artifacts import whole
from ..counts import counted
from .entry import LedgerError, digest

LEDGER = "reports/ledger.jsonl"


def seen(root: Path) -> list[str]:
    """The entries that this project has seen, one a line; none if there is no copy.

    Raises:
        LedgerError: it cannot be read.
    """
    try:
        return (root / LEDGER).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise LedgerError(f"{root / LEDGER} cannot be read: {error}.", "Bring it back from git.") from None


def difference(here: Sequence[str], there: Sequence[str]) -> str:
    """Where the copy here and the ledger there contradict each other, in a sentence; nothing if one goes on from the other."""
    for number, (one, other) in enumerate(zip(here, there, strict=False), start=1):
        if one != other:
            return f"entry {number} is {digest(one)[:12]} in {LEDGER}, and {digest(other)[:12]} in MLflow"
    if len(here) > len(there):
        return f"{LEDGER} has {counted(len(here), 'entry', 'entries')}, and MLflow only {len(there)}"
    return ""


def follow(root: Path, here: Sequence[str], there: Sequence[str]) -> None:
    """Bring the copy up to date; raises `DataError` if it cannot be written."""
    if len(there) > len(here):
        with whole(root / LEDGER) as place:
            place.write_text("".join(f"{text}\n" for text in there), encoding="ascii", newline="\n")

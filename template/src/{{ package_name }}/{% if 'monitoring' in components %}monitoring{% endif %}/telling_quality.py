"""What was found in batches, in words."""

from __future__ import annotations

from .batches import Batch
from .quality import Worse


def failed_of(batch: Batch) -> str:
    """The checks that a batch fails."""
    return ", ".join(dict.fromkeys(finding.check for finding in batch.findings)) or "-"


def most_missing(batch: Batch) -> str:
    """The column of which most is missing."""
    rows = batch.rows
    shares = {place: count / rows[place[0]] for place, count in batch.missing.items() if rows[place[0]] and count}
    if not shares:
        return "-"
    (_, column), share = max(shares.items(), key=lambda item: item[1])
    return f"{column} {share:.1%}"


def words(told: Worse) -> str:
    """What got worse, in a line."""
    where = f"{told.table}, column `{told.column}`" if told.column is not None else told.table
    check = f"{told.check}: " if told.check else ""
    held = f"{told.batches} batch{'es' if told.batches > 1 else ''} before"
    if told.p is None:
        return f"{where}: {check}{told.says} (held in the {held})"
    now, then = (f"{found:,} of {rows:,}" for found, rows in (told.found, told.before))
    chance = "no chance" if told.is_sure else f"chance explains it (p {told.p:.2g})"
    return f"{where}: {check}{told.says}; {now} rows, {then} in the {held}: {chance}"

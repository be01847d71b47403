"""The batches that were ingested, and what got worse in the newest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError, SettingsError
from ...monitoring.batches import KIND, Batch, Checked, batches
from ...monitoring.history import History
from ...monitoring.quality import Worse, alarming, worse
from ...monitoring.settings import Monitoring
from ...monitoring.telling_quality import failed_of, most_missing, words

#: So many batches are shown.
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Trend:
    """What is known of the batches.

    Args:
        found: all, the newest last.
        told: what got worse in the newest.
    """

    found: Sequence[Batch]
    told: Sequence[Worse]

    @property
    def alarms(self) -> Sequence[Worse]:
        """What needs a look."""
        return alarming(self.told)


def trend_of(root: Path, settings: Monitoring) -> Trend:
    """What the history says; raises `SettingsError` if it cannot be read."""
    try:
        found = batches(History(root / settings.history).entries(KIND, Checked))
    except DataError as error:
        raise SettingsError(str(error), error.advice) from None
    return Trend(found=found, told=worse(found, settings.level))


def as_document(trend: Trend) -> str:
    """JSON."""
    return json.dumps(
        {
            "format": 1,
            "alarms": [each._asdict() for each in trend.alarms],
            "worse": [each._asdict() for each in trend.told],
            "batches": [_document(batch) for batch in trend.found[-SHOWN:]],
        },
        indent=2,
        ensure_ascii=False,
    )


def _document(batch: Batch) -> dict[str, object]:
    return {
        "batch": batch.digest,
        "at": batch.at,
        "rows": batch.rows,
        "steps": {name: checked.model_dump(mode="json") for name, checked in batch.steps.items()},
    }


def as_text(trend: Trend) -> str:
    """A line a batch, then what got worse."""
    if not trend.found:
        return "No batch was checked yet: `pipeline` ingests one, and keeps what its checks find."
    rows = [("checked", "batch", "rows", "failed", "missing most")]
    rows += [
        (
            batch.at[:16].replace("T", " "),
            batch.digest[:12],
            f"{batch.size:,}",
            failed_of(batch),
            most_missing(batch),
        )
        for batch in trend.found[-SHOWN:]
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += ["", *(f"{_mark(each)}  {words(each)}" for each in trend.told)]
    if not trend.alarms:
        lines.append("No alarm.")
    return "\n".join(lines)


def _mark(told: Worse) -> str:
    if not told.check:
        return "WORSE"
    return "ALARM" if told.is_sure else "FAILS"

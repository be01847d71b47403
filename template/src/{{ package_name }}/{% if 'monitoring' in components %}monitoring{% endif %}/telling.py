"""What was found, for people and for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from .judging import Alarm, Judged, Verdict
from .power import POWER, smallest_shift
from .settings import Monitoring
from .summary import Subject

_SURE = 1e-15


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a comparison came to.

    Args:
        settings: with which it was made.
        rows_before: that the model learnt from.
        newest: the newest window; None if there is none yet.
        alarms: of the newest windows.
        notes: what else is to be said.
    """

    settings: Monitoring
    rows_before: int
    newest: Judged | None
    alarms: Sequence[Alarm]
    notes: Sequence[str] = ()

    @property
    def smallest(self) -> float | None:
        """The smallest shift of a mean, in standard deviations, that the newest window shows."""
        if self.newest is None:
            return None
        level, verdicts = self.settings.level, self.newest.verdicts
        tests = sum(verdict.p is not None for verdict in verdicts)
        least = min((verdict.least for verdict in verdicts if verdict.test == "mean"), default=0.0)
        shift = smallest_shift(self.rows_before, self.newest.rows, level, tests, least)
        return shift if math.isfinite(shift) else None


def as_document(told: Told) -> str:
    """JSON."""
    newest = told.newest
    return json.dumps(
        {
            "format": 1,
            "alarms": [{**alarm._asdict(), "subject": alarm.subject._asdict()} for alarm in told.alarms],
            "window": None if newest is None else newest.model_dump(mode="json", exclude={"pieces"}),
            "rows_learnt_from": told.rows_before,
            "smallest_shift": told.smallest,
            "notes": list(told.notes),
        },
        indent=2,
        ensure_ascii=False,
    )


def as_text(told: Told) -> str:
    """A table, a line a column: of its tests the one that chance explains least."""
    lines: list[str] = []
    if told.newest is not None:
        lines += [_headline(told, told.newest), "", *_table(told.newest.verdicts), ""]
        if told.smallest is not None:
            lines.append(
                f"A window of {told.newest.rows:,} rows shows a shift of a mean from {told.smallest:.2f} standard deviations on, "
                f"{POWER:.0%} of the time; a smaller one may pass."
            )
    lines += [f"ALARM  {_alarm(alarm)}" for alarm in told.alarms] or ["No alarm."] * (told.newest is not None)
    return "\n".join([*lines, *told.notes])


def _headline(told: Told, newest: Judged) -> str:
    when = f", {newest.begin[:16].replace('T', ' ')} to {newest.end[:16].replace('T', ' ')}" if newest.begin else ""
    return (
        f"drift     window {newest.index}: {newest.rows:,} rows{when}, "
        f"beside {told.rows_before:,} that {newest.reference} learnt from"
    )


def _table(verdicts: Sequence[Verdict]) -> list[str]:
    by_subject: dict[Subject, list[Verdict]] = {}
    for verdict in verdicts:
        by_subject.setdefault(verdict.subject, []).append(verdict)
    rows = [("column", "test", "effect", "counts from", "chance", "")]
    for subject, of_subject in by_subject.items():
        worst = min(of_subject, key=lambda verdict: (not verdict.drifted, 2.0 if verdict.p is None else verdict.p))
        tests = [verdict.test for verdict in of_subject if verdict.drifted]
        said = f"drifted: {', '.join(tests)}" if tests else ""
        rows.append((str(subject), worst.test, f"{worst.effect:.3f}", f"{worst.least:g}", _chance(worst.p), said))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _chance(p: float | None) -> str:
    if p is None:
        return "-"
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}" if p > _SURE else f"< {_SURE:.0e}"  # noqa: PLR2004


def _alarm(alarm: Alarm) -> str:
    windows = f"{alarm.drifted} of the newest {alarm.of} windows" if alarm.of > 1 else "the window"
    return f"{alarm.subject}: drifted in {windows} ({alarm.rows:,} rows), since window {alarm.since}; {', '.join(alarm.tests)}"

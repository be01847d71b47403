"""What cannot be right in a window, whatever the world does: a sensor that is silent, stuck, or in another unit."""

from __future__ import annotations

from collections.abc import Iterator

from ..monitoring.summary import ColumnSummary, NumberSummary, Summary

#: Of a column, so much more of the rows without a value than were learnt from.
SILENT = 0.2
#: Of a number that varied, so small a share of its spread is left.
STUCK = 0.01
#: Of a number, so many standard deviations of what was learnt from lie between the means.
FAR = 20.0
#: Of fewer rows nothing is said.
FEWEST = 30


def faults(reference: Summary, window: Summary) -> tuple[str, ...]:
    """What is wrong, in words, a line a column; nothing if all may be right.

    Args:
        reference: of the rows learnt from.
        window: counted in its bins.
    """
    pairs = ((name, known, window.columns.get(name)) for name, known in reference.columns.items())
    return tuple(f"{name}: {said}" for name, known, there in pairs if there is not None for said in _of(known, there))


def _of(known: ColumnSummary, there: ColumnSummary) -> Iterator[str]:
    before, rows = known.present + known.missing, there.present + there.missing
    if min(before, rows) < FEWEST:
        return
    silent, usual = there.missing / rows, known.missing / before
    if silent - usual >= SILENT:
        yield f"no value in {silent:.0%} of {rows} rows, where {usual:.0%} were usual"
    if isinstance(known, NumberSummary) and isinstance(there, NumberSummary) and there.present >= FEWEST:
        yield from of_numbers(known, there)


def of_numbers(known: NumberSummary, there: NumberSummary) -> Iterator[str]:
    """What is wrong with numbers, beside those that were learnt from."""
    usual, spread = known.moments.deviation, there.moments.deviation
    if usual <= 0:
        return
    if spread < STUCK * usual:
        yield f"stuck at {there.moments.mean:.4g} in {there.present} rows, where it varied by {usual:.4g}"
    apart = abs(there.moments.mean - known.moments.mean) / usual
    if apart >= FAR:
        mean = there.moments.mean
        yield f"{mean:.4g} on average, {apart:.0f} standard deviations from what was learnt: another unit?"

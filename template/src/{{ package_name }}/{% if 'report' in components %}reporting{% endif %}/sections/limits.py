"""What the numbers do not say."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ..run import Run
from ..section import Block, Section, Words


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """What holds for every run, and what this one leaves open."""
    split = run.reports.get("split")
    if split:
        yield Words(f"Scores hold for rows like those of the hold-out, divided by {split['by']}. {split['says']}")
    yield Words(
        "Intervals are about which rows were drawn. They know nothing of a world that changes, or of rows that are recorded otherwise."
    )
    yield Words(
        "It is one fit by one seed: another seed gives another model, most often within the spread of the folds."
    )
    if run.found("importance"):
        yield Words("Importance and slices say what the model uses and where it errs, not what causes what.")
    if not run.reports.get("analysis"):
        yield Words(
            "Slices, calibration and importance were not looked at: the run stopped before, or they are not a part of this project."
        )
    protected = run.contract.protected if run.contract else ()
    if not protected:
        yield Words(
            "No column is named as `protected` in the contract, so nothing is said about fairness between groups."
        )
    elif not run.found("fairness"):
        yield Words(f"Fairness was not judged by {', '.join(protected)}.")
    if run.contract and (personal := [name for name, column in run.contract.columns.items() if column.pii]):
        count = f"{len(personal)} column{'s' if len(personal) > 1 else ''}"
        yield Words(f"Of {count} of personal data no value is shown here; groups of them are numbered.")
    notes = [f"{name}: {note}" for name, item in run.reports.get("analysis", {}).items() for note in item["notes"]]
    yield from (Words(f"{note}.") for note in notes)


SECTION = Section("limits", "Limits of these claims", 800, of)

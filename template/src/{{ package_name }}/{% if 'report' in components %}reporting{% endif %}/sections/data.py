"""What was learnt from, what was judged by, and what keeps the two apart."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ...plotting.wording import percent
from ..run import Run
from ..section import Block, Section, Table, Words


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """Rows of both sides, and checks."""
    if split := run.reports.get("split"):
        yield Words(
            f"Rows are divided {'at random' if split['by'] == 'random' else 'by ' + split['by']}. {split['says']}"
        )
        classes = list(split["train"].get("classes", {}))[:8]
        timed = "time" in split["train"]
        rows = []
        for side, called in (("train", "to learn from"), ("holdout", "hold-out, to judge by")):
            part = split[side]
            times = [moment[:16] for moment in part["time"]] if timed else []
            rows.append([called, *times, f"{part['rows']:,}", *(percent(part["classes"][label]) for label in classes)])
        columns = ("rows", *(("from", "to") if timed else ()), "count", *(f"of them {label}" for label in classes))
        yield Table(columns, rows, numbers=3 if timed else 1)
        for why, count in split["left_out"].items():
            yield Words(f"{count:,} rows are left out: {why}.", "quiet")
        for note in split["leak_alarm"]:
            yield Words(f"Leak alarm: {note}", "quiet")
    tables = run.reports.get("validation", {}).get("tables", {})
    if tables:
        said = ", ".join(
            f"`{name}` ({told['rows']:,} rows, {told['columns']} columns)" for name, told in tables.items()
        )
        yield Words(f"Made of {said}, in which validation found no problem.")
    checks = run.reports.get("quality", {}).get("checks", {})
    if checks:
        failed = [name for name, told in checks.items() if not told["passed"]]
        warned = f"; not kept: {', '.join(failed)}" if failed else ""
        yield Words(f"{len(checks) - len(failed)} of {len(checks)} rules of the project's own are kept{warned}.")


SECTION = Section("data", "What it learnt from", 20, of)

"""Where it comes from: the version of the data, the code, the settings and the libraries."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ..run import Run
from ..section import Block, Section, Table, Words

SHORT = 16


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """Digests by which the same things can be known again."""
    rows = [[name, value] for name, value in run.environment.items()]
    if version := run.reports.get("registered", run.reports.get("parity", {})).get("model_version"):
        rows.append(["version of the model", version])
    made = run.records.get("ingest", {}).get("made_from", {})
    rows += [[f"data: {name}", digest[:SHORT]] for name, digest in made.get("inputs", {}).items() if "/raw/" in name]
    rows += [
        [called, made[name][:SHORT]]
        for name, called in (("contract", "contract"), ("code", "code of `ingest`"))
        if name in made
    ]
    learnt = run.records.get("compare", {}).get("made_from", {})
    rows += [[f"{name} of `compare`", learnt[name][:SHORT]] for name in ("settings", "code") if name in learnt]
    if rows:
        yield Words(
            "The first digits of SHA-256; reports/lineage/ has them whole, and what each file was made of.", "quiet"
        )
        yield Table(("what", "version"), rows, numbers=9)
    if libraries := made.get("libraries"):
        yield Table(("library", "version"), list(libraries.items()), numbers=9)


SECTION = Section("origin", "Data, code and environment", 900, of)

"""What came of it, and why: the champion, the gates, and the file that is served."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ...plotting.wording import percent
from ..run import Run
from ..section import Block, Section, Table, Words, score

#: What each step that can stop a run asks; some are not a part of every project.
GATES = {
    "validate": "the tables are as the contract says",
    "quality": "the project's own rules are kept",
    "split": "no column knows the outcome",
    "evaluate": "the model is good enough, and not too good to be true",
    "analyse": "its numbers are what happens, groups are treated alike, answers behave",
    "export": "the exported graph predicts what the trained model predicts",
    "register": "it is no worse than the champion",
}
OPTIONAL = ("quality", "analyse")


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """The sentence, what speaks against the model, the comparison with the champion, and parity."""
    yield Words(f"{run.decision.capitalize()}. {run.sentence}" if run.decision != "open" else run.sentence)
    if run.decision == "block":
        yield from (Words(says, "grave") for says in run.objections)
    if run.records:
        yield Table(("gate", "asks whether", "came to"), list(_gates(run)), numbers=9)
    told = run.reports.get("registered", {})
    if told.get("difference") is not None:
        rows = [
            ["mean loss of the new one less that of the champion", f"{told['difference']:+.4g}"],
            ["its interval, by the jackknife over blocks", f"{told['low']:+.4g} to {told['high']:+.4g}"],
            [
                "its interval, by the bootstrap over blocks",
                f"{told['bootstrap_low']:+.4g} to {told['bootstrap_high']:+.4g}",
            ],
            ["resamples in which the new one is worse", percent(told["worse"])],
            ["rows that neither learnt from", f"{told['rows']:,}"],
        ]
        yield Table(("against the champion, row by row", ""), rows)
    if parity := run.reports.get("parity"):
        yield Words(
            f"The exported graph was asked about {parity['rows']:,} rows and differs from the trained model by at most "
            f"{parity['largest_difference']:.2g} ({score(parity['share_of_tolerance'])} of what is allowed): what was judged is "
            "what is served."
        )


def _gates(run: Run) -> Iterator[tuple[str, str, str]]:
    """Each step that can refuse the run, in their order, and what it said."""
    for step, question in GATES.items():
        record = run.records.get(step)
        if record is None:
            yield step, question, "not reached" if step not in OPTIONAL else "–"
        else:
            yield step, question, "passed" if record["status"] == "ok" else "REFUSED" if record["blocked"] else "failed"


SECTION = Section("decision", "The decision, and why", 50, of)

"""How the chosen model does on rows that it has never seen, once, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...plotting.figures import Sheet
from ...plotting.wording import percent
from ..run import Run
from ..section import Block, Section, Table, Words, interval, score


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """Scores beside those of the naive baseline, the gain, and what deciding does."""
    told = run.metrics
    if not told:
        return
    confidence, blocks = told["confidence"], told["confidence"]["blocks_of"]
    yield Words(
        f"`{told['model']}` on {told['rows']:,} rows, {told['events']:,} of them events. Intervals hold the true score of "
        f"{2 * confidence['bounds'] - 1:.0%} of such hold-outs; rows of one of its {blocks} count as not independent."
    )
    table = [
        [name.replace("_", " "), score(told["baseline"].get(name)), score(item["value"]), interval(item)]
        for name, item in told["holdout"].items()
    ]
    yield Table(("score", "naive baseline", "model", "interval"), table)
    if gain := told.get("gain"):
        chance = told.get("chance")
        yield Words(
            f"The gain in {gain['in'].replace('_', ' ')} over the naive baseline is {score(gain['value'])}, and at least "
            f"{score(gain['low'])} for sure."
            + (
                ""
                if chance is None
                else f" A model that knows nothing would be as good with a chance of {percent(chance)}."
            )
        )
    if told.get("not_defined"):
        yield Words(f"Not defined on these rows: {', '.join(told['not_defined'])}.", "quiet")
    if decision := told.get("decision"):
        yield from _decision(decision)
    for note in told["notes"][1:]:
        yield Words(f"{note}.", "quiet")


def _decision(told: dict[str, Any]) -> Iterator[Block]:
    positive = told["positive"]
    yield Words(f"A row is called `{positive}` from a probability of {told['threshold']:.4g} on:")
    counts = [
        f"{told[name]:,.0f}" for name in ("true_positives", "false_negatives", "false_positives", "true_negatives")
    ]
    yield Table(
        ("what happened", f"called {positive}", "not called so"),
        [[positive, counts[0], counts[1]], ["anything else", counts[2], counts[3]]],
    )
    shares = {name: told[name] for name in ("recall", "precision", "specificity") if told[name] is not None}
    said = {
        "recall": f"of those that are `{positive}`, {{}} are found",
        "precision": "of its calls {} are right",
        "specificity": "of the others {} are left alone",
    }
    sentence = "; ".join(said[name].format(percent(value)) for name, value in shares.items())
    what = "cost of a row" if told["judged_by"] == "costs" else "1 less balanced accuracy"
    yield Words(
        f"{sentence[:1].upper()}{sentence[1:]}. The {what} is {score(told['cost'])}; deciding always the same: "
        f"{score(told['constant_cost'])}."
    )


SECTION = Section("holdout", "How it does on rows it has never seen", 40, of)

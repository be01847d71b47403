"""What was asked: the task, and what is good enough."""

from __future__ import annotations

from collections.abc import Iterator

from ...plotting.figures import Sheet
from ...tasks.base import task_of
from ..run import Run
from ..section import Block, Section, Table, Words


def of(run: Run, _: Sheet) -> Iterator[Block]:
    """The contract in a few lines."""
    contract = run.contract
    if contract is None:
        yield Words("The contract of this run is not kept, so what was asked is not known.", "quiet")
        return
    target, bounds = contract.target, contract.acceptance
    told = {"binary": "one of two outcomes", "multiclass": "one of several outcomes", "regression": "a number"}
    what = f"Predict `{target.column}`, {told[contract.task]}"
    what += f" ({', '.join(f'`{label}`' for label in contract.labels[:8])})" if contract.labels else ""
    yield Words(f"{what}, of {len(contract.columns)} columns that are known at that moment.")
    task = task_of(contract)
    rows = [["gain over the naive baseline, at its lower bound", f"above {bounds.gain:g}"]]
    for name, bound in bounds.required.items():
        rows.append([f"{name}, for sure", f"{'at least' if task.metrics.get(name, True) else 'at most'} {bound:g}"])
    for name, bound in bounds.too_good.metrics.items():
        higher = task.metrics.get(name, True)
        rows.append([f"{name}: too good to be true", f"{'above' if higher else 'below'} {bound:g}"])
    rows.append(["events in the hold-out", f"at least {bounds.minimum_events:,}"])
    if target.costs is not None:
        costs = f"{target.costs.false_positive:g} and {target.costs.false_negative:g}"
        rows.append([f"cost of calling `{target.positive}` wrongly, and of missing it", costs])
    if target.threshold is not None:
        rows.append([f"called `{target.positive}` from this probability on", f"{target.threshold:g}"])
    yield Table(("what is good enough", "bound"), rows)
    if contract.known_later:
        names = ", ".join(f"`{name}`" for name in contract.known_later[:12])
        yield Words(f"Known only later, and so never learnt from: {names}.", "quiet")


SECTION = Section("asked", "What was asked", 10, of)

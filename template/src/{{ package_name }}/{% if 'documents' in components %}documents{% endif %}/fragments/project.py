"""For the pages about the project: success criteria, gates that have looked, and the log of experiments."""

from __future__ import annotations

from typing import Any

from ...artifacts import ANALYSIS, METRICS, PARITY, REGISTERED, SPLIT, report
from ..base import Fragment, Run, cell, interval, number, table

#: Of components that may not be there.
QUALITY = report("reports/quality.json")
LOG = ("version", "model", "loss on the hold-out", "decision", "what was tried, and what was learnt")


def criteria(run: Run, _: str) -> str | None:
    """What the contract asks of a model, beside what the last one had."""
    if run.contract is None:
        return None
    acceptance = run.contract.acceptance
    metrics = run.read(METRICS) if run.has(METRICS) else None
    rows = [
        (f"{name} is good enough", number(bound), _had(metrics, name)) for name, bound in acceptance.required.items()
    ]
    gain = (
        f"{number(metrics['gain']['value'])} ({interval(metrics['gain'])})" if metrics and metrics.get("gain") else ""
    )
    rows.append(("gain over the naive baseline is above", number(acceptance.gain), gain))
    rows += [
        (f"{name} is too good to be true", number(bound), _had(metrics, name))
        for name, bound in acceptance.too_good.metrics.items()
    ]
    events = str(metrics["events"]) if metrics and metrics.get("events") is not None else ""
    rows.append(("events to judge by", str(acceptance.minimum_events), events))
    said = table(("criterion", "bound", "the last model"), rows)
    reason = acceptance.too_good.reason
    return f"{said}\n\nWhy an alarm is off, or wider than usual: {cell(reason)}" if reason else said


def _had(metrics: dict[str, Any] | None, name: str) -> str:
    score = metrics["holdout"].get(name) if metrics else None
    return f"{number(score['value'])} ({interval(score)})" if score else ""


def gates(run: Run, _: str) -> str | None:
    """Which gates the last run has passed, and what they said."""
    if not run.has(SPLIT, METRICS):
        return None
    split, metrics = run.read(SPLIT), run.read(METRICS)
    alarm = "; ".join(map(str, split["leak_alarm"])) or "no column knows the outcome"
    rows = [("leak alarm", alarm), ("acceptance", "; ".join(metrics["objections"]) or "good enough")]
    if run.has(QUALITY):
        rows.insert(0, ("rules of the data", "kept, or the run would have ended (reports/quality.json)"))
    if run.has(ANALYSIS):
        rows += [
            (name, "; ".join(found["objections"]) or "nothing objects") for name, found in run.read(ANALYSIS).items()
        ]
    if run.has(PARITY):
        rows.append(("parity of the export", f"largest difference {run.read(PARITY)['largest_difference']:.1e}"))
    if run.has(REGISTERED):
        rows.append(("comparison with the champion", run.read(REGISTERED)["sentence"]))
    rows += [
        (step, record["status"])
        for step, record in run.records.items()
        if record.get("blocked") and step not in {"evaluate", "analyse"}
    ]
    return table(("gate", "what it said"), rows)


def experiments(run: Run, before: str) -> str | None:
    """The log with a line for the present model; lines that are there, and what people wrote in them, stay."""
    lines = [line for line in before.splitlines() if line.startswith("|")][2:]
    if run.has(METRICS, PARITY, REGISTERED):
        metrics, found = run.read(METRICS), run.read(REGISTERED)
        version, (name, loss) = found["model_version"], next(iter(metrics["holdout"].items()))
        current = metrics["accepted"] and run.read(PARITY)["model_version"] == version
        if current and not any(line.split("|")[1].strip() == version for line in lines):
            decision = found.get("decision") or ("promote" if found["takes_alias"] else "keep")
            score = f"{name} {number(loss['value'])} ({interval(loss)})"
            asked = "**To answer:** what was tried, and what was learnt?"
            lines.append(table(LOG, [(version, metrics["model"], score, decision, asked)]).splitlines()[-1])
    return "\n".join([table(LOG, []), *lines]) if lines else None


CRITERIA = Fragment("criteria", criteria)
GATES = Fragment("gates", gates)
EXPERIMENTS = Fragment("experiments", experiments)

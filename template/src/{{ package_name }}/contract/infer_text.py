"""A drafted contract as the text of configs/contract.yaml and configs/sources.yaml, with the reasons as comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .infer import Draft

#: Bare words that every YAML reader takes for text.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(?: [A-Za-z_][A-Za-z0-9_.]*)*")
LARGE = 1e15
_NO_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def scalar(value: object) -> str:
    """A value in YAML, in one line, the same for readers of YAML 1.1 and 1.2."""
    match value:
        case bool() | int():
            return str(value).lower()
        case float():
            # YAML 1.1 takes 1e20 for text, without the point.
            return f"{value:.15g}" if abs(value) < LARGE else f"{value:.14e}"
        case datetime():
            return value.isoformat(sep=" ")
        case tuple():
            return f"[{', '.join(map(scalar, value))}]"
        case Mapping():
            return f"{{{', '.join(f'{scalar(key)}: {scalar(item)}' for key, item in value.items())}}}"
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _NO_TEXT:
        return text
    escaped = (letter if letter.isprintable() and letter not in '"\\' else f"\\U{ord(letter):08x}" for letter in text)
    return f'"{"".join(escaped)}"'


def comment(text: str) -> str:
    """A remark in one line, whatever stands in it."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)


def contract_text(draft: Draft) -> str:
    """configs/contract.yaml."""
    return "\n".join(
        [*_head(draft), "", *_roles(draft), "", *_left_out(draft), *_columns(draft), "", *_acceptance(draft), ""]
    )


def _head(draft: Draft) -> Iterable[str]:
    contract, target = draft.contract(), draft.target
    yield "# yaml-language-server: $schema=contract.schema.json"
    yield comment(
        f"What one row of {draft.sample.source['path']} means, guessed from {draft.sample.seen} by `contract infer`."
    )
    yield "# Read it, and mend what is wrong: docs/contract.md explains every key."
    yield from (comment(f"NOTE: {remark}") for remark in draft.remarks)
    yield "format: 1"
    yield ""
    yield f"task: {contract.task}"
    yield "target:"
    yield f"  column: {scalar(contract.target.column)}"
    yield from (f"  {comment(remark)}" for remark in target.remarks)
    if contract.labels:
        yield f"  labels: {scalar(contract.labels)}"
    if contract.target.positive:
        yield f"  # The label that is looked for: {target.why}."
        yield f"  positive: {scalar(contract.target.positive)}"


def _roles(draft: Draft) -> Iterable[str]:
    contract = draft.contract()
    yield "# What makes a row unique: rows with the same key are refused."
    yield f"key: {scalar(contract.key)}" if contract.key else "# key: [NAME]  # none was named"
    if contract.time:
        yield "# Orders rows: a model learns from earlier ones and is judged on later ones."
        yield f"time: {scalar(contract.time)}"
        yield comment("The place's own time, such as Europe/Berlin; moments without an offset are in it already.")
        yield f"time_zone: {scalar(contract.time_zone)}"
        few = "" if contract.period == "1d" else "  # there are too few days to keep each whole"
        yield f"period: {contract.period}{few}"
        yield "# How long an outcome takes to be known, such as 30d: the rows just before a cut are not learnt from."
        yield f"embargo: {contract.embargo}"
    else:
        yield "# time: NAME  # none was named, so the split is not by time"
        if contract.time_zone != "UTC":
            yield f"time_zone: {scalar(contract.time_zone)}"
    if contract.group:
        yield "# All rows with one value are on the same side of a split."
        yield f"group: {scalar(contract.group)}"


def _left_out(draft: Draft) -> Iterable[str]:
    if draft.known_later:
        yield "# They seem to be known only after the outcome, and are forbidden as features."
        yield "known_later:"
        yield from (f"  - {scalar(name)}  {comment(why)}" for name, why in draft.known_later.items())
    if draft.ignored:
        yield "ignored:"
        yield from (f"  {scalar(name)}: {scalar(why)}" for name, why in draft.ignored.items())
    if draft.known_later or draft.ignored:
        yield ""


def _columns(draft: Draft) -> Iterable[str]:
    yield "# A range is wider than what was seen by the width of it, on both sides, so that new rows pass and absurd ones do not."
    yield "# A value may be missing where one was. `allowed: [WORD]` refuses all other words of a category; unseen ones pass without."
    yield "columns:"
    for guess in draft.features:
        missing = f"{guess.missing:,} missing" if guess.keys.get("missing") else ""
        why = "; ".join(part for part in (guess.remark, missing) if part)
        yield f"  {scalar(guess.name)}: {scalar({'kind': guess.kind, **guess.keys})}" + (
            f"  {comment(why)}" if why else ""
        )


def _acceptance(draft: Draft) -> Iterable[str]:
    bounds = draft.bounds.alarms
    yield "acceptance:"
    yield "  # By metric, what a model must reach at least (errors: at most), such as {accuracy: 0.8}."
    yield "  required: {}"
    yield "  # How far its loss must lie below that of the naive baseline, for certain."
    yield "  gain: 0"
    yield "  # So many hold-out rows outside of the largest class there must be (regression: rows), or nothing can be said."
    yield f"  minimum_events: {draft.minimum_events}"
    yield "  # Better than this is a leak rather than a good model."
    yield "  too_good:"
    yield f"    metrics: {scalar(bounds.metrics)}" + (f"  {comment(draft.bounds.why)}" if draft.bounds.why else "")
    yield f"    single_column: {scalar(bounds.single_column)}"
    if bounds.columns:
        yield "    # These may tell more."
        yield "    columns:"
        yield from (f"      {scalar(name)}: {scalar(why)}" for name, why in bounds.columns.items())
    if bounds.reason:
        yield f"    reason: {scalar(bounds.reason)}"


def sources_text(draft: Draft) -> str:
    """configs/sources.yaml."""
    lines = [
        "# yaml-language-server: $schema=sources.schema.json",
        "# Where the raw tables come from. With more than one, dataset.py says how they are joined.",
        "format: 1",
        "sources:",
        f"  {scalar(draft.source_name)}:",
        *(f"    {name}: {scalar(value)}" for name, value in draft.sample.source.items()),
        "",
    ]
    return "\n".join(lines)

"""A drafted contract as the text of configs/contract.yaml and configs/sources.yaml, with the reasons as comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .infer import Draft

#: Bare words that every YAML reader takes for text.
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(?: [A-Za-z_][A-Za-z0-9_.]*)*")
_NO_TEXT = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
#: From here on YAML 1.1 takes 1e20 for text, without a point.
_LARGE = 1e15


def scalar(value: object) -> str:
    """A value in YAML, in one line, the same for readers of YAML 1.1 and 1.2."""
    match value:
        case bool() | int():
            return str(value).lower()
        case float():
            return f"{value:.15g}" if _LARGE > abs(value) > 1 / _LARGE or not value else f"{value:.14e}"
        case datetime():
            return f"{value:%Y-%m-%d}" if value.year > 999 else value.isoformat()  # noqa: PLR2004
        case tuple() | list():
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
    return "\n".join([*_head(draft), "", *_roles(draft), "", *_columns(draft), "", *_acceptance(draft), ""])


def _head(draft: Draft) -> Iterator[str]:
    target, sample = draft.target, draft.sample
    seen = f"all {sample.rows:,}" if sample.whole else f"{len(sample.frame):,} of {sample.rows:,}"
    yield "# yaml-language-server: $schema=contract.schema.json"
    yield comment(
        f"What one row means, guessed from {seen} rows of {sample.source['path']}. Read it, and mend what is wrong:"
    )
    yield "# docs/data/contract.md explains every key."
    yield from (comment(f"NOTE: {remark}") for remark in draft.remarks)
    yield "format: 1"
    yield f"task: {target.task}"
    yield "target:"
    yield f"  column: {scalar(target.values.name)}"
    yield from (f"  {comment(remark)}" for remark in target.remarks)
    if target.labels:
        yield f"  labels: {scalar(target.labels)}"
    if target.positive:
        yield f"  positive: {scalar(target.positive)}  # the label that is looked for: {target.why}"


def _roles(draft: Draft) -> Iterator[str]:
    roles = draft.roles
    yield (
        "# What makes a row unique: the same twice is refused."
        if roles.key
        else "# key: [NAME] makes a row unique; none was named."
    )
    if roles.key:
        yield f"key: {scalar(roles.key)}"
    if roles.time:
        yield "# Orders rows: a model learns from earlier ones, and is judged on later ones. All rows of a period stay together."
        yield f"time: {scalar(roles.time)}"
        yield f"period: {draft.period}" + ("" if draft.period == "1d" else "  # there are few days")
        yield "# How long an outcome takes to be known, such as 30d: rows that close before the later ones are not learnt from."
        yield "embargo: 0d"
    if roles.time or draft.sample.form.zone != "UTC":
        yield "# The place's own time, such as Europe/Berlin. Moments without an offset are in it already."
        yield f"time_zone: {scalar(draft.sample.form.zone)}"
    if roles.group:
        yield "# Rows with the same value stay together in every split."
        yield f"group: {scalar(roles.group)}"
    if draft.known_later:
        yield "# They seem to be known only with or after the outcome, and are forbidden as features."
        yield "known_later:"
        yield from (f"  - {scalar(name)}  {comment(why)}" for name, why in draft.known_later.items())
    if draft.ignored:
        yield "ignored:"
        yield from (f"  {scalar(name)}: {scalar(why)}" for name, why in draft.ignored.items())


def _columns(draft: Draft) -> Iterator[str]:
    yield "# A range is wider than what was seen, by its width or ten of it, so that new rows pass and absurd ones do not."
    yield "# Values may be missing where some were. `allowed: [WORD]` refuses all other words; without it, none is refused."
    yield "columns:"
    for guess in draft.features:
        said = scalar({"kind": guess.kind, **guess.keys})
        yield f"  {scalar(guess.name)}: {said}" + (f"  {comment(guess.remark)}" if guess.remark else "")


def _acceptance(draft: Draft) -> Iterator[str]:
    alarms = draft.alarms
    yield "acceptance:"
    yield "  # By metric, what a model must reach at least (errors: at most), such as {accuracy: 0.8}."
    yield "  required: {}"
    yield "  # How far its loss must lie below that of the naive baseline."
    yield "  gain: 0"
    yield "  # So many hold-out rows outside of the largest class there must be (regression: rows), or nothing can be said."
    yield f"  minimum_events: {draft.minimum_events}"
    yield "  too_good:"
    yield f"    {comment(f'Better is a leak rather than a good model. {draft.probed}')}"
    yield f"    metrics: {scalar(alarms.metrics)}"
    yield f"    single_column: {scalar(alarms.single_column)}"
    if alarms.columns:
        yield "    columns:"
        yield from (f"      {scalar(name)}: {scalar(why)}" for name, why in alarms.columns.items())
    if alarms.reason:
        yield f"    reason: {scalar(alarms.reason)}"


def sources_text(draft: Draft) -> str:
    """configs/sources.yaml."""
    stem = draft.sample.source["path"].rpartition("/")[2].partition(".")[0]
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:60].strip("-_") or "rows"
    lines = [
        "# yaml-language-server: $schema=sources.schema.json",
        "# Where the raw tables come from. With more than one, dataset.py says how they are joined.",
        "format: 1",
        "sources:",
        f"  {scalar(name)}:",
        *(f"    {key}: {scalar(value)}" for key, value in draft.sample.source.items()),
        "",
    ]
    return "\n".join(lines)

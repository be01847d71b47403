"""What MLflow knows of the versions of a registered model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..tracking.connection import unless
from .entry import MAX_GATES, MAX_NAME, MAX_SCORES, MAX_TEXT, Facts, cut

_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of the registered model.

    Args:
        number: in the registry.
        aliases: that point at it.
        made: when.
        facts: what its run says.
    """

    number: int
    aliases: tuple[str, ...]
    made: datetime
    facts: Facts


def versions_of(client: Any, name: str) -> list[Version]:
    """All versions, the newest first; none if there is no model of that name yet."""
    aliases: Mapping[str, Any] = {}
    with unless("RESOURCE_DOES_NOT_EXIST"):
        aliases = client.get_registered_model(name).aliases
    found = [
        Version(
            number=int(version.version),
            aliases=tuple(sorted(alias for alias, number in aliases.items() if str(number) == str(version.version))),
            made=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
            facts=_facts(client, version),
        )
        for version in _all(client, name)
    ]
    return sorted(found, key=lambda version: -version.number)


def facts_of(client: Any, name: str, number: int) -> Facts | None:
    """What is known of a version; None if there is none of that number."""
    version = None
    with unless("RESOURCE_DOES_NOT_EXIST"):
        version = client.get_model_version(name, str(number))
    return None if version is None else _facts(client, version)


def facts_from(tags: Mapping[str, str], metrics: Mapping[str, Any], run_id: str) -> Facts:
    """What tags and metrics of a run say."""
    scores = {
        name.removeprefix("holdout.").removesuffix(".value"): float(value)
        for name, value in sorted(metrics.items())
        if name.startswith("holdout.") and name.endswith(".value") and isinstance(value, int | float)
    }
    finite = [(cut(name, MAX_NAME), value) for name, value in scores.items() if math.isfinite(value)]
    return Facts(
        model_version=cut(tags.get("model_version", ""), 2 * MAX_NAME),
        run=run_id,
        commit=tags.get("git.commit", ""),
        edited=tags.get("git.dirty", ""),
        data=tags.get("data.training_rows", "") or tags.get("data.raw", ""),
        contract=tags.get("contract", ""),
        graph=tags.get("graph", ""),
        accepted=tags.get("accepted", ""),
        decision=tags.get("decision", ""),
        verdict=cut(tags.get("verdict", ""), MAX_TEXT),
        gates=cut(tags.get("gates", ""), MAX_GATES),
        scores=dict(finite[:MAX_SCORES]),
    )


def _facts(client: Any, version: Any) -> Facts:
    """What its run says; if that is gone, what the version itself does. Not every registry tells tags of versions in a list."""
    tags: Mapping[str, str] | None = None
    metrics: Mapping[str, Any] = {}
    with unless("RESOURCE_DOES_NOT_EXIST"):
        data = client.get_run(version.run_id).data if version.run_id else None
        if data is not None:
            tags, metrics = data.tags, data.metrics
    if tags is None:
        tags = client.get_model_version(version.name, str(version.version)).tags
    return facts_from(tags, metrics, version.run_id or "")


def _all(client: Any, name: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return

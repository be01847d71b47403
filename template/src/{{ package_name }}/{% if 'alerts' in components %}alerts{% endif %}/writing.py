"""All files below monitoring/ that follow from the model and from configs/alerts.yaml."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..artifacts import whole
from .baseline import Baseline
from .dashboards import dashboards
from .prometheus import alarms, baseline_series, proofs, rules_of
from .routes import routes
from .settings import Alerts

#: Of what servers read.
FOLDER = Path("monitoring")
RULES, SERIES, PROOFS = "prometheus/rules/alarms.yml", "prometheus/rules/baseline.yml", "prometheus/tests/alarms.yml"
ROUTES, BOARDS = "alertmanager/alertmanager.yml", "grafana/dashboards"


def files_of(baseline: Baseline, settings: Alerts) -> dict[str, str]:
    """By path below monitoring/, what stands there; raises `SettingsError`."""
    rules = rules_of(baseline, settings)
    texts = {
        RULES: _yaml(alarms(rules, settings.runbook), baseline),
        SERIES: _yaml(baseline_series(baseline), baseline),
        PROOFS: _yaml(proofs(rules, settings.runbook, "../rules/alarms.yml"), baseline),
        ROUTES: _yaml(routes(settings), None),
    }
    for name, board in dashboards().items():
        texts[f"{BOARDS}/{name}.json"] = json.dumps(board, indent=2, ensure_ascii=False) + "\n"
    return texts


def write(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Replace what differs, each file whole; the paths of those come back. Raises `DataError`."""
    changed = []
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            with whole(path) as place:
                place.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def _yaml(content: Mapping[str, Any], baseline: Baseline | None) -> str:
    of = f" for {baseline.name} {baseline.version}" if baseline else ""
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    return f"# Written by `alerts write`{of}: change configs/alerts.yaml instead.\n{text}"

"""Bills of materials in CycloneDX 1.6 (ECMA-424): of the service by its locked requirements, of the model by its reports.

They hold no time and no machine, so that equal inputs give equal files; git knows when.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..artifacts import METRICS, PARITY
from .base import NAME, Run

SERVICE_BILL = Path("docs/code/service.cdx.json")
MODEL_BILL = Path("docs/models/model.cdx.json")
#: What the service needs, with hashes, as `nox -s lock` writes it.
LOCK = Path("requirements/serving.txt")
#: The steps whose records say what a model was made of.
MADE = ("ingest", "compare", "export")
_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? *\\?$"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^ +# (?:via )? *(?P<name>-r \S+|[A-Za-z0-9._-]+)$")


@dataclass
class Pinned:
    """A locked library: its hashes, who needs it, and where only, if not everywhere."""

    name: str
    version: str
    marker: str | None
    hashes: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"


def locked(text: str) -> Iterator[Pinned]:
    """The libraries of a locked list, each with its hashes."""
    library: Pinned | None = None
    for line in text.splitlines():
        if start := _PINNED.match(line):
            if library:
                yield library
            library = Pinned(start["name"], start["version"], (start["marker"] or "").strip() or None)
        elif library and (digest := _HASH.search(line)):
            library.hashes.append(digest[1])
        elif library and (by := _VIA.match(line)) and by["name"] != "via":
            library.needed_by.append(by["name"])
    if library:
        yield library


def bill_of_service(root: Path) -> str | None:
    """The SBOM of the release image's Python: every library with its hashes, and which needs which; None without a lock."""
    if not (root / LOCK).is_file():
        return None
    libraries = list(locked((root / LOCK).read_text(encoding="utf-8")))
    service = {"type": "application", "name": NAME, "version": version(NAME), "bom-ref": NAME}
    needs: dict[str, list[str]] = {NAME: [], **{library.purl: [] for library in libraries}}
    for library in libraries:
        for name in library.needed_by:
            # What a file of requirements names, the service itself needs; of some libraries a platform chooses the version.
            for needing in [other.purl for other in libraries if other.name == name] or [NAME]:
                needs[needing].append(library.purl)
    return _bill(service, [_library(library) for library in libraries], needs)


def _library(library: Pinned) -> dict[str, Any]:
    files = [{"alg": "SHA-256", "content": digest} for digest in library.hashes]
    component: dict[str, Any] = {
        "type": "library",
        "name": library.name,
        "version": library.version,
        "bom-ref": library.purl,
        "purl": library.purl,
        # One hash for each file of the release: which of them is installed, the platform decides.
        "externalReferences": [{"type": "distribution", "url": library.purl, "hashes": files}],
    }
    if library.marker:
        component["properties"] = [{"name": "python:marker", "value": library.marker}]
    return component


def bill_of_model(run: Run) -> str | None:
    """The ML-BOM of the last accepted model: its card, the data and the libraries that it was made with; else None."""
    if run.contract is None or not run.has(METRICS, PARITY) or run.refusals or not run.records.keys() >= set(MADE):
        return None
    parity, made = run.read(PARITY), {step: run.records[step]["made_from"] for step in MADE}
    reference = f"{parity['model_name']}@{parity['model_version']}"
    model = {
        "type": "machine-learning-model",
        "name": parity["model_name"],
        "version": parity["model_version"],
        "bom-ref": reference,
        "modelCard": _card(run, [f"data:{name}" for name in made["ingest"]["inputs"] if name.startswith("data/")]),
    }
    data = [
        {
            "type": "data",
            "name": name,
            "bom-ref": f"data:{name}",
            **({"hashes": [{"alg": "SHA-256", "content": digest}]} if re.fullmatch("[0-9a-f]{64}", digest) else {}),
        }
        for name, digest in made["ingest"]["inputs"].items()
        if name.startswith("data/")
    ]
    libraries = [
        {
            "type": "library",
            "name": name,
            "version": found,
            "bom-ref": f"pkg:pypi/{name}@{found}",
            "purl": f"pkg:pypi/{name}@{found}",
        }
        for name, found in (made["compare"]["libraries"] | made["export"]["libraries"]).items()
        if found != "absent" and name != NAME
    ]
    components = [*data, *libraries]
    return _bill(model, components, {reference: [str(component["bom-ref"]) for component in components]})


def _card(run: Run, data: list[str]) -> dict[str, Any]:
    """The model card of CycloneDX: parameters, and scores with their intervals."""
    contract, metrics = run.contract, run.read(METRICS)
    assert contract is not None
    scores = [
        {
            "type": name,
            "value": str(score["value"]),
            "slice": "hold-out",
            "confidenceInterval": {"lowerBound": str(score["low"]), "upperBound": str(score["high"])},
        }
        for name, score in metrics["holdout"].items()
    ]
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "regression" if contract.task == "regression" else f"{contract.task} classification",
            "modelArchitecture": metrics["model"],
            "datasets": [{"ref": name} for name in data],
            "inputs": [{"format": f"{name}: {column.kind}"} for name, column in contract.columns.items()],
            "outputs": [{"format": ", ".join(contract.labels) or f"number {contract.target.unit or ''}".strip()}],
        },
        "quantitativeAnalysis": {"performanceMetrics": scores},
    }


def _bill(subject: dict[str, Any], components: list[dict[str, Any]], needs: dict[str, list[str]]) -> str:
    """A whole bill as text; its serial number follows from what it says."""
    content = {
        "version": 1,
        "metadata": {"component": subject},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(set(names))} for ref, names in needs.items()],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}"}
    return json.dumps(head | content, indent=2, ensure_ascii=False) + "\n"

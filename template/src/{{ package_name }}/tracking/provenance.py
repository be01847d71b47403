"""What a run was made of: data, commit, contract, environment. What cannot be known is left out, never guessed."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from ..artifacts import TRAIN
from ..digests import digest_of, library_versions
from ..lineage import Record
from .dvc import dvc_versions
from .git import commit_of

if TYPE_CHECKING:
    from ..steps import Project

RAW = "data/raw"


def provenance(project: Project, records: Mapping[str, Record]) -> dict[str, str]:
    """Facts by name: `data.raw`, `data.training_rows`, `git.commit`, `git.dirty`, `contract`, `environment.*`.

    Args:
        project: its folder and contract.
        records: what the steps say of their last runs.
    """
    libraries = {name: number for name, number in library_versions().items() if number != "absent"}
    environment = {"python": platform.python_version(), "platform": platform.platform()} | libraries
    return {
        **_data(project.root, records),
        **_commit(project.root),
        "contract": f"sha256:{digest_of(project.contract.model_dump(mode='json'))}",
        **{f"environment.{name}": text for name, text in environment.items()},
    }


def libraries() -> str:
    """Every installed library with its version, one a line."""
    names = {f"{found.metadata['Name']}=={found.version}" for found in distributions()}
    return "".join(f"{name}\n" for name in sorted(names, key=str.lower))


def _data(root: Path, records: Mapping[str, Record]) -> dict[str, str]:
    """DVC's hashes where DVC knows what is there, else digests of the records."""
    found: dict[str, str] = {}
    if record := records.get("ingest"):
        sources = {name: digest for name, digest in record.made_from.inputs.items() if not name.startswith("configs/")}
        found["data.raw"] = f"sha256:{digest_of(sources)}"
    if (record := records.get("split")) and TRAIN.path in record.made:
        found["data.training_rows"] = f"sha256:{record.made[TRAIN.path]}"
    names = {RAW: "data.raw", TRAIN.path: "data.training_rows"}
    kept = dvc_versions(root, RAW, TRAIN.path)
    return found | {names.get(path, f"data.{Path(path).name}"): f"dvc:md5:{md5}" for path, md5 in kept.items()}


def _commit(root: Path) -> dict[str, str]:
    """The commit, and whether what steps read differs from it; of a project that is not in git, nothing."""
    commit = commit_of(root)
    if commit is None:
        return {}
    if commit.edited is None:
        return {"git.commit": commit.digest}
    # The other name is the one by which MLflow's own pages show it.
    names = ("git.commit", "mlflow.source.git.commit")
    return {**dict.fromkeys(names, commit.digest), "git.dirty": str(commit.edited).lower()}

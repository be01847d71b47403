"""Which files belong to a run: reports and pictures that its steps wrote, and the configuration that they read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..artifacts import REGISTERED
from ..digests import digest_path
from ..lineage import Record
from ..steps import CONTRACT, SOURCES

#: Not params.yaml: its settings are parameters, and the address of the server may have a password.
_FOLDER = "configs/"
_REPORTS = "reports/"
#: An address with a name in it, or a setting that is called like something secret.
_SECRET = re.compile(r"://[^\s/]*@|(?i:passw|secret|token|credential|api_?key|access_?key)\w*[\"']?\s*[:=]")


def configuration(root: Path, records: Mapping[str, Record]) -> tuple[list[str], list[str]]:
    """Files of configs/ that steps read, and those of them that are not kept, as something secret may stand in them.

    The contract is always kept. configs/sources.yaml never is: addresses can hold secrets.
    """
    read = sorted({name for record in records.values() for name in record.made_from.inputs if name.startswith(_FOLDER)})
    left_out = [name for name in read if name == SOURCES or (name != CONTRACT and _may_be_secret(root / name))]
    return [CONTRACT, *(name for name in read if name not in {CONTRACT, *left_out})], left_out


def _may_be_secret(path: Path) -> bool:
    try:
        return bool(_SECRET.search(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return True


def reports_of(root: Path, records: Mapping[str, Record]) -> Iterator[str]:
    """Reports and pictures below reports/ that steps wrote, if they and all they were made from are as they were then."""
    made = {name: digest for record in records.values() for name, digest in record.made.items()}
    # A step at work has no record yet of what it has just written.
    made |= {name: digest_path(root / name) for name in made if name.startswith(_REPORTS)}
    for record in records.values():
        inputs = record.made_from.inputs
        if record.status == "ok" and all(made.get(name, digest) == digest for name, digest in inputs.items()):
            ours = (name for name in record.made if name.startswith(_REPORTS) and name != REGISTERED.path)
            yield from (name for name in ours if made[name] == record.made[name])

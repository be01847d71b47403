"""The way to 0.5: what a team wrote into a project of an earlier release is all there afterwards, where it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Machine
from .lived_in import nothing_is_lost

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("version", "preset"),
    [("0.3.0", []), ("0.4.0", ["preset=workshop"]), ("0.4.0", ["preset=standard"]), ("0.4.1", ["preset=full"])],
    ids=["0.3.0", "0.4.0 workshop", "0.4.0 standard", "0.4.1 full"],
)
def test_nothing_of_a_project_is_lost(machine: Machine, coming: Path, version: str, preset: list[str]) -> None:
    nothing_is_lost(machine, coming, version, preset)

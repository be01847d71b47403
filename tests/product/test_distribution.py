"""The distribution as a user installs it: everything that `new` and `check` need is inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mlscaffold import __version__
from mlscaffold.template.newer import releases
from mlscaffold.template.source import find_source
from mlscaffold.template.versions import latest

from .conftest import ROOT, uv

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("distribution")]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "-q", "--python", sys.executable, "--out-dir", folder, ROOT)
    return folder


def test_the_wheel_carries_the_released_templates_and_nothing_else(distributions: Path) -> None:
    (wheel,) = distributions.glob("mlscaffold_cli-*.whl")
    assert __version__ in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "mlscaffold/embedded/template.bundle" in names
    assert "mlscaffold/py.typed" in names
    assert [name for name in names if not name.startswith(("mlscaffold/", "mlscaffold_cli-"))] == []


def test_an_installed_wheel_makes_and_checks_a_project(distributions: Path, tmp_path: Path) -> None:
    (wheel,) = distributions.glob("mlscaffold_cli-*.whl")
    environment = tmp_path / "venv"
    uv("venv", "-q", "--python", sys.executable, environment)
    uv("pip", "install", "-q", "--python", environment / "bin" / "python", wheel)
    tool = environment / "bin" / "mlscaffold"
    for arguments in (["new", "demo", "--defaults"], ["check", "demo"], ["versions"]):
        done = subprocess.run([tool, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    lock = (tmp_path / "demo" / ".mlscaffold.lock").read_text(encoding="utf-8")
    newest = latest(releases(find_source(None)))
    assert newest is not None
    assert f"version: {newest.tag}" in lock

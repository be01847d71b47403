"""What holds for every test: nothing that it starts downloads an interpreter, and a busy machine fails none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from .walks import coming_releases

os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["NOX_DOWNLOAD_PYTHON"] = "never"

# On top of what hypothesis chooses for this machine: in CI, examples that are the same every time.
# A test says how many examples it wants, and nothing else: what a busy machine or a git process takes is no failure.
settings.register_profile(
    "patient",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def coming(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All releases of the built-in template, the next one as it lies here: what the documents speak of."""
    return coming_releases(tmp_path_factory.mktemp("releases"))


@pytest.fixture
def _port_8000(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The port that documents name belongs to one test at a time, whichever worker runs it."""
    with FileLock(tmp_path_factory.getbasetemp().parent / "port-8000.lock"):
        yield

"""What holds for every test: nothing that it starts downloads an interpreter, and a busy machine fails none."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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

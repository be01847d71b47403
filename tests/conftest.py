"""What holds for every test: nothing that it starts downloads an interpreter, and a busy machine fails none."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["NOX_DOWNLOAD_PYTHON"] = "never"

# On top of what hypothesis chooses for this machine: in CI, examples that are the same every time.
settings.register_profile("patient", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

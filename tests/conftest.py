"""What holds for every test: nothing that it starts downloads an interpreter."""

from __future__ import annotations

import os

os.environ["UV_PYTHON_DOWNLOADS"] = "never"
os.environ["NOX_DOWNLOAD_PYTHON"] = "never"

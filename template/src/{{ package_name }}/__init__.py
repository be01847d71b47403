"""Trains, judges, exports and serves one model. Importing the package imports no library, so serving stays light."""

import os

# ONNX Runtime reports its use to its makers, unless it is told not to before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

"""The model over HTTP: a short way to predictions, and beside it FastAPI for what is asked seldom."""

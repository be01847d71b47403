"""LitServe, one worker: `python litserve_server.py PORT`."""

import sys
from typing import Any

import litserve
from model import predict


class Api(litserve.LitAPI):
    """Predictions of rows."""

    def setup(self, device: str) -> None:
        """Nothing: the model is loaded with its module."""

    def decode_request(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows."""
        rows: list[dict[str, Any]] = request["instances"]
        return rows

    def predict(self, x: list[dict[str, Any]]) -> list[list[float]]:
        """The model's answers."""
        return [predict(row) for row in x]

    def encode_response(self, output: list[list[float]]) -> dict[str, Any]:
        """The document."""
        return {"predictions": output}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False, log_level="warning")

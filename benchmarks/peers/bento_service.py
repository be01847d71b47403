"""BentoML, one worker."""

from typing import Any

import bentoml
from model import predict


@bentoml.service(workers=1)
class Service:
    """Predictions of rows."""

    @bentoml.api
    def predict(self, instances: list[dict[str, Any]]) -> list[list[float]]:
        """Predictions of rows."""
        return [predict(row) for row in instances]

"""The models besides the champion: opened from their files, each proved on its own example."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...contract.types import Contract
from ...errors import ProjectError
from ...router.evidence import CHAMPION
from ..answering import Answering
from ..sources import source_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """What could be opened, and why the rest could not, by name."""

    models: Mapping[str, Answering] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)

    def versions(self, champion: Answering) -> dict[str, str]:
        """Of every model, by name."""
        return {CHAMPION: champion.model.version} | {name: each.model.version for name, each in self.models.items()}


def open_models(paths: Mapping[str, str], contract: Contract) -> Gallery:
    """The models at these places; one that cannot be used is left out, and the champion answers in its place."""
    models, wrong = {}, {}
    for name, path in paths.items():
        try:
            answering = source_of(path).load().answering()
        except ProjectError as error:
            wrong[name] = str(error)
        else:
            other = answering.model.contract
            if (other.labels, other.target.column) == (contract.labels, contract.target.column):
                models[name] = answering
            else:
                wrong[name] = f"The model {path} does not predict what the champion predicts."
    for name, reason in wrong.items():
        logger.warning("Without the model %s, for which the champion answers: %s", name, reason)
    return Gallery(models=models, wrong=wrong)

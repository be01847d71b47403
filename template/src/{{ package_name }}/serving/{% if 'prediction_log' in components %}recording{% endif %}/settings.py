"""configs/prediction_log.yaml: where records go, and how much is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ...configuration import load
from ...contract.types import Section

FILE = Path("configs/prediction_log.yaml")
#: Goes before `folder` of the file: an image has no configuration, and a container a volume of its own.
FOLDER = "PREDICTION_LOG_FOLDER"


class PredictionLog(Section):
    """All of configs/prediction_log.yaml."""

    format: Literal[1]
    folder: Annotated[
        str,
        Field(min_length=1, description="Of the files; the environment variable PREDICTION_LOG_FOLDER goes before it."),
    ] = "logs/predictions"
    waiting_mebibytes: Annotated[
        int,
        Field(
            ge=1,
            le=4096,
            description="So much waits in memory while the disk is slow or full; what comes then is counted.",
        ),
    ] = 16
    file_mebibytes: Annotated[
        int, Field(ge=1, le=4096, description="A new file begins before one is larger, and with each day.")
    ] = 64
    keep_days: Annotated[int, Field(ge=1, le=3660, description="Older files are removed.")] = 90
    keep_mebibytes: Annotated[
        int, Field(ge=1, description="The oldest files are removed before all together are larger.")
    ] = 4096


def load_prediction_log() -> PredictionLog:
    """The settings of the current folder; without a file the defaults, as in an image.

    Raises:
        SettingsError: the file is wrong; names the line to mend.
    """
    settings = load(FILE, PredictionLog) if FILE.is_file() else PredictionLog(format=1)
    folder = os.environ.get(FOLDER)
    return settings.model_copy(update={"folder": folder}) if folder else settings

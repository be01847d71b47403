"""configs/monitoring.yaml: windows, tests, and what it takes for an alarm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..configuration import load
from ..contract.types import Duration, Section

FILE = Path("configs/monitoring.yaml")

#: By test: an effect below this is of no interest; null: the test is not made.
Effects = dict[str, Annotated[float, Field(ge=0)] | None]


class Windows(Section):
    """How the log is cut: by rows, or by time."""

    rows: Annotated[int, Field(ge=30, le=10_000_000, description="Rows of a window.")] = 500
    every: Annotated[Duration | None, Field(description="12h, 1d, 2w: cut by time (UTC) instead.")] = None


class AlarmRule(Section):
    """When a column that has drifted is an alarm."""

    drifted: Annotated[int, Field(ge=1, le=100, description="In so many windows, the newest among them,")] = 2
    of: Annotated[int, Field(ge=1, le=100, description="of so many newest ones.")] = 3

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.drifted > self.of:
            raise ValueError("more windows than there are: `drifted` is at most `of`")
        return self


class ColumnRule(Section):
    """What is different for one column."""

    watch: Annotated[bool, Field(description="Whether it can raise an alarm; it is compared anyway.")] = True
    effects: Annotated[Effects, Field(description="As `effects`, for this column.")] = {}  # noqa: RUF012 - pydantic copies it


class Performance(Section):
    """When predictions whose outcome is known are judged."""

    labelled: Annotated[
        float, Field(gt=0, le=1, description="The share of a window's rows that must have an outcome.")
    ] = 0.5
    rows: Annotated[int, Field(ge=30, description="And how many, at least.")] = 50
    least: Annotated[
        float,
        Field(ge=0, lt=1, description="From which change on it counts: of a loss the share by which it rose."),
    ] = 0.02
    windows: Annotated[
        int, Field(ge=1, description="So many of the newest are judged again if outcomes come late, or are corrected.")
    ] = 200


class Monitoring(Section):
    """All of configs/monitoring.yaml."""

    format: Literal[1]
    windows: Windows = Windows()
    level: Annotated[
        float, Field(gt=0, lt=0.5, description="That anything is called drifted in a window in which nothing is.")
    ] = 0.01
    correction: Annotated[
        Literal["holm", "benjamini_hochberg"],
        Field(description="Over all columns and tests of a window; the second finds more, and is more often wrong."),
    ] = "holm"
    alarm: AlarmRule = AlarmRule()
    effects: Annotated[Effects, Field(description="By test: from which effect on it counts; null: not made.")] = {}  # noqa: RUF012 - pydantic copies it
    columns: Annotated[dict[str, ColumnRule], Field(description="What is different for some, by name.")] = {}  # noqa: RUF012 - pydantic copies it
    performance: Performance = Performance()
    history: Annotated[str, Field(min_length=1, description="The file of finished windows.")] = (
        "reports/monitoring/history.jsonl"
    )
    keep: Annotated[int, Field(ge=100, description="So many windows are kept in it, the newest.")] = 5000


def load_monitoring(root: Path = Path()) -> Monitoring:
    """The settings of a folder; without a file the defaults, as in an image.

    Raises:
        SettingsError: the file is wrong; names the line to mend.
    """
    path = root / FILE
    return load(path, Monitoring) if path.is_file() else Monitoring(format=1)

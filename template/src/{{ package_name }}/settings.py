"""Typed settings: params.yaml, read once, checked wholly, then passed on as values that nobody can change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .errors import SettingsError

Task = Literal["classification", "regression"]
Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
#: The newest version of the ONNX operators that the locked converter writes; a test compares the two.
NEWEST_OPSET = 22


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are refused, values cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Data(Section):
    """Which files are read, and what is known at the moment of prediction."""

    flights: str
    weather: str
    hours_before_departure: Positive
    weather_delay_minutes: Annotated[float, Field(ge=0)]
    weather_max_age_hours: Positive
    late_after_minutes: float


class Range(Section):
    """The lowest and highest value that can be true."""

    minimum: float
    maximum: float

    @model_validator(mode="after")
    def ordered(self) -> Self:
        """Refuse an empty range."""
        if self.minimum >= self.maximum:
            raise ValueError("minimum must be below maximum")
        return self


class Validation(Section):
    """What the data must satisfy before anything is learnt from it."""

    minimum_rows: Count
    maximum_missing_share: Share
    ranges: dict[str, Range]


class Split(Section):
    """How time is cut into training data and hold-out."""

    holdout_share: Share
    folds: Annotated[int, Field(ge=2, le=20)]


class Linear(Section):
    """Penalties of the linear models (scikit-learn's `C` and `alpha`)."""

    inverse_penalty: Positive
    penalty: Positive


class Boosting(Section):
    """Gradient boosting (scikit-learn's HistGradientBoosting)."""

    trees: Count
    learning_rate: Positive
    leaves: Annotated[int, Field(ge=2)]
    rows_per_leaf: Count
    penalty: Annotated[float, Field(ge=0)]


class Models(Section):
    """Settings of the candidates."""

    linear: Linear
    boosting: Boosting


class ClassificationBounds(Section):
    """A classifier is accepted within these bounds on the hold-out."""

    minimum_roc_auc: Share
    too_good_roc_auc: Share
    minimum_log_loss_gain: float


class RegressionBounds(Section):
    """A regression is accepted within these bounds on the hold-out."""

    minimum_r2: Annotated[float, Field(lt=1)]
    too_good_r2: Share
    minimum_rmse_gain: float


class Acceptance(Section):
    """What a model must achieve before it is exported, by task."""

    classification: ClassificationBounds
    regression: RegressionBounds
    too_good_single_feature: Share


class Export(Section):
    """The exported graph."""

    opset: Annotated[int, Field(ge=15, le=NEWEST_OPSET)]
    parity_tolerance: Positive
    decision_threshold: Share


class Tracking(Section):
    """Where runs are recorded; the environment variable MLFLOW_TRACKING_URI goes before `uri`."""

    uri: str
    experiment: str
    alias: str


class Settings(Section):
    """All of params.yaml."""

    task: Task
    seed: int
    threads: Count
    data: Data
    validation: Validation
    split: Split
    models: Models
    acceptance: Acceptance
    export: Export
    tracking: Tracking


def load_settings(path: Path) -> Settings:
    """Read and check params.yaml.

    Raises:
        SettingsError: the file is missing or unreadable, or a value is unknown, wrong or there twice; names the line to
            fix.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except FileNotFoundError:
        raise SettingsError(f"{path} does not exist.", "Run the command in the project's folder.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Make it a readable UTF-8 file.") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not valid YAML: {error}", "Mend the line that is named.") from None
    if repeated := [f"{path}:{line}: {name}: there twice" for line, name in _repeated(root)]:
        raise SettingsError("\n".join(repeated), f"Keep one of each in {path}: YAML would silently take the last.")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        found = [_explain(path, root, item["loc"], _wording(item["type"], item["msg"])) for item in error.errors()]
        raise SettingsError("\n".join(found), f"Mend {path}; each number has a comment there.") from None


def _repeated(node: yaml.Node | None, above: str = "") -> Iterator[tuple[int, str]]:
    """Line and name of each key that its mapping has already."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = f"{above}{key.value}"
        if name in seen:
            yield key.start_mark.line + 1, name
        seen.add(name)
        yield from _repeated(value, f"{name}.")


def _wording(kind: str, message: str) -> str:
    """What is wrong, in the words of this file."""
    plain = {
        "extra_forbidden": "no such setting",
        "missing": "is missing",
        "model_type": "settings are expected here, one `name: value` a line",
    }
    return plain.get(kind, message.removeprefix("Value error, ").replace("Input should", "should"))


def _explain(path: Path, root: yaml.Node | None, location: tuple[int | str, ...], problem: str) -> str:
    """One line for one wrong value: `params.yaml:12: split.folds: should be …`."""
    line = 1
    node = root
    for part in location:
        if not isinstance(node, yaml.MappingNode):
            break
        for key, value in node.value:
            if key.value == part:
                line, node = key.start_mark.line + 1, value
                break
        else:
            break
    name = ".".join(str(part) for part in location) or "the file"
    return f"{path}:{line}: {name}: {problem}"

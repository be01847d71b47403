"""`export`: write the accepted model as one ONNX graph, and prove that it predicts what the trained model predicts."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

import polars as pl

from ..artifacts import CANDIDATE, COMPARISON, HOLDOUT, METRICS, NATIVE, PARITY, REQUEST, TRAINED
from ..contract.types import Column, Contract
from ..errors import AcceptanceError, ParityError
from ..lineage import FOLDER
from ..models.candidate import Trained
from ..predictor.about import About, Value
from ..predictor.predictor import Predictor
from ..steps import Project, Step

#: The package's name with dashes is the name of the distribution, of the command and of the model.
MODEL_NAME = __name__.partition(".")[0].replace("_", "-")
_LONGEST_EXAMPLE = 1000
#: What stands in an example where a column is personal.
_NOBODYS: dict[str, Any] = {"number": 0.0, "integer": 0, "datetime": datetime(2000, 1, 1)}  # noqa: DTZ001 - of the place


def run(project: Project) -> str:
    """Convert, check, write models/artifacts/candidate.onnx and model.skops, models/request.json and reports/parity.json.

    Raises:
        AcceptanceError: the last evaluation did not accept the model.
        ParityError: the graph, or the native file, predicts something else than the trained model; the run is recorded.
    """
    from ..export.graph import convert, write_model
    from ..export.limits import limits_of
    from ..export.metadata import companions_of
    from ..export.native import write_native
    from ..export.parity import require_parity
    from ..tracking.refusal import record_refusal

    if not project.read(METRICS)["accepted"]:
        raise AcceptanceError("The model was not accepted.", "See reports/metrics.json; then run `evaluate` again.")
    contract, settings = project.contract, project.settings
    trained: Trained = project.read(TRAINED)
    holdout = project.read(HOLDOUT)
    about = About(
        threshold=trained.threshold,
        vocabularies=trained.vocabularies,
        example=example(contract, holdout),
        lineage=_lineage(project),
        limits=limits_of(project),
    )
    graph = convert(trained, contract, settings.export.opset)
    content = write_model(graph, MODEL_NAME, version(MODEL_NAME), contract, about, companions_of(project))
    exported = Predictor.from_bytes(content, project.root / CANDIDATE.path)
    try:
        parity = require_parity(trained, exported, holdout, settings.export.parity_tolerance, settings.seed)
        native = write_native(trained, contract, holdout)
    except ParityError as error:
        metrics = project.read(METRICS) | {"accepted": False, "objections": [str(error)]}
        raise ParityError(str(error), error.advice + record_refusal(project, metrics)) from error
    project.write(NATIVE, native)
    project.write(CANDIDATE, content)
    project.write(REQUEST, {"instances": [about.example]})
    project.write(PARITY, {"model_name": exported.name, "model_version": exported.version, **asdict(parity)})
    sampled = f", {parity.holdout_rows} of {len(holdout)} of the hold-out" if parity.holdout_rows < len(holdout) else ""
    return (
        f"{exported.name} {exported.version}; {parity.rows} rows agree{sampled}, "
        f"largest difference {parity.largest_difference:.1e}"
    )


def example(contract: Contract, rows: pl.DataFrame) -> dict[str, Value]:
    """The first row with the fewest missing values, which shows every column at work, as a request has it.

    It stands on the page at /docs, so personal data are made up and texts are cut.
    """
    missing = rows[list(contract.columns)].select(pl.sum_horizontal(pl.all().is_null())).to_series()
    row = rows.row(int(missing.arg_min() or 0), named=True)
    return {name: _made_up(column) if column.pii else _as_json(row[name]) for name, column in contract.columns.items()}


def _made_up(column: Column) -> Value:
    """A value that the column allows, and that is nobody's."""
    if column.missing:
        return None
    match column.kind:
        case "category":
            return column.allowed[0] if column.allowed else "example"
        case "text":
            return "An example"
        case "boolean":
            return False
        case _:
            return _as_json(_within(column.minimum, column.maximum, _NOBODYS[column.kind]))


def _within(minimum: Any, maximum: Any, value: Any) -> Any:
    """The value, or the bound that it breaks."""
    if minimum is not None:
        return minimum
    return value if maximum is None else min(value, maximum)


def _as_json(value: Any) -> Value:
    shown: Value = value.isoformat() if hasattr(value, "isoformat") else value
    return shown[:_LONGEST_EXAMPLE].rstrip() if isinstance(shown, str) else shown


def _lineage(project: Project) -> dict[str, str]:
    """Digests of the raw files, of the training rows, and of the settings, contract and code that made the model of them."""
    found: dict[str, str] = {}
    for step in ("ingest", "compare"):
        made_from = json.loads((project.root / FOLDER / f"{step}.json").read_text(encoding="utf-8"))["made_from"]
        found |= made_from["inputs"] | {name: made_from[name] for name in ("settings", "contract", "code")}
    return found


STEP = Step(
    "export",
    run,
    reads=(HOLDOUT, TRAINED, COMPARISON, METRICS),
    writes=(CANDIDATE, NATIVE, REQUEST, PARITY),
    params=("seed", "export", "tracking"),
    judges=True,
)

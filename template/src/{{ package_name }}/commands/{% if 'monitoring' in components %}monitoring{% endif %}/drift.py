"""Windows of the prediction log, or a table, beside what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...artifacts import TRAIN
from ...counts import counted
from ...errors import DataError, SettingsError

if TYPE_CHECKING:
    import polars as pl

    from ...contract.types import Contract
    from ...monitoring import following
    from ...monitoring.domain import Rows
    from ...monitoring.following import Compared
    from ...monitoring.history import History
    from ...monitoring.readings import Reading
    from ...monitoring.settings import Monitoring
    from ...monitoring.summary import Summary
    from ...monitoring.telling import Told


class Followed(NamedTuple):
    """The log, with all windows that are complete.

    Args:
        files: of the log.
        history: which has the windows.
    """

    compared: Compared
    files: Sequence[Path]
    folder: Path
    history: History
    found: following.Followed


def follow_log(path: Path, settings: Monitoring) -> Followed:
    """Judge what is new in the log by what a model learnt from; raises `ProjectError`."""
    from ...monitoring.following import Compared, follow
    from ...monitoring.history import History
    from ...monitoring.reference import require_reference
    from ...predictor.predictor import Predictor
    from ...serving.recording.files import log_files
    from ...serving.recording.settings import load_prediction_log

    predictor = Predictor.load(path)
    reference = require_reference(predictor)
    compared = Compared(
        contract=predictor.contract,
        reference=reference,
        version=predictor.version,
        learnt=_learnt(predictor.contract, reference.summary),
    )
    folder, history = Path(load_prediction_log().folder), History(Path(settings.history))
    try:
        files = log_files(folder)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be read: {error.strerror}.", "Make it readable.") from None
    return Followed(compared, files, folder, history, follow(files, compared, settings, history, datetime.now(UTC)))


def of_log(path: Path, settings: Monitoring) -> Told:
    """The windows of the log that are complete, and what the newest of all says."""
    from ...monitoring.judging import alarms
    from ...monitoring.telling import Told

    compared, _, folder, _, found = follow_log(path, settings)
    judged = counted(found.new, f"window of {folder} was", f"windows of {folder} were")
    waiting = counted(found.waiting, "row waits for its", "rows wait for their")
    notes = [f"{judged} judged now; {waiting} window to be complete."]
    if found.foreign:
        records = counted(found.foreign, "record of the log is", "records of the log are")
        notes.append(f"{records} of another task or form.")
    if not found.windows:
        notes.append(
            f"No window is complete yet: it takes {settings.windows.every or settings.windows.rows} of the log."
        )
    return Told(
        settings=settings,
        rows_before=compared.reference.summary.rows,
        newest=found.windows[-1] if found.windows else None,
        alarms=alarms(found.windows, settings) if found.windows else (),
        notes=notes,
    )


def of_table(table: Path, path: Path, settings: Monitoring) -> Told:
    """A table as one window, which needs no others beside it."""
    import polars as pl

    from ...features.frame import columns_of
    from ...monitoring.counting import count
    from ...monitoring.domain import MOST_ROWS, Rows, told_apart
    from ...monitoring.judging import Judged, alarms, judge
    from ...monitoring.readings import readings_of, readings_of_predictions
    from ...monitoring.reference import require_reference
    from ...monitoring.settings import AlarmRule
    from ...monitoring.telling import Told
    from ...predictor.predictor import Predictor
    from ..predict import checked

    predictor = Predictor.load(path)
    reference, contract = require_reference(predictor), predictor.contract
    shape = reference.summary
    whole: Summary | None = None
    drawn: list[pl.DataFrame] = []
    try:
        for part in checked(table, contract):
            columns = columns_of(contract, part)
            predictions = readings_of_predictions(contract, predictor.predict(columns))
            outcomes = _outcomes(contract, part) if contract.target.column in part.columns else None
            counted = count(shape, len(part), readings_of(contract, columns), predictions, outcomes)
            whole = counted if whole is None else whole + counted
            drawn.append(part[list(contract.columns)].sample(min(len(part), MOST_ROWS), seed=0))
    except DataError as error:
        raise SettingsError(str(error), error.advice) from None
    assert whole is not None  # a table has at least one part
    learnt, some = _learnt(contract, shape), pl.concat(drawn)
    together = None
    if learnt is not None:
        together = told_apart(shape, learnt, Rows(tuple(readings_of(contract, columns_of(contract, some))), len(some)))
    verdicts = judge(shape, whole, settings, together.statistic if together else None)
    window = Judged(index=0, begin="", end="", rows=whole.rows, reference=predictor.version, verdicts=verdicts)
    alone = settings.model_copy(update={"alarm": AlarmRule(drifted=1, of=1)})
    return Told(settings=settings, rows_before=shape.rows, newest=window, alarms=alarms([window], alone))


def _learnt(contract: Contract, summary: Summary) -> Rows | None:
    """The rows that were learnt from, where the project has them.

    Those of another model, such as the one before `retrain` made this, are no use: they are not as it sums them up.
    """
    from ...features.frame import columns_of
    from ...monitoring.counting import learn
    from ...monitoring.domain import Rows
    from ...monitoring.readings import readings_of

    path = Path(TRAIN.path)
    if not path.is_file():
        return None
    rows = TRAIN.read(path)
    if len(rows) != summary.rows or not set(contract.columns) <= set(rows.columns):
        return None
    readings = tuple(readings_of(contract, columns_of(contract, rows)))
    # One column is enough to know them by.
    if any(summary.columns.get(name) != said for name, said in learn(len(rows), readings[:1]).columns.items()):
        return None
    return Rows(readings, len(rows))


def _outcomes(contract: Contract, rows: pl.DataFrame) -> Reading:
    """What came of the rows of a table that says so."""
    import polars as pl

    from ...monitoring.readings import reading_of_outcomes

    kind = pl.String if contract.labels else pl.Float64
    return reading_of_outcomes(contract, rows[contract.target.column].cast(kind, strict=False).to_list())

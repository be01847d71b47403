"""The model that is served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ...monitoring.reference import reference_of
from ...predictor.loading import ModelFileError
from ..place import Place
from ..subject import Block, Need, Subject, Table, Told, Words

_HEADLINES = 8


def _of(place: Place) -> Told:
    model = place.served
    if isinstance(model, str):
        return Told(line=model, document={"file": str(place.model), "problem": model}, blocks=lambda: [Words(model)])
    written = datetime.fromtimestamp(place.model.stat().st_mtime, UTC)
    days = max(0, (place.now - written).days)
    document = {"file": str(place.model), "name": model.name, "version": model.version, "written": written.isoformat()}
    try:
        reference = reference_of(model)
        problem = "" if reference else "It does not say what it learnt from: the `pipeline` command exports it anew."
    except ModelFileError as error:
        reference, problem = None, str(error)
    rows = reference.summary.rows if reference else None

    def blocks() -> Iterator[Block]:
        told = f"`{model.name}`, version `{model.version}`, of `{place.model}`, written {written:%Y-%m-%d %H:%M} (UTC)."
        yield Words(told)
        if reference is None:
            yield Words(problem)
            return
        yield Words(
            f"It learnt from {reference.summary.rows:,} rows, and was judged by {reference.holdout_rows:,} that it had not seen."
        )
        scores = [
            [name.replace("_", " "), *(f"{value:.4g}" for value in (score.value, score.low, score.high))]
            for name, score in list(reference.scores.items())[:_HEADLINES]
        ]
        yield Table("What its hold-out promised", ("metric", "value", "from", "to"), scores)

    return Told(
        line=f"{model.name} {model.version}, written {written:%Y-%m-%d %H:%M}, {days} days ago",
        facts=[(model.version.partition("+")[0], f"version of {model.name}, {days} days old")],
        needs=[Need(says=problem, do="Run `pipeline`, and look again.", page="model-old")] if problem else [],
        document={**document, "rows_learnt_from": rows},
        blocks=blocks,
    )


MODEL = Subject(name="model", title="The model", order=60, of=_of)

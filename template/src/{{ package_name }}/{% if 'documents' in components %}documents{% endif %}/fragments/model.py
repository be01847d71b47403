"""For the model card: which model it is, how good, beside which others, and the same for programs as front matter."""

from __future__ import annotations

from typing import Any

from ...artifacts import COMPARISON, METRICS, PARITY, REGISTERED
from ..base import NAME, Fragment, Run, interval, number, table


def model(run: Run, _: str) -> str | None:
    """What the last run made, and what came of it."""
    if run.contract is None or not run.has(METRICS):
        return None
    metrics = run.read(METRICS)
    target = run.contract.target
    what = f"{run.contract.task}, in {target.unit}" if target.unit else run.contract.task
    lines = [("predicts", f"{target.column} ({what})"), ("kind of model", metrics["model"])]
    lines.append(("accepted", "no" if run.refusals else "yes"))
    lines += [("objection", objection) for objection in run.refusals]
    if run.refusals:
        return table(("question", "answer"), lines)
    if run.has(PARITY):
        parity = run.read(PARITY)
        difference = f"{parity['largest_difference']:.1e} is the largest difference in {parity['rows']:,} rows"
        lines += [("name and version", f"{parity['model_name']} {parity['model_version']}")]
        lines += [("exported graph against trained model", difference)]
    if run.has(REGISTERED):
        found = run.read(REGISTERED)
        lines.append((f"takes the alias {found['alias']}", "yes" if found["takes_alias"] else "no"))
        lines.append(("why", found["sentence"]))
    return table(("question", "answer"), lines)


def scores(run: Run, _: str) -> str | None:
    """The scores on the hold-out, with their intervals, beside the baseline's."""
    if not run.has(METRICS):
        return None
    metrics = run.read(METRICS)
    level = f"{2 * metrics['confidence']['bounds'] - 1:.0%}"
    rows = [
        (name, number(score["value"]), interval(score), number(metrics["baseline"].get(name)))
        for name, score in metrics["holdout"].items()
    ]
    said = table(("score", "on the hold-out", f"{level} interval", "naive baseline"), rows)
    threshold = (metrics.get("decision") or {}).get("threshold")
    if threshold is None:
        return said
    decision = metrics["decision"]
    also = ", ".join(f"{name} {number(decision[name])}" for name in ("precision", "recall") if name in decision)
    return f"{said}\n\nFrom a probability of {number(threshold)} on, the label is `{decision['positive']}`: {also}."


def candidates(run: Run, _: str) -> str | None:
    """What the candidates had over the folds, the best loss first, as the report orders them."""
    if not run.has(COMPARISON):
        return None
    found = run.read(COMPARISON).rows(named=True)
    metrics = list(dict.fromkeys(row["metric"] for row in found))
    cells = {(row["candidate"], row["metric"]): _mean(row) for row in found}
    names = dict.fromkeys(row["candidate"] for row in found)
    return table(
        ("candidate", *metrics), [(name, *(cells.get((name, metric), "") for metric in metrics)) for name in names]
    )


def _mean(row: dict[str, Any]) -> str:
    return number(row["mean"]) + ("" if row["std"] is None else f" ± {number(row['std'])}")


def card(run: Run, _: str) -> str | None:
    """Front matter as Hugging Face reads it (`model-index`); no more than the reports say."""
    if run.contract is None or not run.has(METRICS, PARITY):
        return None
    import yaml

    metrics = run.read(METRICS)
    if run.refusals:
        return None
    kind = "tabular-regression" if run.contract.task == "regression" else "tabular-classification"
    result = {
        "task": {"type": kind},
        "dataset": {"type": "tabular", "name": f"{NAME}, hold-out", "split": "test"},
        "metrics": [
            {"type": name, "value": score["value"], "args": {"low": score["low"], "high": score["high"]}}
            for name, score in metrics["holdout"].items()
        ],
    }
    said = {
        "library_name": "onnx",
        "pipeline_tag": kind,
        "tags": ["tabular", metrics["model"]],
        "metrics": list(metrics["holdout"]),
        "model-index": [{"name": run.read(PARITY)["model_name"], "results": [result]}],
    }
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True)).rstrip("\n")


MODEL = Fragment("model", model)
SCORES = Fragment("scores", scores)
CANDIDATES = Fragment("candidates", candidates)
CARD = Fragment("card", card)

"""Export every candidate of a project, not only the chosen one, and hold each graph to the parity of `export`.

    python every_candidate.py PACKAGE             prints a JSON object: the parity of each candidate

Run by a project's environment in its folder, after `split`. Folds are judged once for all.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any


def main(package: str) -> dict[str, Any]:
    """By candidate, rows compared and the largest difference as a share of the tolerance."""

    def module(name: str) -> Any:
        return import_module(f"{package}.{name}")

    artifacts, bench, comparison = module("artifacts"), module("models.bench"), module("models.comparison")
    graph, about = module("export.graph"), module("predictor.about")
    project = module("steps").Project(Path.cwd())
    rows, holdout, settings = project.read(artifacts.TRAIN), project.read(artifacts.HOLDOUT), project.settings
    judge, choose, judged = bench.Bench.judge, comparison.choose, list[Any]()

    def judge_once(self: Any, *arguments: Any) -> Any:
        judged[:] = judged or judge(self, *arguments)
        return list(judged)

    bench.Bench.judge = judge_once
    results: list[Any] = []

    def remember(found: Any, task: Any) -> Any:
        results[:] = found
        return choose(found, task)

    comparison.choose = remember
    comparison.compare(project, rows, {})
    said: dict[str, Any] = {}
    for result in [item for item in results if not item.candidate.is_baseline]:
        wanted = result.candidate.name

        def choose_it(found: Any, task: Any, name: str = wanted) -> Any:
            return replace(choose(found, task), result=next(item for item in found if item.candidate.name == name))

        comparison.choose = choose_it
        trained, _ = comparison.compare(project, rows, {})
        told = about.About(threshold=trained.threshold, vocabularies=trained.vocabularies, example={}, lineage={})
        model = graph.convert(trained, project.contract, settings.export.opset)
        content = graph.write_model(model, "all", "1", project.contract, told)
        exported = module("predictor.predictor").Predictor.from_bytes(content, Path("all.onnx"))
        parity = module("export.parity").require_parity(
            trained, exported, holdout, settings.export.parity_tolerance, settings.seed
        )
        assert trained.name == wanted
        said[trained.name] = {"rows": parity.rows, "share_of_tolerance": parity.share_of_tolerance}
    return said


if __name__ == "__main__":
    with import_module("threadpoolctl").threadpool_limits(1):
        sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")

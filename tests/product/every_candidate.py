"""Export every candidate of a project, not only the chosen one, and hold each graph to the parity of `export`.

Those that are made of others are held to it as C, too.

    python every_candidate.py PACKAGE             prints a JSON object: the parity of each candidate

Run by a project's environment in its folder, after `split`. Folds are judged once for all.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

#: Candidates that tests of the C source leave out, since they are made of others or of a project's own files.
COMPOSED = frozenset({"voting", "stacking", "rule", "self_training"})


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
        if trained.name in COMPOSED:
            said[trained.name]["in_c"] = share_in_c(module, project, content, exported)
    return said


def share_in_c(module: Any, project: Any, content: bytes, exported: Any) -> Any:
    """The largest difference of the C source's answers as a share of the tolerance, or why there is none."""
    plain, compiled = module("amalgamation.plain"), module("amalgamation.compiled")
    rows, settings = project.read(module("artifacts").HOLDOUT), project.settings
    try:
        source = module("amalgamation.source").source_of(content, exported)
    except plain.NotPlainError as reason:
        return str(reason)
    with tempfile.TemporaryDirectory() as folder:
        made = compiled.compile_source(source, Path(folder))
        found = compiled.compare(made, exported, rows, settings.seed, settings.export.parity_tolerance)
    assert not found.other_labels
    return found.share_of_allowed


if __name__ == "__main__":
    with import_module("threadpoolctl").threadpool_limits(1):
        sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")

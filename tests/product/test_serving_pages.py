"""The pages about serving, walked: each command works as it is written, in a project with two versions of a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Project, ready_project
from .pages import follow
from .servers import nats

pytestmark = [
    pytest.mark.product,
    pytest.mark.slow,
    pytest.mark.xdist_group("serving-pages"),
    pytest.mark.usefixtures("_port_8000"),
]

COMPONENTS = "access, bench, embedded, feedback, prediction_log, precompute, queue, registry, router, serverless, sql"


@pytest.fixture(scope="module")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = ["preset=workshop", f"also=[{COMPONENTS}]"]
    project = ready_project(tmp_path_factory.mktemp("pages"), environment, "pages_demo", answers)
    project.run(project.slug, "pipeline")
    params = project.root / "params.yaml"
    before = params.read_text(encoding="utf-8")
    params.write_text(before.replace("{trees: 80,", "{trees: 81,"), encoding="utf-8")
    assert params.read_text(encoding="utf-8") != before
    project.run(project.slug, "pipeline")
    return project


@pytest.mark.parametrize(
    ("page", "python", "said"),
    [
        ("code/access.md", ".venv/bin/python", ['"predictions":[', '"status":401']),
        ("code/bench.md", ".venv/bin/python", ["64 connections", "16 connections", "MB resident"]),
        ("code/embedded.md", "build/caller/bin/python", ["predictions", "Required, but absent"]),
        ("code/feedback.md", ".venv/bin/python", ['{"kept":1}', "predictions have an outcome", "order-1234,0,"]),
        ("code/precompute.md", ".venv/bin/python", [" written to precomputed", "0 predictions of"]),
        (
            "code/serverless.md",
            "env PYTHONPATH=build/function .venv/bin/python",
            ["dist/function.zip", "'statusCode': 200"],
        ),
        ("deployment/strategies.md", ".venv/bin/python", ["is rolled back in step", "blue_green", "challenger"]),
        ("models/registry.md", ".venv/bin/python", ["whole, and the alias is", "is served again"]),
    ],
)
def test_the_commands_of_a_page_work_in_their_order(project: Project, page: str, python: str, said: list[str]) -> None:
    output = follow(project, page, python)
    for words in said:
        assert words in output


def test_the_page_of_the_queue(project: Project, tmp_path: Path) -> None:
    with nats(tmp_path, 4222):
        assert " 200 {'predictions': [" in follow(project, "code/queue.md")

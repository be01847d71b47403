"""Versions of the data, as docs/data/data-versions.md says: pushed to a folder and to S3, and pulled by a colleague."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from .conftest import DATA_SIDE, Project, install, project_environment, ready_project
from .servers import Server, s3

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
MADE = ("data/interim/rows.parquet", "data/processed/train.parquet", "data/raw/weather.csv")
BUCKET = """
import os, sys, s3fs
s3fs.S3FileSystem(endpoint_url=sys.argv[1]).mkdir("versions")
"""


@pytest.fixture(scope="module")
def store() -> Iterator[Server]:
    with s3() as server:
        yield server


def run(project: Project, store: Server, *command: str, cwd: Path, code: int = 0, secret: str = "") -> str:
    """Run a command as somebody whom the store knows; what it says."""
    variables = {"AWS_ACCESS_KEY_ID": store.user, "AWS_SECRET_ACCESS_KEY": secret or store.password}
    environment = {**project_environment(project.environment), **variables, "AWS_DEFAULT_REGION": "us-east-1"}
    program = project.environment / "bin" / command[0]
    done = subprocess.run(
        [str(program) if program.exists() else command[0], *command[1:]],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def pushed(environment: Path, store: Server, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose steps ran as far as the split, pushed to two remotes; one raw file is kept by DVC, too."""
    folder = tmp_path_factory.mktemp("versions")
    project = ready_project(folder, environment, "versions_demo", DATA_SIDE)
    root, address = project.root, f"http://127.0.0.1:{store.port}"
    run(project, store, "python", "-c", BUCKET, address, cwd=root)
    for command in (
        ("git", "rm", "-q", "--cached", "data/raw/weather.csv"),
        ("dvc", "add", "data/raw/weather.csv"),
        ("git", "add", "data/raw/weather.csv.dvc", "data/raw/.gitignore"),
        ("dvc", "remote", "add", "--default", "folder", str(folder / "remote")),
        ("dvc", "remote", "add", "store", "s3://versions/versions-demo"),
        ("dvc", "remote", "modify", "store", "endpointurl", address),
        ("dvc", "repro", "split"),
        ("dvc", "push"),
        ("dvc", "push", "--remote", "store"),
        ("git", "add", "-A"),
        ("git", *IDENTITY, "commit", "-qm", "Versions of the data"),
    ):
        run(project, store, *command, cwd=root)
    return project


@pytest.mark.parametrize("remote", ["folder", "store"])
def test_a_colleague_pulls_what_was_pushed(pushed: Project, store: Server, tmp_path: Path, remote: str) -> None:
    clone = pushed.clone(tmp_path / pushed.root.name)
    assert not [name for name in MADE if (clone / name).exists()]
    # What the steps after the split would make was never pushed.
    run(pushed, store, "dvc", "pull", "--remote", remote, "split", "data/raw/weather.csv", "--with-deps", cwd=clone)
    for name in MADE:
        first, second = (sha256((root / name).read_bytes()).hexdigest() for root in (pushed.root, clone))
        assert first == second
    install(clone, pushed.environment)
    try:
        again = run(pushed, store, "dvc", "repro", "split", cwd=clone)
        assert "Stage 'split' didn't change, skipping" in again
        assert "Stage 'ingest' didn't change, skipping" in again
    finally:
        install(pushed.root, pushed.environment)


def test_a_stranger_gets_nothing(pushed: Project, store: Server, tmp_path: Path) -> None:
    clone = pushed.clone(tmp_path / pushed.root.name)
    run(pushed, store, "dvc", "pull", "--remote", "store", "split", cwd=clone, code=1, secret="not it")  # noqa: S106
    assert not (clone / MADE[1]).exists()


def test_no_key_stands_in_git(pushed: Project, store: Server) -> None:
    found = subprocess.run(
        ["git", "grep", "-l", store.password], cwd=pushed.root, capture_output=True, text=True, check=False
    )
    assert found.stdout == ""

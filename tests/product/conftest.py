"""The generated project, for real: rendered from the work tree, its locked libraries installed once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock
from packaging.version import Version
from python_discovery import get_interpreter

from mlscaffold import __version__

ROOT = Path(__file__).resolve().parents[2]
#: All that `standard` has for data, and the models of every project: for tests in which models are not the point.
DATA_SIDE = ["preset=workshop", "also=[sql, object_storage, profile, quality, wrangling, sampling, egress, precompute]"]


@dataclass(frozen=True, kw_only=True)
class Project:
    """A generated project and the environment that runs it."""

    root: Path
    environment: Path
    slug: str

    def run(
        self, *command: str | Path, cwd: Path | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the project's environment in the project's folder."""
        first, *rest = map(str, command)
        program = self.environment / "bin" / first
        done = subprocess.run(
            [str(program) if program.exists() else first, *rest],
            cwd=cwd or self.root,
            env=project_environment(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def clone(self, destination: Path) -> Path:
        """A fresh `git clone`, as a colleague would make it."""
        subprocess.run(["git", "clone", "-q", str(self.root), str(destination)], check=True)
        return destination


def require(what: str, install: str) -> None:
    """Skip a test where the machine lacks a program; in CI, where everything must be there, fail.

    Args:
        what: The program's name, or what is missing.
        install: How to get it.
    """
    for found in (shutil.which(what), Path(sys.executable).with_name(what)):
        if found and starts(found):
            return
    lacking(f"{what} is missing", install)


def require_engine() -> None:
    """Skip a test where no containers can be run, as `require` does."""
    engine = "a container engine, and start it (bash .ci/testbed.sh does both on Debian)"
    require("docker", engine)
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        lacking("The container engine does not answer", engine)


def require_python(version: str) -> Path:
    """The interpreter of a version; where there is none, skip the test as `require` does.

    It is sought as nox seeks it, so that a session and a test agree on what is there.
    """
    found = get_interpreter(version)
    if found is None or found.system_executable is None:
        lacking(f"There is no Python {version}", f"Python {version}, with pyenv for instance")
    return Path(found.system_executable)


def starts(program: str | Path) -> bool:
    """Whether a program can be run: the shim of a version manager may stand for one that is not there."""
    try:
        return not subprocess.run([program, "--version"], capture_output=True, check=False).returncode
    except OSError:
        return False


def lacking(message: str, install: str) -> NoReturn:
    """Skip a test, or in CI fail, and say what to install."""
    message = f"{message}. To run this test, install: {install}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def script_linters(root: Path) -> tuple[int, int]:
    """Hold every Dockerfile and every script of a project to hadolint and shellcheck; how many there were of each."""
    tools = {name: shutil.which(name) or Path(sys.executable).with_name(name) for name in ("hadolint", "shellcheck")}
    dockerfiles, scripts = sorted(root.glob("cicd/**/Dockerfile")), sorted(root.glob("cicd/**/*.sh"))
    for command in ([tools["hadolint"], *dockerfiles], [tools["shellcheck"], "--external-sources", *scripts]):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    return len(dockerfiles), len(scripts)


def shell_environment() -> dict[str, str]:
    """The environment variables of a shell in which no environment is active."""
    foreign = ("COV_", "COVERAGE_", "PYTEST_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"DVC_NO_ANALYTICS": "1", "PYTHONWARNINGS": ""}


def project_environment(environment: Path) -> Mapping[str, str]:
    """The environment variables of a shell in which the project's environment is active."""
    shell = shell_environment()
    path = f"{environment / 'bin'}{os.pathsep}{shell['PATH']}"
    # What mypy learnt about the libraries holds for every clone; of the project's own files it compares the content.
    cache = str(environment.with_name("mypy_cache"))
    return shell | {"PATH": path, "VIRTUAL_ENV": str(environment), "MYPY_CACHE_DIR": cache}


def uv(*arguments: str | Path) -> None:
    """Run uv, which the development group brings."""
    subprocess.run([Path(sys.executable).with_name("uv"), *arguments], check=True, capture_output=True)


def new_project(destination: Path, *arguments: str, template: Path = ROOT) -> Path:
    """`mlscaffold new`, with the template of the work tree if no other is given."""
    command = [sys.executable, "-m", "mlscaffold", "new", str(destination), "--template", str(template), "--defaults"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return destination


def released_template(folder: Path) -> Path:
    """The template of the work tree as a repository of one release: `set` and `update` need one to come back to."""
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    listing = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"]
    content = subprocess.run(
        [*listing, "copier.yml", "ownership.yml", "template"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, content.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for command in (
        ["init", "-q"],
        ["add", "-fA"],
        ["commit", "-qm", "A release"],
        ["tag", Version(__version__).base_version],
    ):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


def make_environment(folder: Path, python: str | Path) -> Path:
    """A virtual environment with the locked libraries of every component, for projects of any preset."""
    uv("venv", "-q", "--python", python, folder)
    requirements = ROOT / "template" / "requirements"
    # In the template a component's file has a condition around its name.
    files = [requirements / "dev.txt", *sorted((requirements / "components").glob("*.txt{*"))]
    uv(
        "pip",
        "install",
        "-q",
        "--python",
        folder / "bin" / "python",
        *(word for file in files for word in ("-r", file)),
    )
    return folder


def install(project: Path, environment: Path) -> None:
    """Install a project, editable, into an environment that holds its libraries."""
    uv("pip", "install", "-q", "--python", environment / "bin" / "python", "--no-deps", "-e", project)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked libraries, on the Python that runs the tests; a worker has its own."""
    folder = tmp_path_factory.mktemp("environment")
    # One after the other, so that only the first has to download.
    with FileLock(tmp_path_factory.getbasetemp().parent / "downloads.lock"):
        return make_environment(folder / "venv", sys.executable)


def ready_project(folder: Path, environment: Path, name: str, answers: Sequence[str]) -> Project:
    """A project that is rendered with answers (`NAME=VALUE`), committed and installed."""
    root = new_project(folder / name, *(word for answer in answers for word in ("--set", answer)))
    install(root, environment)
    return Project(root=root, environment=environment, slug=name.replace("_", "-"))


@pytest.fixture(scope="session")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the example, which tests that share it leave as it is."""
    return ready_project(tmp_path_factory.mktemp("example"), environment, "example_demo", [])

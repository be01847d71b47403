"""The tasks of the project: `nox -s dev` once, then `nox -s lint`, `nox -s tests`, `nox -s repro`; `nox -l` lists all."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox
from uv import find_uv_bin

nox.needs_version = ">=2025.10.14"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False
# Nothing downloads a Python unasked: the one that runs nox is there.
nox.options.download_python = "never"
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")

#: uv comes with `nox[uv]`; it need not be on the search path.
UV = find_uv_bin()
REQUIREMENTS = Path("requirements")
#: What has an environment of its own, locked alone: it is never installed beside the project.
APART = REQUIREMENTS / "apart"
#: What the project is worked on with: all that every project needs, and what its own components need besides.
DEVELOPMENT = [REQUIREMENTS / "dev.txt", *sorted((REQUIREMENTS / "components").glob("*.txt"))]
LOCKED = ["--require-hashes", *(word for file in DEVELOPMENT for word in ("-r", str(file)))]
VENV = Path(".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


def install(session: nox.Session) -> None:
    """The locked dependencies, and the project itself so that edits take effect at once."""
    session.install(*LOCKED)
    session.install("--no-deps", "-e", ".")


@nox.session(venv_backend="none")
def dev(session: nox.Session) -> None:
    """Everything needed for working on the project, in .venv."""
    python = str(BIN / "python")
    if not VENV.is_dir():
        session.run(UV, "venv", "--python", sys.executable, str(VENV), external=True)
    pip = (UV, "pip", "install", "--python", python)
    session.run(*pip, *LOCKED, external=True)
    session.run(*pip, "--no-deps", "-e", ".", external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, types, who imports whom, and rules of the project's own; changes nothing."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")
    for script in sorted(Path("scripts").glob("lint_*.py")):
        session.run("python", str(script))


@nox.session
def tests(session: nox.Session) -> None:
    """All tests; what follows `--` goes to pytest."""
    install(session)
    session.run("pytest", *session.posargs)


def pytest_in(session: nox.Session, *folders: str) -> None:
    """The tests of some folders, with how much of the code they reach; what follows `--` goes to pytest."""
    install(session)
    there = [folder for folder in folders if Path(folder).is_dir()]
    session.run("pytest", *there, "--cov", "--cov-report=term", *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """Tests of one module, or one component, each."""
    pytest_in(session, "tests/unit", "tests/components")


@nox.session
def integration(session: nox.Session) -> None:
    """Tests of the whole pipeline."""
    pytest_in(session, "tests/integration")


@nox.session
def data(session: nox.Session) -> None:
    """Tests of the project's own sources, contract and dataset.py."""
    pytest_in(session, "tests/data_validation", "tests/example")


@nox.session
def contract(session: nox.Session) -> None:
    """Tests of the service and the exported model, as others will ask them."""
    pytest_in(session, "tests/contract")


@nox.session
def checks(session: nox.Session) -> None:
    """What CI looks for besides: dead and duplicate code, secrets, known flaws of libraries. Needs bash."""
    session.install("--require-hashes", "-r", str(REQUIREMENTS / "checks.txt"))
    for command in ("cicd/checks/lint.sh", "cicd/checks/smells.sh", "cicd/checks/secrets.sh"):
        session.run("bash", command, external=True)
    session.run("python", "cicd/checks/audit.py", success_codes=[0, 3])


@nox.session
def repro(session: nox.Session) -> None:
    """All steps whose inputs have changed, by DVC."""
    install(session)
    session.run("dvc", "repro", *session.posargs, env={"DVC_NO_ANALYTICS": "1"})


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Resolve requirements/ again and write every version with its hashes; `-- --upgrade` takes newer ones."""
    names = ("serving", "default", "dev", "tools", "checks")
    sources = [*(REQUIREMENTS / f"{name}.in" for name in names), *sorted((REQUIREMENTS / "components").glob("*.in"))]
    command = (UV, "pip", "compile", "--universal", "--python-version", "3.11", "--quiet", "--no-header")
    # All are resolved together first: what a file says is preferred, so that all have one version of each.
    together = Path(session.create_tmp()).resolve() / "together.txt"
    locked = [source.with_suffix(".txt") for source in sources if source.with_suffix(".txt").is_file()]
    together.write_text("".join(file.read_text(encoding="utf-8") for file in locked), encoding="utf-8")
    session.run(*command, *session.posargs, "--output-file", str(together), *map(str, sources), external=True)
    for source in sources:
        shutil.copyfile(together, source.with_suffix(".txt"))
        session.run(
            *(*command, "--generate-hashes", "--no-emit-index-url"),
            *("--output-file", str(source.with_suffix(".txt")), str(source)),
            external=True,
        )
    for source in sorted(APART.glob("*.in")):
        to = ("--generate-hashes", "--no-emit-index-url", "--output-file", str(source.with_suffix(".txt")), str(source))
        session.run(*command, *session.posargs, *to, external=True)


if (APART / "evidently.txt").is_file():

    @nox.session
    def evidently(session: nox.Session) -> None:
        """A report by Evidently about rows of the prediction log; what follows `--` goes to the script."""
        session.install("--require-hashes", "-r", str(APART / "evidently.txt"))
        session.run("python", "scripts/evidently_report.py", *session.posargs)

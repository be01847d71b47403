"""The tasks of the project: `nox -s dev` once, then `nox -s lint`, `nox -s tests`, `nox -s repro`."""

from __future__ import annotations

import os
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
VENV = Path(".venv")
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


def install(session: nox.Session) -> None:
    """The locked dependencies, and the project itself so that edits take effect at once."""
    session.install("--require-hashes", "-r", str(REQUIREMENTS / "dev.txt"))
    session.install("--no-deps", "-e", ".")


@nox.session(venv_backend="none")
def dev(session: nox.Session) -> None:
    """Everything needed for working on the project, in .venv."""
    python = str(BIN / "python")
    if not VENV.is_dir():
        session.run(UV, "venv", "--python", sys.executable, str(VENV), external=True)
    pip = (UV, "pip", "install", "--python", python)
    session.run(*pip, "--require-hashes", "-r", str(REQUIREMENTS / "dev.txt"), external=True)
    session.run(*pip, "--no-deps", "-e", ".", external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, types, and who imports whom; changes nothing."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests; what follows `--` goes to pytest."""
    install(session)
    session.run("pytest", *session.posargs)


@nox.session
def repro(session: nox.Session) -> None:
    """All steps whose inputs have changed, by DVC."""
    install(session)
    session.run("dvc", "repro", *session.posargs, env={"DVC_NO_ANALYTICS": "1"})


@nox.session(venv_backend="none")
def lock(session: nox.Session) -> None:
    """Resolve requirements/*.in again and write every version with its hashes; `-- --upgrade` takes newer ones."""
    for name in ("serving", "default", "dev", "tools"):
        session.run(
            *(UV, "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
            *("--no-emit-index-url", "--no-header", "--output-file", str(REQUIREMENTS / f"{name}.txt")),
            *session.posargs,
            str(REQUIREMENTS / f"{name}.in"),
            external=True,
        )

"""A machine with one Python, from which no other can be downloaded: what is lacking is skipped by name, at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from .product.conftest import require, require_python
from .test_repository import ROOT, texts

#: A Python that these tests are not run on.
OTHER = "3.13" if sys.version_info[:2] == (3, 12) else "3.12"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on the search path: git, and shims of a version manager that has nothing behind them."""
    folder = tmp_path / "bin"
    folder.mkdir()
    git = shutil.which("git")
    assert git
    (folder / "git").symlink_to(git)
    for name in (f"python{OTHER}", "python3", "rsync"):
        shim = folder / name
        shim.write_text(f"#!/bin/sh\necho 'pyenv: {name}: command not found' >&2\nexit 127\n")
        shim.chmod(0o755)
    return folder


@pytest.fixture
def mirror() -> Iterator[tuple[str, list[str]]]:
    """The address from which uv would download interpreters, and what it was asked for there."""
    asked: list[str] = []

    class Refuse(BaseHTTPRequestHandler):
        """Whoever asks is written down."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the name is the method of HTTP

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def bare(programs: Path, mirror: tuple[str, list[str]], tmp_path: Path) -> Mapping[str, str]:
    """The variables of such a machine; nobody has said what may be downloaded."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PATH": str(programs),
        "UV_PYTHON_INSTALL_MIRROR": mirror[0],
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }


def nox(*arguments: str | Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run nox on such a machine."""
    return subprocess.run(
        [sys.executable, "-m", "nox", "--no-color", *map(str, arguments)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_session_whose_python_is_lacking_is_skipped_by_name(
    bare: Mapping[str, str], mirror: tuple[str, list[str]], tmp_path: Path
) -> None:
    done = nox("--envdir", tmp_path / "nox", "-s", f"engine-{OTHER}", env=bare)
    assert done.returncode == 0, done.stdout
    assert f"engine-{OTHER} skipped: Python interpreter {OTHER} not found" in done.stdout
    assert mirror[1] == []


def test_in_ci_such_a_session_fails(bare: Mapping[str, str], mirror: tuple[str, list[str]], tmp_path: Path) -> None:
    done = nox("--envdir", tmp_path / "nox", "-s", f"engine-{OTHER}", env={**bare, "CI": "true"})
    assert done.returncode != 0
    assert f"engine-{OTHER} failed: Python interpreter {OTHER} not found" in done.stdout
    assert mirror[1] == []


def test_the_environment_of_a_generated_project_is_made_with_the_python_that_is_there(
    bare: Mapping[str, str], mirror: tuple[str, list[str]], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "template" / "noxfile.py", project)
    (project / ".python-version").write_text(OTHER)
    # Without requirements it stops after the environment, which is what is looked at here.
    nox("-f", project / "noxfile.py", "-s", "dev", env=bare)
    assert f"version_info = {sys.version_info[0]}.{sys.version_info[1]}" in (project / ".venv/pyvenv.cfg").read_text()
    assert mirror[1] == []


def only(programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, ci: str) -> None:
    """Let this process see no more than these programs."""
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    for name in ("UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_shim_is_no_python(
    ci: str, outcome: type[BaseException], programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only(programs, monkeypatch, tmp_path, ci=ci)
    with pytest.raises(
        outcome, match=rf"There is no Python {re.escape(OTHER)}\. To run this test, install: Python {re.escape(OTHER)}"
    ):
        require_python(OTHER)


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_shim_is_no_program(
    ci: str, outcome: type[BaseException], programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only(programs, monkeypatch, tmp_path, ci=ci)
    with pytest.raises(outcome, match=r"rsync is missing\. To run this test, install: apt-get install rsync"):
        require("rsync", "apt-get install rsync")


def test_the_python_that_is_there_is_found(programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only(programs, monkeypatch, tmp_path, ci="true")
    current = "{}.{}".format(*sys.version_info)
    asked = [str(require_python(current)), "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == current


#: A start of uv, in a script, in Python or in a document; not a sentence or a list of words.
STARTS_UV = re.compile(r"\buv (?:venv|pip|run|build|sync|tool|python) +\S|\buvx +-|[(\[{]\"uv\"|\bfind_uv_bin\(")
#: It is told which interpreter to use, by its path.
WITH_THIS_PYTHON = re.compile(r"--python \S*/")


def test_no_start_of_uv_may_download_an_interpreter() -> None:
    """Tests are started with the variable set; everything else says it itself."""
    assert os.environ["UV_PYTHON_DOWNLOADS"] == "never"
    unbound = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file, text in texts()
        if file.is_relative_to(ROOT) and "tests" not in file.relative_to(ROOT).parts and file.name != "CHANGELOG.md"
        if not re.search(r"UV_PYTHON_DOWNLOADS\W+never", text)
        for line in text.splitlines()
        if STARTS_UV.search(line) and "--no-python-downloads" not in line and not WITH_THIS_PYTHON.search(line)
    ]
    assert unbound == []


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("uv venv --python 3.12 .venv", True),
        ("- uv pip install --quiet -r requirements/dev.txt", True),
        ('session.run("uv", "build", "-q")', True),
        ("UV = find_uv_bin()", True),
        (".venv/bin/uvx --from git+https://example.com/tool tool check", True),
        ('python3 -m venv .venv && .venv/bin/pip install -q "nox[uv]"', False),
        ("the environment that uv made", False),
    ],
)
def test_the_guard_sees_starts_of_uv(line: str, *, starts: bool) -> None:
    assert bool(STARTS_UV.search(line)) == starts

"""The tasks of this repository: `nox -l` lists them. Every one works from a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2026.1"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests"]
# Nothing downloads an interpreter unasked: what is lacking is skipped, or fails in CI.
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = os.environ.get("CI") == "true"
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")

PYTHONS = ["3.11", "3.12", "3.13"]
#: nox tells uv which environment to use; what the tests start has environments of its own. And where Python may not
#: keep what it has compiled, each of their hundreds of starts compiles all its libraries again.
OWN_ENVIRONMENTS = {"UV_PYTHON": None, "VIRTUAL_ENV": None, "PYTHONDONTWRITEBYTECODE": None}
ROOT = Path(__file__).resolve().parent
#: What the service is measured beside, in an environment of its own.
PEERS = ROOT / "benchmarks" / "peers" / "requirements.txt"
#: What drift is measured beside, in another.
DRIFT_PEERS = PEERS.with_name("drift.txt")
#: What the tests of the engine leave in their temporary folder, and as much again.
SCRATCH_BYTES = 2 << 30


def install(session: nox.Session, *groups: str) -> None:
    """Install this package, editable, and dependency groups of pyproject.toml."""
    project = nox.project.load_toml("pyproject.toml")
    session.install("-q", "-e", ".", *nox.project.dependency_groups(project, *groups))


@nox.session
def demo(session: nox.Session) -> None:
    """From nothing to a served model: generate a project, run it, ask it, check it. `-- DIR` chooses the folder."""
    session.install("-q", "-e", ".", "uv")
    session.run("python", "scripts/demo.py", *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every check and every test. What follows `--` goes to pytest and leaves the rest out."""
    if session.posargs:
        install(session, "dev")
        session.run("pytest", *session.posargs, env=OWN_ENVIRONMENTS)
        return
    # The oldest Python and the newest; those between are the matrix's.
    for name in ("lint", "budgets", f"engine-{PYTHONS[0]}", f"engine-{PYTHONS[-1]}", "product"):
        session.notify(name)


@nox.session
def lint(session: nox.Session) -> None:
    """Formatter, linter, types, import layers, and that generated documents are up to date."""
    install(session, "dev")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-cache")
    session.run("python", "scripts/reference.py", "--check")
    session.run("python", "scripts/reserved_names.py", "--check")


@contextmanager
def scratch_in_memory() -> Iterator[Mapping[str, str]]:
    """A temporary folder that no disk has to keep up with, as variables of the environment; none where there is none.

    Thousands of small repositories are made and thrown away: on a disk that takes twice the system's time.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of an own name is made in it
    if not os.access(memory, os.W_OK):
        yield {}
        return
    volume = os.statvfs(memory)
    if volume.f_flag & os.ST_NOEXEC or volume.f_bavail * volume.f_frsize < SCRATCH_BYTES:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="mlscaffold-tests-", dir=memory, ignore_cleanup_errors=True) as folder:
        yield {"TMPDIR": folder}


@nox.session(python=PYTHONS)
def engine(session: nox.Session) -> None:
    """Tests of engine and command line: all, with coverage, on the oldest Python; the fast ones on the others."""
    install(session, "dev")
    chosen = ["-m", "not product and not containers and not matrix"]
    if session.python == PYTHONS[0]:
        chosen += ["--cov", "--cov-report=term", "--cov-fail-under=95"]
    else:
        chosen[1] += " and not slow"
    # Four at once on two cores: many of these tests wait for a terminal or for git.
    run = ("pytest", "-q", "-n", "4", "--dist", "worksteal")
    with scratch_in_memory() as scratch:
        session.run(*run, *chosen, *session.posargs, env={**OWN_ENVIRONMENTS, **scratch})


@nox.session
def product(session: nox.Session) -> None:
    """Tests of what is generated: rendered, linted, run, built and served for real."""
    install(session, "dev")
    # Tests that share what takes long to make are a group, and stay on one worker.
    run = ("pytest", "-q", "-n", "2", "--dist", "loadgroup", "--durations=15")
    session.run(*run, "-m", "(product or containers) and not matrix", *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def matrix(session: nox.Session) -> None:
    """What is too wide for every change: each example, task and Python, and all public tables."""
    install(session, "dev")
    run = ("pytest", "-q", "-n", "2", "--dist", "loadgroup", "--durations=15")
    session.run(*run, "-m", "matrix", *session.posargs, env=OWN_ENVIRONMENTS)
    if not session.posargs:
        for python in PYTHONS[1:-1]:
            session.notify(f"engine-{python}")


@nox.session
def budgets(session: nox.Session) -> None:
    """Print how large a generated project is, beside what its design allows."""
    install(session, "dev")
    session.run("python", "scripts/budgets.py", env=OWN_ENVIRONMENTS)


@nox.session
def room(session: nox.Session) -> None:
    """Prepare a folder from which the workshop is held with no network: `nox -s room -- FOLDER [--python 3.12]`."""
    install(session, "dev")
    session.run("python", "scripts/room.py", *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the reference pages from the code and the questions."""
    install(session)
    session.run("python", "scripts/reference.py")


@nox.session
def lock(session: nox.Session) -> None:
    """Resolve the generated project's dependencies anew (`-- --keep`: new ones only), then the names they take."""
    session.install("-q", "uv")
    # In the template a component's files have a condition around their names; here each has its own.
    plain = {
        re.sub(r"{%.*?%}", "", str(source.relative_to(ROOT / "template"))): source
        for source in sorted((ROOT / "template" / "requirements").rglob("*.in*"))
        if "apart" not in source.parent.name
    }
    locked = {name: source.with_name(source.name.replace(".in", ".txt")) for name, source in plain.items()}
    kept = [file for file in locked.values() if file.exists() and "--keep" in session.posargs]
    command = ("uv", "pip", "compile", "-q", "--universal", "--python-version=3.11", "--no-header")
    scratch = Path(session.create_tmp()).resolve() / "lock"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "requirements" / "components").mkdir(parents=True)
    with session.chdir(scratch):
        for name, source in plain.items():
            shutil.copyfile(source, name)
        # All are resolved together first: what a file says is preferred, so that all have one version of each.
        Path("together.txt").write_text("".join(file.read_text(encoding="utf-8") for file in kept), encoding="utf-8")
        session.run(*command, *plain, "-o", "together.txt")
        for name, target in locked.items():
            file = Path(name)
            with session.chdir(file.parent):
                shutil.copyfile(scratch / "together.txt", "locked.txt")
                session.run(*command, "--generate-hashes", "--no-emit-index-url", file.name, "-o", "locked.txt")
                shutil.copyfile("locked.txt", target)
    # Environments of their own are resolved alone.
    for source in sorted((ROOT / "template" / "requirements").glob("*apart*/*.in")):
        kept_too = () if "--keep" in session.posargs else ("--upgrade",)
        with session.chdir(source.parent):
            to = ("--generate-hashes", "--no-emit-index-url", source.name, "-o", source.with_suffix(".txt").name)
            session.run(*command, *kept_too, *to)
    session.run("python", "scripts/reserved_names.py")


@nox.session
def release(session: nox.Session) -> None:
    """Write a release of the template into the embedded bundle: `nox -s release -- VERSION`."""
    session.install("-q", "-e", ".")
    session.run("python", "scripts/release.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure start-up and the verbs, as ratios to a peer in the same run."""
    install(session, "bench")
    session.run("python", "-m", "compileall", "-q", "src")
    session.run("python", "benchmarks/start_up.py", *session.posargs)
    session.run("python", "benchmarks/lifecycle.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Minutes (`-- --minutes 5`) of traffic against real services that are killed and given garbage meanwhile."""
    install(session, "dev")
    session.run("python", "-m", "benchmarks.soak", *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def bench_serving(session: nox.Session) -> None:
    """Measure the service of a new project beside its limit and its peers: needs `wrk`, and a machine that is idle.

    `-- --into docs/performance.md` keeps the table.
    """
    session.install("-q", "-e", ".", "uv")
    folder = Path(session.create_tmp()).resolve() / "flights"
    peers = folder.with_name("peers")
    for each in (folder, peers):
        shutil.rmtree(each, ignore_errors=True)
    new = ("--template", ROOT, "--trust", "--defaults", "--set", "preset=standard")
    session.run("mlscaffold", "new", folder, *new, env=OWN_ENVIRONMENTS)
    requirements = folder / "requirements"
    locked = [requirements / "dev.txt", *sorted((requirements / "components").glob("*.txt"))]
    project = folder / ".venv" / "bin"
    for venv, files in ((folder / ".venv", locked), (peers, [PEERS])):
        session.run("uv", "venv", "-q", venv, env=OWN_ENVIRONMENTS)
        named = [word for file in files for word in ("-r", file)]
        session.run("uv", "pip", "install", "-q", "--python", venv, *named, env=OWN_ENVIRONMENTS)
    session.run(
        "uv", "pip", "install", "-q", "--python", folder / ".venv", "--no-deps", "-e", folder, env=OWN_ENVIRONMENTS
    )
    with session.chdir(folder):
        session.run(project / "flights", "pipeline", external=True, env=OWN_ENVIRONMENTS)
    measured = ("--project", folder, "--python", project / "python", "--peers", peers / "bin" / "python")
    session.run("python", "-m", "benchmarks.serving", *measured, *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def bench_drift(session: nox.Session) -> None:
    """Measure `monitor drift` beside Evidently and NannyML, and compare what they call drifted; needs an idle machine.

    `-- --into docs/performance.md` keeps the tables.
    """
    session.install("-q", "-e", ".", "uv")
    folder = Path(session.create_tmp()).resolve() / "watched"
    peers = folder.with_name("drift-peers")
    for each in (folder, peers):
        shutil.rmtree(each, ignore_errors=True)
    new = ("--template", ROOT, "--trust", "--defaults", "--set", "preset=workshop")
    session.run("mlscaffold", "new", folder, *new, "--set", "also=[prediction_log, monitoring]", env=OWN_ENVIRONMENTS)
    for venv, file in ((folder / ".venv", folder / "requirements" / "default.txt"), (peers, DRIFT_PEERS)):
        session.run("uv", "venv", "-q", venv, env=OWN_ENVIRONMENTS)
        session.run("uv", "pip", "install", "-q", "--python", venv, "-r", file, env=OWN_ENVIRONMENTS)
    pythons = ("--python", folder / ".venv" / "bin" / "python", "--peers", peers / "bin" / "python")
    session.run("python", "benchmarks/drift.py", "--project", folder, *pythons, *session.posargs, env=OWN_ENVIRONMENTS)


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the source distribution into dist/."""
    session.install("-q", "uv")
    session.run("uv", "build", "-q", "--out-dir", os.fspath(ROOT / "dist"))

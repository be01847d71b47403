"""Every command in our documents works as it is written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from python_discovery import get_interpreter

from mlscaffold.errors import ExitCode
from scripts import workshop
from scripts.workshop import walked

from .walks import HEADING, pattern, plain, walk

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```(?:bash|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(program: str) -> list[str]:
    """Lines in code blocks of all pages that call a program; comments, prompts and outputs (with `…`) are left out."""
    found = [
        re.sub(r"\s+#.*$", "", line.strip().removeprefix("$ "))
        for page in PAGES
        if page.name != "cli.md"  # its lines are usage patterns; the page itself is generated from the code
        for block in BLOCK.findall(page.read_text(encoding="utf-8"))
        for line in block.splitlines()
    ]
    return sorted({line for line in found if line.startswith(program) and "…" not in line})


@pytest.fixture
def home(tmp_path: Path, coming: Path) -> dict[str, str]:
    """The environment of somebody who has nothing but the tool, as it will be released."""
    folder = tmp_path / "home"
    folder.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSCAFFOLD_")}
    (folder / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n")
    person = {"HOME": str(folder), "PATH": path, "SHELL": "/bin/bash", "GIT_CONFIG_NOSYSTEM": "1"}
    return kept | person | {"MLSCAFFOLD_TEMPLATE": str(coming)}


def local_template(tmp_path: Path) -> Path:
    """A released copy of the built-in template, in the place of the addresses that the documents make up."""
    bundle = ROOT / "src" / "mlscaffold" / "embedded" / "template.bundle"
    clone = tmp_path / "src" / "ml-template"
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(clone)], check=True)
    return clone


@pytest.mark.slow
@pytest.mark.parametrize("line", commands("mlscaffold "))
def test_commands_of_the_tool(line: str, home: dict[str, str], tmp_path: Path) -> None:
    template = local_template(tmp_path)
    (tmp_path / "answers.yml").write_text("license: MIT\n")
    line = re.sub(r"(?<=--template )\S+", str(template), line).replace("--ref 2.1.0", "--ref 0.1.0")
    arguments = shlex.split(line)
    if arguments[1] == "new" and "--defaults" not in arguments:
        arguments.append("--defaults")
    if arguments[1] in {"check", "update"} and arguments[2:]:
        subprocess.run(["mlscaffold", "new", arguments[2], "--defaults"], cwd=tmp_path, env=home, check=True)
    # In a shell that waits for it: `--install-completion` asks which one it was typed into.
    typed = ["bash", "-c", f"{shlex.join(arguments)}; exit $?"]
    done = subprocess.run(typed, cwd=tmp_path, env=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("page", ["update.md", "components.md"])
def test_the_walks_that_need_no_more_than_the_tool(page: str, home: dict[str, str], tmp_path: Path) -> None:
    done = walk(page, home, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.product
@pytest.mark.usefixtures("_port_8000")
def test_the_workshop(home: dict[str, str], tmp_path: Path) -> None:
    """The first hour as its page has it, what each command says included; then the mistakes of the trainer's page."""
    shared = {"UV_CACHE_DIR": uv_cache(home), "DVC_NO_ANALYTICS": "1"}
    hour = walked(workshop.PAGE, home | shared, tmp_path)
    mistakes = walked(workshop.TRAINER, home | shared, tmp_path)
    other = [
        f"{each.lines}--- shown\n{each.shown}--- said\n{each.said}"
        for each in (*hour, *mistakes)
        if not each.is_as_shown
    ]
    assert not other, "\n".join(other)
    for block in hour:
        if block.picture:
            kept = workshop.text_of(ROOT / "docs" / block.picture)
            assert workshop.without_numbers(kept) == workshop.without_numbers(workshop.pictured(block))


def test_the_trainers_page_has_the_time_of_every_step() -> None:
    page, trainer = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in (workshop.PAGE, workshop.TRAINER))
    table = trainer.partition(workshop.BEGIN)[2].partition(workshop.END)[0]
    steps = [
        heading
        for heading in HEADING.findall(page)
        if "```console" in page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    ]
    assert len(steps) == 7
    assert re.findall(r"^\| (\d.*?) \|", table, re.MULTILINE) == steps


@pytest.mark.slow
def test_what_an_old_python_says(home: dict[str, str], tmp_path: Path) -> None:
    found = get_interpreter("3.10", try_first_with=map(str, Path.home().glob(".pyenv/versions/3.10.*/bin/python")))
    if found is None or found.system_executable is None:
        pytest.skip("There is no Python 3.10, which is too old. To run this test, install it, with pyenv for instance")
    subprocess.run([found.system_executable, "-m", "venv", tmp_path / "old"], check=True)
    install = [str(tmp_path / "old" / "bin" / "pip"), "install", "-q", str(ROOT)]
    said = subprocess.run(install, env=home, capture_output=True, text=True, check=False).stderr
    page = (ROOT / "docs" / workshop.TRAINER).read_text(encoding="utf-8")
    shown = page.partition("<!-- python 3.10 -->\n```text\n")[2].partition("```")[0]
    assert pattern(f"…\n{shown}…\n").fullmatch(plain(said)), said


def uv_cache(home: dict[str, str]) -> str:
    """Where what was downloaded before is kept: all that somebody with an empty home may share."""
    environment = home | {"HOME": os.environ["HOME"]}
    done = subprocess.run(["uv", "cache", "dir"], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_sessions_that_the_documents_name_exist() -> None:
    listing = subprocess.run(
        [sys.executable, "-m", "nox", "--list"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    generated = re.findall(r"^\s*def (\w+)\(session", (ROOT / "template" / "noxfile.py").read_text(), re.MULTILINE)
    named = {name for page in PAGES for name in re.findall(r"nox -s ([\w.-]+)", page.read_text(encoding="utf-8"))}
    assert named
    known = {*re.findall(r"^[*-] ([\w.-]+)", listing, re.MULTILINE), *generated}
    assert named - known == set()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = next(line for line in commands("python3 -m venv") if line.endswith("nox -s tests"))
    assert command in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_exit_codes_of_the_documents_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "equation.md").read_text(encoding="utf-8")
    listing = page.partition("## Exit codes\n")[2].partition("\n#")[0]
    codes = " · ".join(f"`{code}` {code.meaning}" for code in ExitCode)
    assert " ".join(listing.split()) == f"{codes}."


def test_links_between_the_documents_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_test_that_the_security_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:template/)?tests/[\w./]+?\.py(?:\.jinja)?)(?:::(\w+))?`", page)
    assert len(named) > 20
    lacking = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).is_file() or (test and f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert lacking == []


@pytest.mark.slow
@pytest.mark.product
def test_the_main_command_of_the_readme(home: dict[str, str], tmp_path: Path) -> None:
    """From a fresh clone, with an empty home: only what was downloaded before is shared."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    command = next(line for line in commands("python3 -m venv") if line.endswith("nox -s demo"))
    environment = home | {"UV_CACHE_DIR": uv_cache(home)}
    done = subprocess.run(
        ["bash", "-c", command], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it is stopped again" in done.stdout
    assert (clone / "build" / "demo" / "models" / "model.onnx").is_file()

"""Lean at start-up: a verb imports what it uses, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlscaffold.new.create import NewProject, create, prepare

ROOT = Path(__file__).parents[2]
HEAVY = {"copier", "jinja2", "pydantic", "rich", "prompt_toolkit", "questionary", "yaml", "packaging", "pathspec"}
PROBE = """
import sys
sys.argv = ["mlscaffold", *sys.argv[1:]]
from mlscaffold.__main__ import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("IMPORTED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported(*arguments: str, folder: Path | None = None) -> set[str]:
    """The top-level modules that a command imports."""
    probe = [sys.executable, "-c", PROBE, *arguments]
    done = subprocess.run(probe, cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_version_needs_nothing() -> None:
    assert imported("--version") & (HEAVY | {"typer", "click"}) == set()


@pytest.mark.parametrize("arguments", [("--help",), ("new", "--help"), ("check", "--help")])
def test_help_needs_no_engine(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & HEAVY == set()


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A project of a template that is a folder."""
    (tmp_path / "template").mkdir()
    (tmp_path / "template" / "copier.yml").write_text("_subdirectory: files\n")
    (tmp_path / "template" / "files").mkdir()
    (tmp_path / "template" / "files" / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers }}\n")
    request = NewProject(destination=tmp_path / "demo", template=str(tmp_path / "template"), use_defaults=True)
    with prepare(request) as prepared:
        create(prepared)
    return tmp_path / "demo"


def test_a_clean_check_needs_neither_a_renderer_nor_a_parser(demo: Path) -> None:
    assert imported("check", str(demo)) & HEAVY == set()


def test_a_check_without_arguments_needs_no_parser_of_them(demo: Path) -> None:
    assert imported("check", folder=demo) & (HEAVY | {"typer", "click"}) == set()


@pytest.mark.parametrize("arguments", [("versions",), ("why", "--project", "{demo}", ".copier-answers.yml")])
def test_what_is_only_looked_at_needs_no_renderer(demo: Path, arguments: tuple[str, ...]) -> None:
    assert not imported(*(word.format(demo=demo) for word in arguments)) & {"copier", "jinja2", "pydantic"}


def test_the_public_api_is_typed_and_lazy() -> None:
    code = "import sys, mlscaffold; print(sorted(m for m in sys.modules if m.startswith('mlscaffold.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    import mlscaffold

    for name in mlscaffold.__all__:
        assert getattr(mlscaffold, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mlscaffold.nothing  # noqa: B018

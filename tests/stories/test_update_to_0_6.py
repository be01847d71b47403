"""The way to 0.6: nothing of a team is lost, and what was edited of the service, which was rewritten, is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Machine
from .lived_in import NEW, nothing_is_lost

pytestmark = pytest.mark.slow

SERVING = "src/ours/serving"


@pytest.mark.parametrize("preset", ["workshop", "standard", "full"])
def test_nothing_of_a_project_is_lost(machine: Machine, coming: Path, preset: str) -> None:
    conflicts = nothing_is_lost(machine, coming, "0.5.0", [f"preset={preset}"])
    assert not conflicts
    components = {path.name for path in (machine.work / "ours" / "configs").iterdir()}
    assert ({"prediction_log.yaml", "registry.yaml"} <= components) == (preset != "workshop")


def files(project: Path, *folders: str) -> set[str]:
    """The files that a project has below folders."""
    found = (path for folder in folders for path in (project / folder).rglob("*") if path.is_file())
    return {path.relative_to(project).as_posix() for path in found}


@pytest.mark.parametrize(
    ("version", "preset"),
    [("0.2.1", ""), ("0.3.0", ""), ("0.4.0", "workshop"), ("0.4.0", "standard"), ("0.5.0", "standard")],
)
def test_what_was_edited_of_the_service_is_told_and_stays_nowhere(
    machine: Machine, coming: Path, version: str, preset: str
) -> None:
    chosen = ["--set", f"preset={preset}"] if preset else []
    made = machine.run("new", "ours", "--template", coming, "--ref", version, "--defaults", *chosen)
    assert made.code == 0, made
    project = machine.work / "ours"
    edited = {path for path in files(project, SERVING, "cicd") if Path(path).suffix in {".py", ".sh"}}
    for path in edited:
        (project / path).write_text((project / path).read_text() + "# Ours.\n")
    machine.git("commit", "-qam", "Ours", cwd=project)

    done = machine.run("update", "--project", project, "--to", NEW, "--defaults")

    assert done.code == 0, done
    # The template of before had these elsewhere, or not at all.
    gone = {f"{SERVING}/{name}.py" for name in ("contract", "errors", "loading", "model", "server")}
    for path in edited - gone:
        line = next(line for line in done.out.splitlines() if f" {path} " in line)
        assert line.startswith("replace"), line
        assert "1 edited line" in line
        assert "mlscaffold eject" in line
    assert not any("Ours." in (project / path).read_text() for path in files(project, SERVING, "cicd") - gone)
    chosen = chosen or ["--set", "preset=workshop"]
    fresh = machine.run("new", "fresh/ours", "--template", coming, "--ref", NEW, "--defaults", *chosen)
    assert fresh.code == 0, fresh
    assert files(project, SERVING, "cicd") - gone == files(machine.work / "fresh" / "ours", SERVING, "cicd")
    assert machine.run("check", "--project", project).code == 0


def test_an_ejected_file_of_the_service_stays_and_is_named(machine: Machine, coming: Path) -> None:
    made = machine.run("new", "ours", "--template", coming, "--ref", "0.5.0", "--defaults", "--set", "preset=workshop")
    assert made.code == 0, made
    project, path = machine.work / "ours", f"{SERVING}/routes.py"
    assert machine.run("eject", path, "--project", project, "--reason", "a path of ours").code == 0
    (project / path).write_text((project / path).read_text() + "# Ours.\n")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Ours", cwd=project)

    done = machine.run("update", "--project", project, "--to", NEW, "--defaults")

    assert done.code == 0, done
    assert "ejected" in next(line for line in done.out.splitlines() if f" {path} " in line)
    assert (project / path).read_text().endswith("# Ours.\n")
    checked = machine.run("check", "--project", project)
    assert f"{path} is ejected, and the template no longer has it" in checked.out + checked.err

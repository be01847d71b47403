"""Files of a project that its template renders from: an update reads them as they are committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import SMALL, Machine

_FROM_PARENT = {
    **SMALL,
    "copier.yml": SMALL["copier.yml"] + "_external_data: {parent: '{{ name | lower }}.yml'}\n",
    "template/who.txt.jinja": "{{ _external_data.parent.team | default('nobody') }}\n",
}


@pytest.fixture
def project(machine: Machine) -> Path:
    """A project made while the file was not there, whose template went on."""
    template = machine.template(_FROM_PARENT)
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    machine.template({"template/more.txt": "x\n"}, tag="v2.0.0")
    return machine.work / "p"


def _commit(machine: Machine, project: Path, content: str) -> None:
    (project / "world.yml").write_text(content)
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "The team", cwd=project)


def test_an_update_reads_what_the_project_says_since(machine: Machine, project: Path) -> None:
    assert (project / "who.txt").read_text() == "nobody\n"
    _commit(machine, project, "team: core\n")
    dry = machine.run("update", "p", "--dry-run")
    assert (dry.code, "who.txt" in dry.out) == (0, True)
    assert machine.run("update", "p").code == 0
    assert (project / "who.txt").read_text() == "core\n"
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Update", cwd=project)
    assert machine.run("check", "p").code == 0


def test_an_edit_stays_beside_what_the_project_says_since(machine: Machine, project: Path) -> None:
    (project / "who.txt").write_text("my own\n")
    _commit(machine, project, "team: core\n")
    assert machine.run("update", "p").code == 3
    text = (project / "who.txt").read_text()
    assert "my own" in text
    assert "core" in text


def test_what_is_no_yaml_is_named(machine: Machine, project: Path) -> None:
    _commit(machine, project, "team: [secret\n")
    outcome = machine.run("update", "p")
    outcome.refused("external data 'parent' (world.yml, line 2) is not valid YAML")
    assert "secret" not in outcome.err

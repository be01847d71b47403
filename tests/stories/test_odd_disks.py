"""Disks that hold no links, or no executable bit, and names that they do not take."""

from __future__ import annotations

import pytest

from .conftest import SMALL, Machine, write_files
from .updating import Followed, follow

LINKED = {
    "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n",
    "ownership.yml": "files: {l: owned, run.sh: owned}\n",
    "notes.md": "notes\n",
    "other.md": "other\n",
    "run.sh": "#!/bin/sh\n",
}


def on_another_disk(machine: Machine, setting: str) -> Followed:
    """A project with a link and an executable file, cloned to where one of them cannot be."""
    template = machine.template({"copier.yml": LINKED["copier.yml"]}, tag="")
    write_files(template, {f"template/{name}": LINKED[name] for name in ("notes.md", "other.md", "run.sh")})
    (template / "template" / "run.sh").chmod(0o755)
    (template / "template" / "l").symlink_to("notes.md")
    write_files(template, {name: SMALL[name] for name in SMALL if name != "copier.yml"})
    machine.template({"ownership.yml": LINKED["ownership.yml"]}, tag="v1.0.0")
    machine.run("new", "demo", "--template", template, "--defaults")
    machine.git("clone", "-q", "-c", setting, "demo", "clone")
    return Followed(machine=machine, template=template, project=machine.work / "clone")


def test_a_link_that_is_a_file_here_is_no_edit(machine: Machine) -> None:
    clone = on_another_disk(machine, "core.symlinks=false")
    assert not (clone.project / "l").is_symlink()
    assert machine.run("check", clone.project).code == 0
    assert "No edits" in machine.run("diff", "--project", clone.project).out
    assert "as rendered" in machine.run("why", "l", "--project", clone.project).out
    link = clone.template / "template" / "l"
    link.unlink()
    link.symlink_to("other.md")
    clone.release("v2.0.0")
    clone.updated()
    assert clone.text("l") == "other.md"
    assert machine.run("check", clone.project).code == 0
    assert "No edits" in machine.run("diff", "--project", clone.project).out
    clone.commit()
    assert clone.git("ls-files", "-s", "l").startswith("120000")
    (clone.project / "l").write_text("run.sh")
    assert "MLS002 l" in machine.run("check", clone.project).out
    assert "edited" in machine.run("diff", "--project", clone.project).out


def test_a_bit_that_is_not_there_is_no_edit(machine: Machine) -> None:
    clone = on_another_disk(machine, "core.filemode=false")
    (clone.project / "run.sh").chmod(0o644)
    assert machine.run("check", clone.project).code == 0
    assert "No edits" in machine.run("diff", "--project", clone.project).out
    (clone.project / "run.sh").write_text("mine\n")
    assert "its content was changed" in machine.run("check", clone.project).out
    assert machine.run("check", "--fix", clone.project).code == 2
    clone.commit()
    assert machine.run("check", "--fix", clone.project).code == 0
    assert clone.git("ls-files", "-s", "run.sh").startswith("100755")


def test_two_files_of_a_template_that_make_one(machine: Machine) -> None:
    files = {**SMALL, "template/{{ name }}.md.jinja": "A\n", "template/World.md": "B\n"}
    template = machine.template(files)
    machine.run("new", "demo", "--template", template, "--defaults").refused(
        "make World.md", "template/World.md", "template/{{ name }}.md.jinja"
    )
    assert machine.run("new", "demo", "--template", template, "--defaults", "--set", "name=x").code == 0
    machine.run("set", "name=World", "--project", "demo").refused("make World.md")


@pytest.mark.parametrize(
    "verb", [("new", "other", "--template", "{}", "--defaults", "--set"), ("set", "--project", "demo")]
)
def test_an_answer_that_makes_too_long_a_name(machine: Machine, verb: tuple[str, ...]) -> None:
    demo = follow(machine, {"{{ name }}.md.jinja": "A\n"})
    words = [word.format(demo.template) for word in verb]
    done = machine.run(*words, f"name={'x' * 300}")
    done.refused("makes a name that is too long", "(303 bytes)", "shorter")


def test_a_name_of_a_template_that_is_not_utf_8(machine: Machine) -> None:
    template = machine.template(tag="")
    try:
        (template / "template" / b"caf\xe9.txt".decode(errors="surrogateescape")).write_text("x\n")
    except OSError:
        pytest.skip("this disk takes no such name")
    machine.template({})
    machine.run("new", "demo", "--template", template, "--defaults").refused("not UTF-8", r"caf\xe9.txt")


def test_a_name_of_the_projects_own_that_is_not_utf_8(machine: Machine) -> None:
    demo = follow(machine)
    name = b"caf\xe9.txt".decode(errors="surrogateescape")
    try:
        (demo.project / name).write_text("x\n")
    except OSError:
        pytest.skip("this disk takes no such name")
    demo.commit()
    demo.release("v2.0.0", {"new.txt": "n\n"})
    assert machine.run("check", demo.project).code == 0
    demo.updated()
    assert (demo.project / name).exists()

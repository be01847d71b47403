"""A template in a folder of its repository, with version tags of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlscaffold.project.lock import read_lock

from .conftest import SMALL, Machine, write_files
from .test_channels import commit, remote
from .updating import LINES, Followed, lines, made, with_line

WITHIN = "#subdir=templates/ml&tag-prefix=ml-"


def several(machine: Machine, files: dict[str, str] | None = None, *, tag: str = "ml-1.0.0") -> Path:
    """A repository of several templates; the one is changed, and released."""
    ml = {f"templates/ml/{path}": content for path, content in {**SMALL, "ownership.yml": "files: {}\n"}.items()}
    new = {f"templates/ml/{path}": content for path, content in (files or {}).items()}
    if (machine.home.parent / "template").exists():
        return machine.template(new, tag=tag)
    web = {f"templates/web/{path}": content for path, content in SMALL.items()}
    return machine.template({**ml, **web, "README.md": "several\n", **new}, tag=tag)


def following(machine: Machine, template: Path, spec: str) -> Followed:
    demo = made(machine, spec)
    return Followed(machine=machine, template=template, project=demo.project)


@pytest.mark.parametrize("kind", ["remote", "path"])
def test_it_is_made_checked_and_updated_as_any_other(machine: Machine, kind: str) -> None:
    template = several(machine, {"template/notes.md": LINES, "template/old.txt": LINES})
    spec = f"{remote(machine, template) if kind == 'remote' else template}{WITHIN}"
    demo = following(machine, template, spec)
    assert demo.version == "ml-1.0.0"
    assert yaml.safe_load(demo.text(".copier-answers.yml"))["_src_path"] == spec
    demo.edit({"notes.md": with_line(1, "mine"), "old.txt": with_line(1, "mine")})
    machine.git("tag", "web-9.0.0", cwd=template)
    machine.git("tag", "v9.0.0", cwd=template)
    machine.git("mv", "templates/ml/template/old.txt", "templates/ml/template/new.txt", cwd=template)
    several(
        machine, {"template/notes.md": with_line(9, "theirs"), "CHANGELOG.md": "## 1.1.0\nBetter\n"}, tag="ml-1.1.0"
    )
    if kind == "remote":
        remote(machine, template)

    done = demo.update()

    assert done.code == 0, done
    assert "Better" in done.out
    assert (demo.version, demo.has("old.txt")) == ("ml-1.1.0", False)
    assert (demo.text("notes.md").count("mine"), demo.text("notes.md").count("theirs")) == (1, 1)
    assert demo.text("new.txt") == with_line(1, "mine")
    demo.commit()
    assert machine.run("check", demo.project, "--strict", "--require-latest").code == 0
    assert "ml-1.1.0" in machine.run("why", "notes.md", "--project", demo.project).out
    assert machine.run("versions", "--template", spec).out == "ml-1.0.0\nml-1.1.0\n"
    assert "has nothing newer" in machine.run("doctor", demo.project).out


def test_a_number_without_the_prefix_names_a_version(machine: Machine) -> None:
    template = several(machine)
    several(machine, {"template/notes.md": "two\n"}, tag="ml-2.0.0")
    demo = following(machine, template, f"{template}#tag-prefix=ml-&subdir=templates/ml/")
    assert demo.version == "ml-2.0.0"
    assert f"{template}{WITHIN}" in demo.text(".mlscaffold.lock")
    done = machine.run("new", "first", "--template", f"{template}{WITHIN}", "--ref", "1.0.0", "--defaults")
    assert done.code == 0
    assert not (machine.work / "first" / "notes.md").exists()


def test_what_changes_elsewhere_in_the_repository_is_another_release_of_the_same(machine: Machine) -> None:
    template = several(machine)
    demo = following(machine, template, f"{remote(machine, template)}{WITHIN}")
    write_files(template, {"README.md": "more\n", "templates/web/template/hello.txt.jinja": "Hi\n"})
    several(machine, tag="ml-1.0.1")
    remote(machine, template)
    done = demo.update()
    assert (done.code, demo.version, demo.text("hello.txt")) == (0, "ml-1.0.1", "Hello World\n")


def test_a_branch_of_it_is_followed(machine: Machine) -> None:
    template = several(machine)
    demo = made(machine, f"{remote(machine, template)}{WITHIN}", "--channel", "branch:main")
    assert demo.version == "ml-1.0.0"
    several(machine, {"template/notes.md": "two\n"}, tag="")
    remote(machine, template)
    demo.updated()
    assert demo.version == commit(machine, template)


def test_a_work_tree_of_it_is_taken_as_it_is(machine: Machine) -> None:
    template = several(machine)
    write_files(template, {"templates/ml/template/draft.txt": "draft\n", "other.txt": "x\n"})
    demo = following(machine, template, f"{template}{WITHIN}")
    assert (demo.version, demo.text("draft.txt")) == ("dev", "draft\n")


def test_a_plain_folder_of_a_repository_says_how_it_is_followed(machine: Machine) -> None:
    template = several(machine)
    done = machine.run("new", "demo", "--template", template / "templates" / "ml", "--defaults")
    assert done.code == 0, done
    assert f"{template}#subdir=templates/ml" in done.err


@pytest.mark.parametrize(
    ("within", "said"),
    [
        ("#subdir=templates/nothing", "has no folder templates/nothing"),
        ("#subdir=templates", "has no copier.yml"),
        ("#subdir=../template", "no folder of its repository"),
        ("#subdir=.git", "no folder of its repository"),
        ("#subdir=a%00b", "no folder of its repository"),
        ("#subdir=out", "has no folder out"),
        ("#subdir=library", "library is a submodule of the template's repository"),
        ("#subdir=library/ml", "library is a submodule of the template's repository"),
        ("#subdir=templates/ml&tag-prefix=-x", "which no tag can begin with"),
        ("#subdir=templates/ml&tag-prefix=a..b", "which no tag can begin with"),
    ],
)
def test_what_is_no_folder_of_it_is_refused(machine: Machine, within: str, said: str) -> None:
    template = several(machine)
    (template / "out").symlink_to("/etc")
    several(machine, tag="ml-1.0.1")
    machine.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},library", cwd=template)
    machine.git("commit", "-qm", "a submodule", cwd=template)
    machine.run("new", "demo", "--template", f"{remote(machine, template)}{within}", "--defaults").refused(said)
    machine.nothing_was_left()


def test_trust_is_that_of_the_repository(machine: Machine) -> None:
    template = several(machine, {"copier.yml": SMALL["copier.yml"] + "_tasks: [touch made]\n"})
    spec = f"{template}{WITHIN}"
    assert machine.run("new", "demo", "--template", spec, "--defaults").code == 4
    settings = machine.home / ".config" / "mlscaffold" / "settings.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"trust: [{template}]\n")
    assert machine.run("new", "demo", "--template", spec, "--defaults").code == 0


def test_plain_copier_does_not_take_another_template_for_it(machine: Machine) -> None:
    demo = made(machine, f"{remote(machine, several(machine))}{WITHIN}")
    before = demo.state()
    command = [sys.executable, "-m", "copier", "update", str(demo.project), "--defaults", "--quiet"]
    done = subprocess.run(command, cwd=machine.work, check=False, capture_output=True)
    assert done.returncode != 0
    assert demo.state() == before


@pytest.mark.parametrize("kind", ["remote", "path"])
@pytest.mark.parametrize("was", ["root", "folder"])
def test_it_moves_within_its_repository(machine: Machine, kind: str, was: str) -> None:
    """Into a folder, say, when a second template joins it; its tags have a prefix from then on."""
    files = {**SMALL, "ownership.yml": "files: {}\n", "template/notes.md": LINES, "template/old.txt": LINES}
    template = several(machine, files) if was == "folder" else machine.template(files, tag="v1.0.0")

    def address() -> str:
        return remote(machine, template) if kind == "remote" else str(template)

    demo = following(machine, template, f"{address()}{WITHIN if was == 'folder' else ''}")
    demo.edit({"notes.md": with_line(1, "mine"), "old.txt": with_line(1, "mine")})
    before = "templates/ml/" if was == "folder" else ""
    (template / "new").mkdir()
    for name in ("copier.yml", "ownership.yml", "template"):
        machine.git("mv", f"{before}{name}", f"new/{name}", cwd=template)
    machine.git("mv", "new/template/old.txt", "new/template/other.txt", cwd=template)
    machine.template({"new/template/notes.md": with_line(9, "theirs")}, tag="new-2.0.0")
    spec = f"{address()}#subdir=new&tag-prefix=new-"

    demo.updated("--template", spec)
    demo.commit()

    assert (demo.version, read_lock(demo.project).template) == ("new-2.0.0", spec)
    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert (demo.has("old.txt"), demo.text("other.txt")) == (False, with_line(1, "mine"))
    assert machine.run("check", demo.project, "--strict", "--require-latest").code == 0
    assert "Nothing to do" in demo.update().out


def test_the_tasks_of_an_update_that_waited_know_where_it_was(machine: Machine) -> None:
    template = several(machine, {"template/notes.md": LINES})
    demo = following(machine, template, f"{template}{WITHIN}")
    demo.edit({"notes.md": with_line(1, "mine")})
    machine.git("mv", "templates/ml", "new", cwd=template)
    tasks = "_migrations:\n  - version: 2.0.0\n    command: touch migrated\n"
    machine.template(
        {"new/copier.yml": SMALL["copier.yml"] + tasks, "new/template/notes.md": with_line(1, "theirs")}, tag="ml-2.0.0"
    )
    assert demo.update("--template", f"{template}#subdir=new&tag-prefix=ml-", "--trust").code == 3
    demo.git("checkout", "--theirs", "notes.md")
    demo.git("add", "notes.md")

    assert demo.update("--continue", "--trust").code == 0
    assert demo.has("migrated")


def test_a_tag_that_was_moved_is_named_where_the_template_moves_too(machine: Machine) -> None:
    template = several(machine)
    demo = following(machine, template, f"{template}{WITHIN}")
    several(machine, {"template/hello.txt.jinja": "evil\n"}, tag="")
    machine.git("tag", "-f", "ml-1.0.0", cwd=template)
    machine.git("mv", "templates/ml", "new", cwd=template)
    machine.template({}, tag="ml-2.0.0")
    spec = f"{template}#subdir=new&tag-prefix=ml-"
    demo.refuses("the tag was moved", options=("--template", spec))

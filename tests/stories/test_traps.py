"""Code that a stranger's repository names in its configuration is run by no verb, wherever that repository lies.

Every place where git looks for configuration is filled with traps that leave a mark, and every verb is run there.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlscaffold.cli.command_line import VERBS

from .conftest import SMALL, Machine, write_files
from .traps import ATTRIBUTES, TRAPS, fired, plant, trapped_repository
from .updating import made

#: Every verb, with each option that makes it do something else. A verb that is not here makes a test fail.
LINES: dict[str, list[str]] = {
    "new": ["new FRESH --template TEMPLATE --defaults"],
    "check": [
        "check PROJECT",
        "check PROJECT --strict",
        "check PROJECT --rev HEAD",
        "check PROJECT --require-latest",
        "check PROJECT --fix",
    ],
    "diff": ["diff --project PROJECT"],
    "why": ["why hello.txt --project PROJECT"],
    "explain": ["explain MLS002"],
    "lock": ["lock PROJECT", "lock PROJECT --resolve"],
    "doctor": ["doctor PROJECT"],
    "versions": ["versions --template TEMPLATE"],
    "questions": ["questions --template TEMPLATE"],
    "waive": ["waive MLS003 --reason x --until TOMORROW --project PROJECT"],
    "eject": ["eject hello.txt --reason x --project PROJECT"],
    "update": ["update PROJECT --dry-run --to v2.0.0", "update PROJECT --to v2.0.0"],
    "set": ["set name=Ada --dry-run --project PROJECT", "set name=Ada --project PROJECT"],
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where somebody stands, with a project and its template, and traps somewhere around."""

    template: str
    project: Path
    #: A git command that runs into the traps, and where.
    bait: tuple[str, ...]
    bait_folder: Path
    #: Whether the verbs do their work there; if not, they refuse, or take the folder for one outside of git.
    works: bool = True


Builder = Callable[[Machine, Path], Place]


def _template(machine: Machine, name: str = "template") -> Path:
    attributes = {".gitattributes": "* filter=trap diff=trap merge=trap\n", "template/.gitattributes": ATTRIBUTES}
    machine.template({**SMALL, **attributes}, name=name)
    return machine.template({"template/hello.txt.jinja": "Hello, {{ name }}\n"}, tag="v2.0.0", name=name)


def _project(machine: Machine, template: str | Path) -> Path:
    return made(machine, template, "--ref", "v1.0.0").project


def _served(machine: Machine) -> Path:
    bare = machine.home.parent / "served.git"
    machine.git("clone", "-q", "--bare", _template(machine), bare)
    return bare


def embedded_bare(machine: Machine, marks: Path) -> Place:
    """A clone holds a bare repository in a sub-folder, and somebody works in there."""
    template = _template(machine)
    source = _project(machine, template)
    bare = source / "vendor" / "lib"
    shutil.copytree(source, bare, ignore=shutil.ignore_patterns(".git", "vendor"))
    write_files(bare, {"HEAD": "ref: refs/heads/main\n", "objects/x": "", "refs/x": "", "config": ""})
    plant(bare / "config", marks)
    (bare / "config").write_text((bare / "config").read_text() + "[core]\n\tbare = false\n\tworktree = .\n")
    machine.git("add", "-A", ".", cwd=source)
    machine.git("commit", "-qm", "Add a library", cwd=source)
    machine.git("clone", "-q", source, "clone")
    inside = machine.work / "clone" / "vendor" / "lib"
    return Place(template=str(template), project=inside, bait=("status",), bait_folder=inside, works=False)


def current_folder(machine: Machine, marks: Path) -> Place:
    """Somebody stands in a repository with traps, and asks about others."""
    template = f"file://{_served(machine)}"
    project = _project(machine, template)
    here = trapped_repository(machine.home.parent / "here", marks)
    return Place(template=template, project=project, bait=("ls-remote", template), bait_folder=here)


def work_tree(machine: Machine, marks: Path) -> Place:
    """The template is an unpacked archive, its `.git` included."""
    template = _template(machine)
    project = _project(machine, template)
    plant(template / ".git" / "config", marks)
    # Not edited; but git has to look.
    (template / "copier.yml").touch()
    return Place(template=str(template), project=project, bait=("status",), bait_folder=template)


def edited_work_tree(machine: Machine, marks: Path) -> Place:
    """The same, with a change that is not committed."""
    place = work_tree(machine, marks)
    write_files(Path(place.template), {"template/.gitattributes": ATTRIBUTES, "template/more.txt": "more\n"})
    return place


def plain_folder(machine: Machine, marks: Path) -> Place:
    """A template that is no repository, and would be one by `git init`."""
    template = _template(machine)
    project = _project(machine, template)
    other = machine.home.parent / "other"
    shutil.copytree(template, other, ignore=shutil.ignore_patterns("HEAD", "objects", "refs"))
    # These would stop `git init` itself.
    plant(other / ".git" / "config", marks, [name for name in TRAPS if name not in {"hooks", "promise"}])
    alive = shutil.copytree(other, machine.home.parent / "alive")
    machine.git("init", "-q", alive)
    return Place(template=str(other), project=project, bait=("add", "-A"), bait_folder=alive)


def linked_work_tree(machine: Machine, marks: Path) -> Place:
    """The template's `.git` is a file."""
    template = _template(machine)
    machine.git("worktree", "add", "-q", "-b", "side", machine.home.parent / "linked", cwd=template)
    linked = machine.home.parent / "linked"
    project = _project(machine, linked)
    plant(template / ".git" / "config", marks)
    (linked / "copier.yml").touch()
    return Place(template=str(linked), project=project, bait=("status",), bait_folder=linked)


def bare_template(machine: Machine, marks: Path) -> Place:
    """The template is a bare repository."""
    bare = _served(machine)
    project = _project(machine, bare)
    plant(bare / "config", marks)
    return Place(template=str(bare), project=project, bait=("trap",), bait_folder=bare)


def served_template(machine: Machine, marks: Path) -> Place:
    """The same, by its URL."""
    bare = _served(machine)
    project = _project(machine, f"file://{bare}")
    plant(bare / "config", marks)
    return Place(template=f"file://{bare}", project=project, bait=("trap",), bait_folder=bare)


def submodule(machine: Machine, marks: Path) -> Place:
    """A submodule in the template's work tree has a configuration, too."""
    library = machine.template({"template/a.txt": "a\n"}, name="library")
    template = _template(machine)
    always = ("-c", "protocol.file.allow=always")
    machine.git(*always, "submodule", "--quiet", "add", str(library), "template/lib", cwd=template)
    # So that it is not needed to lay the template out: only its own copy in the work tree is of interest.
    write_files(template, {"ownership.yml": "files: {}\n", "template/lib/a.txt": "edited\n"})
    machine.git("add", "-A", ".", cwd=template)
    machine.git("commit", "-qm", "Add a library", cwd=template)
    machine.git("tag", "v1.5.0", cwd=template)
    project = _project(machine, template)
    plant(template / ".git" / "modules" / "template" / "lib" / "config", marks)
    lib = template / "template" / "lib"
    return Place(template=str(template), project=project, bait=("status",), bait_folder=lib)


def mirror(machine: Machine, marks: Path) -> Place:
    """Somebody else could write to the mirror in a shared cache."""
    template = f"file://{_served(machine)}"
    project = _project(machine, template)
    (kept,) = (machine.home / ".cache" / "mlscaffold" / "templates").glob("*.git")
    plant(kept / "config", marks)
    kept.chmod(0o777)
    return Place(template=template, project=project, bait=("trap",), bait_folder=kept)


def temporary_folder(machine: Machine, marks: Path) -> Place:
    """Scratch folders lie in a repository with traps."""
    template = f"file://{_served(machine)}"
    project = _project(machine, template)
    machine.scratch.rmdir()
    trapped_repository(machine.scratch, marks)
    return Place(template=template, project=project, bait=("status",), bait_folder=machine.scratch)


def cache_folder(machine: Machine, marks: Path) -> Place:
    """The cache lies in a repository with traps, as in a pipeline."""
    around = trapped_repository(machine.home.parent / "around", marks)
    (around / ".cache").mkdir(mode=0o700)
    (machine.home / ".cache").symlink_to(around / ".cache")
    template = f"file://{_served(machine)}"
    project = _project(machine, template)
    fired(marks)
    return Place(template=template, project=project, bait=("status",), bait_folder=around / ".cache")


PLACES: tuple[Builder, ...] = (
    *(embedded_bare, current_folder, work_tree, edited_work_tree, plain_folder, linked_work_tree),
    *(bare_template, served_template, submodule, mirror, temporary_folder, cache_folder),
)


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


def test_every_verb_has_its_lines() -> None:
    assert set(LINES) == set(VERBS)
    for verb, lines in LINES.items():
        assert all(line.split()[0] == verb for line in lines)


@pytest.mark.parametrize("name", TRAPS)
def test_each_trap_is_alive(machine: Machine, marks: Path, name: str) -> None:
    """Otherwise nothing below would prove anything."""
    repository = trapped_repository(machine.work / "repository", marks, [name])
    trap = TRAPS[name]
    subprocess.run(["git", *trap.shown_by], cwd=repository, input=trap.stdin.encode(), capture_output=True, check=False)
    assert fired(marks) == {name}


@pytest.mark.parametrize("build", PLACES, ids=lambda build: build.__name__)
def test_no_verb_runs_into_a_trap(
    machine: Machine, marks: Path, build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = build(machine, marks)
    monkeypatch.chdir(place.bait_folder if build in {embedded_bare, current_folder} else machine.work)
    fired(marks)
    for number, line in enumerate(line for lines in LINES.values() for line in lines):
        words = {
            "TEMPLATE": place.template,
            "PROJECT": str(place.project),
            "FRESH": str(machine.work / f"p{number}"),
            "TOMORROW": str(datetime.now(UTC).date() + timedelta(days=1)),
        }
        done = machine.run(*(words.get(word, word) for word in line.split()))
        assert fired(marks) == set(), line
        assert done.code in ({0, 1, 5} if place.works else {0, 1, 2, 5}), (line, done)
        if place.works:
            # Each verb finds a project that is as committed.
            machine.git("reset", "-q", "--hard", cwd=place.project)
            machine.git("clean", "-qfd", cwd=place.project)
    subprocess.run(["git", *place.bait], cwd=place.bait_folder, capture_output=True, check=False)
    assert fired(marks), "the traps were not where git looks"

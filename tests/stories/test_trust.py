"""Trust is given to an address, a folder or one tree, and judged for the template that a command really uses."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest

from .conftest import SMALL, Machine
from .updating import follow, made

RUNS = SMALL["copier.yml"] + "_tasks: ['echo run >> ran']\n"
ADDRESS = "https://git.example.com/team/template"


@pytest.fixture
def trust(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The person's settings; `write_text` sets what is trusted."""
    settings = machine.home / "settings.yml"
    settings.write_text("trust: []\n")
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(settings))
    return settings


def at_address(machine: Machine, template: Path, address: str = ADDRESS) -> None:
    """Let git find a template at an address."""
    configuration = machine.home / ".gitconfig"
    configuration.write_text(configuration.read_text() + f'[url "{template}"]\n\tinsteadOf = {address}\n')


def tree_of(machine: Machine, template: Path, tag: str) -> str:
    return machine.git("rev-parse", f"{tag}^{{tree}}", cwd=template).strip()


def test_trust_of_the_old_address_does_not_cover_the_new_one(machine: Machine, trust: Path) -> None:
    demo = follow(machine)
    other = machine.home / "elsewhere"
    machine.git("clone", "-q", demo.template, other)
    (other / "copier.yml").write_text(RUNS)
    machine.git("-c", "user.name=T", "-c", "user.email=t@x", "commit", "-qam", "Run", cwd=other)
    machine.git("tag", "v2.0.0", cwd=other)
    trust.write_text(f"trust: ['{demo.template}']\n")
    demo.refuses("echo run", str(other), options=("--template", str(other)), code=4)
    assert not demo.has("ran")
    trust.write_text(f"trust: ['{other}']\n")
    demo.updated("--template", other)
    assert demo.text("ran") == "run\n"


def test_an_address_is_trusted_however_the_project_records_it(machine: Machine, trust: Path) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    at_address(machine, template)
    trust.write_text("trust: ['https://Git.Example.com:443/team/']\n")
    demo = made(machine, ADDRESS)
    assert f"git+{ADDRESS}" in demo.text(".copier-answers.yml")
    demo.commit()
    machine.template({"RELEASE": "2", "template/more.txt": "x\n"}, tag="v2.0.0")
    demo.updated()
    assert demo.text("ran") == "run\nrun\n"


def test_user_and_host_of_ssh_are_the_address(machine: Machine, trust: Path) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    trust.write_text("trust: ['git@git.example.com:team/template']\n")
    at_address(machine, template, "ssh://git@git.example.com/team/template")
    at_address(machine, template, "ssh://mallory@git.example.com/team/template")
    assert machine.run("new", "demo", "--template", "ssh://git@git.example.com/team/template", "--defaults").code == 0
    assert "ssh://git@git.example.com/team/template" in Path("demo/.copier-answers.yml").read_text()
    done = machine.run("new", "other", "--template", "ssh://mallory@git.example.com/team/template", "--defaults")
    done.refused("echo run", code=4)


@pytest.mark.parametrize("odd", ["?@", "#@", "\\@"])
def test_an_address_that_names_two_hosts_is_refused(machine: Machine, trust: Path, odd: str) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    address = f"https://evil.example.org{odd}git.example.com/team/template"
    at_address(machine, template, address.replace("\\", "\\\\").replace("#", "\\#") if odd != "#@" else address)
    trust.write_text("trust: ['https://git.example.com/']\n")
    machine.run("new", "demo", "--template", address, "--defaults").refused("no address of a kind that is read")
    machine.nothing_was_left()


def test_the_environment_and_the_settings_choose_a_template_and_trust_it_no_more(
    machine: Machine, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    good = machine.template({**SMALL, "copier.yml": RUNS}, name="good")
    trust.write_text(f"template: {good}\ntrust: ['{good}']\n")
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(template))
    machine.run("new", "demo", "--defaults").refused(str(template), code=4)
    machine.run("questions").refused(str(template), code=4)
    monkeypatch.delenv("MLSCAFFOLD_TEMPLATE")
    assert machine.run("new", "demo", "--defaults").code == 0
    assert machine.run("questions").code == 0


def test_trust_in_a_tree_is_trust_in_one_version(machine: Machine, trust: Path) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    first = tree_of(machine, template, "v1.0.0")
    machine.run("new", "demo", "--template", template, "--defaults").refused(f"tree:{first}", code=4)
    trust.write_text(f"trust: ['tree:{first}']\n")
    demo = made(machine, template)
    assert f"tree      {first}" in machine.run("lock", demo.project).out
    demo.commit()
    demo.release("v2.0.0", {"more.txt": "x\n"})
    demo.refuses("echo run", code=4)
    second = tree_of(machine, template, "v2.0.0")
    trust.write_text(f"trust: ['tree:{second}']\n")
    demo.refuses("echo run", code=4)
    trust.write_text(f"trust: ['tree:{first}', 'tree:{second}']\n")
    demo.updated()
    assert demo.text("ran") == "run\nrun\n"


def test_a_tree_whose_files_are_not_what_its_id_says_is_not_trusted(machine: Machine, trust: Path) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    trust.write_text(f"trust: ['tree:{tree_of(machine, template, 'v1.0.0')}']\n")
    blob = machine.git("rev-parse", "v1.0.0:copier.yml", cwd=template).strip()
    forged = RUNS.replace("echo run", "echo bad").encode()
    place = template / ".git" / "objects" / blob[:2] / blob[2:]
    place.chmod(0o644)
    place.write_bytes(zlib.compress(b"blob %d\0" % len(forged) + forged))
    machine.git("update-index", "--assume-unchanged", "copier.yml", cwd=template)
    done = machine.run("new", "demo", "--template", template, "--defaults", "--ref", "v1.0.0")
    assert done.code == 4, done
    assert "echo bad" in done.err
    machine.nothing_was_left()


def test_an_uncommitted_state_is_no_tree(machine: Machine, trust: Path) -> None:
    template = machine.template({**SMALL, "copier.yml": RUNS})
    trust.write_text(f"trust: ['tree:{tree_of(machine, template, 'v1.0.0')}']\n")
    (template / "template" / "more.txt").write_text("x\n")
    machine.run("new", "demo", "--template", template, "--defaults").refused("echo run", code=4)


def test_continue_judges_the_versions_that_it_runs(machine: Machine, trust: Path) -> None:
    demo = follow(machine, {"notes.txt": "one\n"})
    demo.edit({"notes.txt": "mine\n"})
    demo.release("v2.0.0", {"copier.yml": RUNS, "notes.txt": "two\n"})
    assert demo.update("--trust").code == 3
    (demo.project / "notes.txt").write_text("both\n")
    demo.git("add", "notes.txt")
    for entries in ([], ["/elsewhere/"], [f"tree:{tree_of(machine, demo.template, 'v2.0.0')}"]):
        trust.write_text(f"trust: {entries}\n")
        demo.update("--continue").refused("echo run", code=4)
        assert not demo.has("ran")
    trust.write_text(f"trust: ['{demo.template}']\n")
    demo.updated("--continue")
    assert demo.text("ran") == "run\n"


def test_resolving_a_lock_runs_nothing_without_trust(machine: Machine, trust: Path) -> None:
    demo = follow(machine, {"a.txt.jinja": "{{ name }}\n"})
    demo.release("v2.0.0", {"copier.yml": RUNS, "new.txt": "x\n"})
    demo.git("checkout", "-q", "-b", "other")
    demo.updated("--trust")
    (demo.project / "ran").unlink()
    demo.commit()
    demo.git("checkout", "-q", "main")
    assert demo.set("name=Moon").code == 0
    demo.commit()
    with pytest.raises(subprocess.CalledProcessError):
        demo.git("merge", "-q", "other")
    for path in demo.git("diff", "--name-only", "--diff-filter=U").split():
        if not path.startswith("."):
            demo.git("checkout", "--ours", "--", path)
            demo.git("add", path)
    done = machine.run("lock", demo.project, "--resolve")
    done.refused("echo run", code=4)
    assert not demo.has("ran")
    trust.write_text(f"trust: ['{demo.template}']\n")
    assert machine.run("lock", demo.project, "--resolve").code == 0
    assert demo.text("ran") == "run\n"


def test_commands_of_derived_files_run_in_a_check_only_where_that_is_said_of_the_project(
    machine: Machine, trust: Path
) -> None:
    """What they run lies in the project: trust in its template is none in whoever committed there."""
    demo = follow(
        machine, {"ownership.yml": "files:\n  made.txt: {derived: sh make.sh}\n", "make.sh": ":\n"}, "--trust"
    )
    mark = machine.work / "ran"
    demo.edit({"make.sh": f"touch {mark}\n"})
    trust.write_text(f"trust: ['{demo.template.parent}/']\n")
    assert "Derived files are not compared" in machine.run("check", demo.project, "--strict").out
    assert not mark.exists()
    assert "MLS017" not in machine.run("check", demo.project, "--strict", "--trust").out
    assert mark.exists()


def test_doctor_lists_what_is_trusted(machine: Machine, trust: Path) -> None:
    demo = follow(machine)
    assert "need --trust" in machine.run("doctor", demo.project).out
    trust.write_text("trust: ['https://git.example.com/team/']\n")
    said = machine.run("doctor", demo.project).out
    assert f"trusted: https://git.example.com/team/ (by {trust})" in said
    assert "this project's template is not trusted" in said
    trust.write_text(f"trust: ['tree:{tree_of(machine, demo.template, 'v1.0.0')}']\n")
    assert "this project's template is trusted" in machine.run("doctor", demo.project).out
    trust.write_text("trust: ['https://git.example.com']\n")
    done = machine.run("doctor", demo.project)
    assert done.code == 1
    assert "write https://git.example.com/" in done.out

"""`diff`, `why`, `doctor` and `lock`: looking at a project through its template."""

from __future__ import annotations

import subprocess

from .conftest import SMALL, Machine
from .updating import LINES, follow, made, with_line

OWNED = {"ownership.yml": "files:\n  'ci/**': owned\n  keep.txt: seeded\n"}


def test_diff_shows_edits_by_ownership(machine: Machine) -> None:
    demo = follow(machine, {"ci/a.sh": "one\n", "b.txt": LINES, "c.txt": "c\n", "d.txt": "d\n", "e.bin": b"\0"})
    demo.edit({"b.txt": with_line(5, "mine"), "e.bin": b"\1\0"}, gone=("c.txt",))
    (demo.project / "d.txt").chmod(0o755)
    done = machine.run("diff", "--project", demo.project)
    assert done.code == 0
    assert "deleted  merged  c.txt" in done.out
    assert "mode     merged  d.txt" in done.out
    assert "-line 5\n+mine\n" in done.out
    assert "binary content differs" in done.out
    assert "ci/a.sh" not in done.out


def test_diff_of_some_paths(machine: Machine) -> None:
    demo = follow(machine, {"a/x.txt": "x\n", "b.txt": "b\n"})
    assert "No edits" in machine.run("diff", "--project", demo.project).out
    demo.edit({"a/x.txt": "y\n", "b.txt": "c\n"})
    done = machine.run("diff", "a/", "--name-only", "--project", demo.project)
    assert "a/x.txt" in done.out
    assert "b.txt" not in done.out
    assert "a/x.txt" in machine.run("diff", "./a/x.txt", "--project", demo.project).out
    machine.run("diff", "own.txt", "--project", demo.project).refused("not from the template")


def test_diff_outside_of_git(machine: Machine) -> None:
    machine.run("new", "demo", "--template", machine.template(), "--defaults", "--no-git")
    (machine.work / "demo" / "hello.txt").write_text("Hi\n")
    assert "+Hi" in machine.run("diff", "--project", "demo").out


def test_why_tells_where_a_file_comes_from(machine: Machine) -> None:
    template = machine.template({**SMALL, **OWNED, "template/ci/a.sh": "a\n", "template/keep.txt": "k\n"})
    demo = made(machine, template)
    demo.release(files={"ci/a.sh": "b\n"})
    demo.updated()
    demo.commit()
    said = machine.run("why", "ci/a.sh", "--project", demo.project).out
    assert "template/ci/a.sh" in said
    assert "last changed in  v2.0.0" in said
    assert "owned" in said
    assert "as rendered" in said
    demo.edit({"ci/a.sh": "mine\n"})
    machine.run("eject", "ci/a.sh", "--reason", "GPU", "--project", demo.project)
    said = machine.run("why", "ci/a.sh", "--project", demo.project).out
    assert "edited (see: mlscaffold diff ci/a.sh)" in said
    assert "GPU" in said
    assert "v1.0.0" in machine.run("why", "hello.txt", "--project", demo.project).out
    (demo.project / "keep.txt").unlink()
    assert "deleted" in machine.run("why", "keep.txt", "--project", demo.project).out
    assert "all of it is yours" in machine.run("why", "own.txt", "--project", demo.project).out
    assert "written by mlscaffold" in machine.run("why", ".mlscaffold.lock", "--project", demo.project).out
    demo.template.rename(machine.home / "elsewhere")
    assert "cannot be read here" in machine.run("why", "hello.txt", "--project", demo.project).out


def test_doctor_of_a_healthy_project(machine: Machine) -> None:
    demo = follow(machine, {})
    done = machine.run("doctor", demo.project)
    assert done.code == 0, done
    for subject in ("git:", "git identity: Ada", "Python:", "cache:", "lock:", "template: can be read"):
        assert subject in done.out


def test_doctor_says_what_to_do(machine: Machine) -> None:
    demo = follow(machine, {".pre-commit-config.yaml": "repos: []\n", "x.txt": LINES})
    demo.release(files={"x.txt": with_line(5, "theirs")})
    demo.edit({"x.txt": with_line(5, "mine")})
    said = machine.run("doctor", demo.project).out
    assert "v2.0.0 is out" in said
    assert "pre-commit install" in said
    assert demo.update().code == 3
    machine.configure("")
    (demo.project / ".mlscaffold.toml").write_text("[[waive]]\n")
    done = machine.run("doctor", demo.project)
    assert done.code == 1
    for cure in ("git config --global user.name", "mlscaffold update --status", ".mlscaffold.toml"):
        assert cure in done.out
    demo.template.rename(machine.home / "elsewhere")
    assert "template:" in machine.run("doctor", demo.project).out


def test_doctor_where_no_project_is(machine: Machine) -> None:
    """That is no problem: it looks at the machine."""
    done = machine.run("doctor")
    assert (done.code, done.err) == (0, "")
    assert f"no project is in {machine.work}" in done.out
    assert machine.run("doctor", "nowhere").code == 1


def test_doctor_of_a_project_that_lost_its_lock_or_its_git(machine: Machine) -> None:
    demo = follow(machine, {})
    answers = demo.project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("World", "Moon"))
    assert "moved without it" in machine.run("doctor", demo.project).out
    (demo.project / ".mlscaffold.lock").unlink()
    subprocess.run(["rm", "-rf", str(demo.project / ".git")], check=True)
    done = machine.run("doctor", demo.project)
    assert "made by plain Copier" in done.out
    assert "is not in a git repository" in done.out


def test_lock_shows_what_it_records(machine: Machine) -> None:
    demo = follow(machine, {})
    done = machine.run("lock", demo.project)
    assert "version   v1.0.0" in done.out
    assert "The lock fits" in machine.run("lock", "--resolve", demo.project).out
    machine.run("lock", "--dry-run", demo.project).refused("belong to --resolve")


def test_every_verb_takes_a_project_without_a_lock(machine: Machine) -> None:
    demo = follow(machine, {"a.txt": "a\n"})
    demo.edit(gone=(".mlscaffold.lock",))
    for verb in (("check", demo.project), ("diff", "--project", demo.project), ("update", demo.project, "--dry-run")):
        done = machine.run(*verb)
        assert done.code == 0, done
        assert "derived from .copier-answers.yml" in done.err
    assert "merged" in machine.run("why", "a.txt", "--project", demo.project).out
    done = machine.run("lock", "--resolve", demo.project)
    assert "the project had no lock" in done.out
    demo.commit()
    assert machine.run("check", demo.project).code == 0


def test_what_a_sparse_checkout_leaves_out_is_no_edit(machine: Machine) -> None:
    demo = follow(machine, {"one.txt": "1\n", "two.txt": "2\n"})
    demo.edit({"two.txt": "mine\n"})
    demo.git("sparse-checkout", "set", "--no-cone", "/*", "!one.txt", "!two.txt")
    assert not demo.has("one.txt")
    said = machine.run("diff", "--project", demo.project).out
    assert "one.txt" not in said
    assert "edited   merged  two.txt" in said
    assert "+mine" in said
    assert "as rendered" in machine.run("why", "one.txt", "--project", demo.project).out
    assert "edited" in machine.run("why", "two.txt", "--project", demo.project).out


def test_while_an_update_waits_what_it_brought_is_no_edit(machine: Machine) -> None:
    demo = follow(machine, {"ownership.yml": "files: {owned.txt: owned}\n", "owned.txt": "1\n", "notes.md": LINES})
    demo.edit({"notes.md": with_line(5, "mine")})
    demo.release(files={"owned.txt": "2\n", "notes.md": with_line(5, "theirs")})
    assert demo.update().code == 3
    said = machine.run("diff", "--project", demo.project).out
    assert "owned.txt" not in said
    assert "+<<<<<<<" in said
    said = machine.run("why", "owned.txt", "--project", demo.project).out
    assert "v2.0.0" in said
    assert "as rendered" in said
    assert demo.update("--abort").code == 0
    assert "v1.0.0" in machine.run("why", "owned.txt", "--project", demo.project).out


def test_a_lock_of_other_object_ids_is_written_anew_for_that_reason(machine: Machine) -> None:
    demo = follow(machine, {"ownership.yml": "files: {owned.txt: owned}\n", "owned.txt": "1\n"})
    subprocess.run(["rm", "-rf", str(demo.project / ".git")], check=True)
    demo.git("init", "-q", "--object-format=sha256")
    demo.commit()
    assert "another kind of object ids" in machine.run("check", demo.project).out
    done = machine.run("lock", "--resolve", demo.project)
    assert "(it recorded what its version does not render here)" in done.out
    demo.commit()
    assert "another kind" not in machine.run("check", demo.project).out

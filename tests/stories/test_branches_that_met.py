"""`mlscaffold lock --resolve` in a merge of two branches that moved the template or the answers apart."""

from __future__ import annotations

import subprocess

import pytest

from mlscaffold.project.lock import read_lock

from .conftest import SMALL, Machine
from .updating import LINES, Followed, follow, made, with_line

OWNED = {"ownership.yml": "files:\n  'ci/**': owned\n  keep.txt: seeded\n"}


def merge(demo: Followed, branch: str) -> None:
    """Merge a branch, conflicts and all."""
    subprocess.run(["git", "merge", "-q", branch], cwd=demo.project, check=False, capture_output=True)


def test_branches_that_met_are_resolved_together(machine: Machine) -> None:
    files = {"ownership.yml": OWNED["ownership.yml"], "template/ci/a.sh.jinja": "# {{ name }}\none\n"}
    demo = made(machine, machine.template({**SMALL, **files, "template/b.txt": LINES}))
    demo.release(files={"ci/a.sh.jinja": "# {{ name }}\ntwo\n", "new.txt.jinja": "{{ name }}\n"})
    demo.git("checkout", "-qb", "answers")
    assert demo.set("name=Moon").code == 0
    demo.commit()
    demo.git("checkout", "-q", "main")
    demo.updated()
    demo.commit()
    merge(demo, "answers")
    dry = machine.run("lock", "--resolve", "--dry-run", demo.project)
    assert (dry.code, "new.txt" in dry.out) == (0, True)
    done = machine.run("lock", "--resolve", demo.project)
    assert done.code == 0, done
    demo.commit()
    assert (demo.project / "ci" / "a.sh").read_text() == "# Moon\ntwo\n"
    assert (demo.project / "new.txt").read_text() == "Moon\n"
    assert machine.run("check", "--strict", demo.project).code == 0


def test_branches_that_answered_differently_need_a_decision(machine: Machine) -> None:
    demo = follow(machine, {})
    for branch in ("moon", "mars"):
        demo.git("checkout", "-qb", branch, "main")
        assert demo.set(f"name={branch}").code == 0
        demo.commit()
    merge(demo, "moon")
    machine.run("lock", "--resolve", demo.project).refused("answered differently: name", "--set NAME=VALUE")
    machine.run("lock", "--resolve", demo.project, "--set", "name=mars").refused("not resolved: hello.txt")
    demo.git("checkout", "-q", "--ours", "hello.txt")
    demo.git("add", "hello.txt")
    (demo.project / "hello.txt").write_text("loose\n")
    machine.run("lock", "--resolve", demo.project, "--set", "name=mars").refused("not staged: hello.txt")
    demo.git("checkout", "-q", "--", "hello.txt")
    assert machine.run("lock", "--resolve", demo.project, "--set", "name=mars").code == 0
    demo.commit()
    assert (demo.project / "hello.txt").read_text() == "Hello mars\n"
    assert machine.run("check", demo.project).code == 0


@pytest.mark.parametrize("ahead", ["ours", "theirs"])
def test_what_the_template_owns_holds_no_markers_when_branches_met(machine: Machine, ahead: str) -> None:
    """Whichever side has the newer version: `git commit` alone finishes the merge."""
    files = {"ci/a.sh": "one\n", "ci/gone.sh": LINES, "ci/two.sh": "two\n"}
    demo = made(machine, machine.template({**SMALL, **OWNED, **{f"template/{path}": files[path] for path in files}}))
    demo.release("v2.0.0", {"ci/a.sh": "two\n", "ci/gone.sh": with_line(1, "two"), "ci/new.sh": "2\n"})
    demo.release("v3.0.0", {"ci/a.sh": "three\n"}, gone=("ci/gone.sh", "ci/new.sh"))
    for branch, version in (("second", "v2.0.0"), ("third", "v3.0.0")):
        demo.git("checkout", "-qb", branch, "main")
        demo.updated("--to", version)
        demo.commit()
    here, other = ("third", "second") if ahead == "ours" else ("second", "third")
    demo.git("checkout", "-q", here)
    merge(demo, other)

    done = machine.run("lock", "--resolve", demo.project)
    assert done.code == 0, done
    demo.git("commit", "-qm", "Merged")

    assert demo.git("status", "--porcelain") == ""
    assert (demo.text("ci/a.sh"), demo.has("ci/gone.sh"), demo.has("ci/new.sh")) == ("three\n", False, False)
    assert machine.run("check", "--strict", demo.project).code == 0


def test_what_lies_in_an_owned_folder_and_is_not_the_templates_waits_for_a_person(machine: Machine) -> None:
    demo = made(machine, machine.template({**SMALL, **OWNED, "template/ci/a.sh": "one\n"}))
    demo.release(files={"ci/a.sh": "two\n"})
    for branch in ("moon", "mars"):
        demo.git("checkout", "-qb", branch, "main")
        (demo.project / "ci/own.sh").write_text(f"{branch}\n")
        assert (demo.update() if branch == "mars" else demo.set("name=Moon")).code == 0
        demo.commit()
    merge(demo, "moon")
    machine.run("lock", "--resolve", demo.project).refused("not resolved: ci/own.sh")


def test_a_lock_of_one_side_leaves_the_other_conflicts_to_a_person(machine: Machine) -> None:
    demo = made(machine, machine.template({**SMALL, "template/b.txt": LINES}))
    demo.release(files={"b.txt": with_line(9, "theirs")})
    for branch in ("moon", "mars"):
        demo.git("checkout", "-qb", branch, "main")
        assert (demo.update() if branch == "mars" else demo.set("name=Moon")).code == 0
        demo.edit({"b.txt": with_line(1, branch)})
    merge(demo, "moon")
    demo.git("checkout", "--ours", ".mlscaffold.lock", ".copier-answers.yml")
    demo.git("add", ".mlscaffold.lock", ".copier-answers.yml")
    (demo.project / ".copier-answers.yml").write_text(demo.text(".copier-answers.yml").replace("World", "Sun"))

    done = machine.run("lock", "--resolve", demo.project)

    assert done.code == 0, done
    assert "UU b.txt" in demo.git("status", "--porcelain")


@pytest.mark.parametrize("mover", ["ours", "theirs"])
def test_a_channel_and_an_address_are_kept_whichever_branch_has_them(machine: Machine, mover: str) -> None:
    demo = follow(machine, {"a.txt": "one\n"})
    demo.release(files={"a.txt": "two\n"})
    moved = machine.home.parent / "moved"
    demo.git("checkout", "-qb", "newer")
    demo.updated()
    demo.commit()
    demo.git("checkout", "-qb", "mover", "main")
    demo.template.rename(moved)
    demo.updated("--template", moved, "--channel", "prereleases", "--to", "v1.0.0")
    demo.commit()
    here, other = ("mover", "newer") if mover == "ours" else ("newer", "mover")
    demo.git("checkout", "-q", here)
    merge(demo, other)

    done = machine.run("lock", "--resolve", demo.project)

    assert done.code == 0, done
    demo.git("commit", "-qm", "Merged")
    lock = read_lock(demo.project)
    assert (lock.version, lock.template, str(lock.channel)) == ("v2.0.0", str(moved), "prereleases")
    assert machine.run("check", "--strict", demo.project).code == 0


def test_of_two_channels_ours_counts_and_that_is_said(machine: Machine) -> None:
    demo = follow(machine, {"a.txt": "one\n"})
    for branch, channel in (("theirs", "prereleases"), ("ours", "branch:main")):
        demo.git("checkout", "-qb", branch, "main")
        demo.updated("--channel", channel, "--to", "v1.0.0")
        demo.commit()
    merge(demo, "theirs")

    done = machine.run("lock", "--resolve", demo.project)

    assert done.code == 0, done
    assert "of two values of `channel` yours counts: branch:main, not prereleases" in " ".join(done.out.split())
    assert str(read_lock(demo.project).channel) == "branch:main"

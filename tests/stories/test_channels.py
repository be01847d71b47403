"""What a project follows: releases, pre-releases or a branch; and what is never a step back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.project.lock import LOCK_FILE, dump_lock, parse_lock, read_lock
from mlscaffold.template.newer import Relation, standing
from mlscaffold.template.source import find_source

from .conftest import SMALL, Machine
from .updating import Followed, made


def remote(machine: Machine, template: Path) -> str:
    """A copy of a template that is reached by URL; once it is there, it gets what is new."""
    bare = machine.home.parent / "remote.git"
    if not bare.exists():
        machine.git("clone", "-q", "--bare", template, bare)
    machine.git("push", "-q", "--force", "--tags", bare, "+refs/heads/*:refs/heads/*", cwd=template)
    return f"file://{bare}"


def state(machine: Machine, text: str, tag: str = "") -> Path:
    """Another state of the template, released or not."""
    return machine.template({**SMALL, "template/which.txt": f"{text}\n"}, tag=tag)


def commit(machine: Machine, template: Path, ref: str = "HEAD") -> str:
    return machine.git("rev-parse", f"{ref}^{{commit}}", cwd=template).strip()


def at(machine: Machine, template: Path, *options: str) -> Followed:
    """A project of the remote copy."""
    demo = made(machine, remote(machine, template), *options)
    return Followed(machine=machine, template=template, project=demo.project)


def test_a_commit_that_contains_the_newest_release_is_up_to_date(machine: Machine) -> None:
    state(machine, "one", "v1.0.0")
    state(machine, "two", "v2.0.0")
    demo = at(machine, state(machine, "three"), "--ref", "main")
    assert demo.version == commit(machine, demo.template)

    done = demo.update()

    assert (done.code, demo.text("which.txt")) == (0, "three\n")
    assert "contains v2.0.0" in done.err
    assert "Nothing to do" in done.out
    assert machine.run("check", demo.project, "--require-latest").code == 0
    assert "has nothing newer" in machine.run("doctor", demo.project).out
    demo.refuses("is older than", options=("--to", "v2.0.0"))
    remote(machine, state(machine, "four", "v3.0.0"))
    assert machine.run("check", demo.project, "--require-latest").code == 5
    assert "v3.0.0 is out" in machine.run("doctor", demo.project).out
    demo.updated()
    assert (demo.version, demo.text("which.txt")) == ("v3.0.0", "four\n")


def test_on_a_pre_release_the_next_one_counts_and_then_the_release(machine: Machine) -> None:
    state(machine, "one", "v1.0.0")
    demo = at(machine, state(machine, "rc1", "v2.0.0rc1"), "--ref", "v2.0.0rc1")
    assert "Nothing to do" in demo.update().out
    assert machine.run("check", demo.project, "--require-latest").code == 0
    for tag in ("v2.0.0rc2", "v2.0.0"):
        remote(machine, state(machine, tag, tag))
        assert machine.run("check", demo.project, "--require-latest").code == 5
        demo.updated()
        demo.commit()
        assert demo.version == tag
    # From there on only releases.
    remote(machine, state(machine, "rc3", "v3.0.0rc1"))
    assert "Nothing to do" in demo.update().out


def test_foreign_tags_are_no_versions(machine: Machine) -> None:
    template = state(machine, "one")
    machine.git("tag", "devel-1", cwd=template)
    machine.git("tag", "2024-backup", cwd=template)
    demo = at(machine, template)
    assert demo.version == commit(machine, template)
    assert "no version tags" in demo.update().err
    assert machine.run("versions", "--template", remote(machine, template)).out == ""
    remote(machine, state(machine, "two", "v1.0.0"))
    demo.updated()
    assert demo.version == "v1.0.0"


def test_a_tag_that_moves_is_recorded_as_the_release_that_it_is_at(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    machine.git("tag", "v1", cwd=template)
    for ref in ("main", "v1"):
        assert made(machine, remote(machine, template), "--ref", ref, name=ref).version == "v1.0.0"
    demo = Followed(machine=machine, template=template, project=machine.work / "v1")
    machine.git("tag", "-f", "v1", cwd=state(machine, "two", "v1.1.0"))
    remote(machine, template)
    assert machine.run("versions", "--template", remote(machine, template)).out == "v1.0.0\nv1.1.0\n"
    demo.updated()
    assert demo.version == "v1.1.0"


@pytest.mark.parametrize("form", ["described", "short", "digits"])
def test_what_earlier_versions_recorded_of_a_commit_is_found_by_it(machine: Machine, form: str) -> None:
    template = state(machine, "one", "v1.0.0")
    state(machine, "two")
    here = commit(machine, template)
    if form == "digits":
        for number in range(2000):
            machine.git("commit", "-q", "--amend", "-m", str(number), cwd=template)
            if commit(machine, template)[:4].isdigit():
                break
        here = commit(machine, template)
    recorded = {"described": f"v1.0.0-1-g{here[:7]}", "short": here[:7], "digits": here[:4]}[form]
    state(machine, "three", "v1.0.1")
    source = find_source(remote(machine, template))
    assert standing(source, recorded).relation is Relation.NEWER
    assert standing(source, recorded, to="v1.0.0").relation is Relation.CONTAINED
    assert standing(source, recorded, to=here).relation is Relation.SAME


def test_histories_that_parted_are_nobodys_way(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    machine.git("checkout", "-q", "-b", "side", cwd=template)
    state(machine, "side", "v1.1.0")
    machine.git("checkout", "-q", "main", cwd=template)
    demo = at(machine, state(machine, "main"), "--ref", "main")

    done = demo.update()

    assert (done.code, demo.text("which.txt")) == (0, "main\n")
    assert "were made apart from each other" in done.err
    assert machine.run("check", demo.project, "--require-latest").code == 0
    assert "--to v1.1.0" in machine.run("doctor", demo.project).out
    demo.updated("--to", "v1.1.0")
    assert demo.version == "v1.1.0"


def test_pre_releases_are_followed_by_who_wants_them(machine: Machine) -> None:
    state(machine, "one", "v1.0.0")
    template = state(machine, "rc", "v2.0.0rc1")
    demo = at(machine, template, "--channel", "prereleases")
    assert demo.version == "v2.0.0rc1"
    assert "\nchannel: prereleases\n" in demo.text(LOCK_FILE)
    remote(machine, state(machine, "final", "v2.0.0"))
    remote(machine, state(machine, "alpha", "v3.0.0a1"))
    assert machine.run("check", demo.project, "--require-latest").code == 5
    demo.updated()
    demo.commit()
    assert (demo.version, str(read_lock(demo.project).channel)) == ("v3.0.0a1", "prereleases")
    assert demo.set("name=Ada").code == 0
    demo.commit()
    assert str(read_lock(demo.project).channel) == "prereleases"
    assert machine.run("check", demo.project, "--strict").code == 0
    assert "The lock fits" in machine.run("lock", "--resolve", demo.project).out


def test_a_branch_is_followed_commit_by_commit_and_left_again(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    machine.git("checkout", "-q", "-b", "next", cwd=template)
    demo = at(machine, state(machine, "two"), "--channel", "branch:next")
    assert demo.version == commit(machine, template)
    assert "\nchannel: branch:next\n" in demo.text(LOCK_FILE)
    assert "Nothing to do" in demo.update().out
    remote(machine, state(machine, "three"))
    assert machine.run("check", demo.project, "--require-latest").code == 5
    said = machine.run("doctor", demo.project).out
    assert f"{commit(machine, template)[:10]} is out (followed: branch:next)" in said
    demo.updated()
    demo.commit()
    assert (demo.version, demo.text("which.txt")) == (commit(machine, template), "three\n")
    assert machine.run("check", demo.project, "--strict").code == 0
    # Back to releases: the next one that has all of it.
    done = demo.update("--channel", "releases")
    assert done.code == 0
    demo.commit()
    assert (str(read_lock(demo.project).channel), demo.version) == ("releases", commit(machine, template))
    assert "\nchannel: " not in demo.text(LOCK_FILE)
    remote(machine, state(machine, "four", "v2.0.0"))
    demo.updated()
    assert demo.version == "v2.0.0"


def test_a_branch_that_is_gone_is_named(machine: Machine) -> None:
    template = state(machine, "one")
    demo = at(machine, template, "--channel", "branch:main")
    machine.git("branch", "-m", "main", "trunk", cwd=template)
    machine.git(f"--git-dir={machine.home.parent / 'remote.git'}", "branch", "-m", "main", "trunk")
    demo.refuses("has no branch main", "--channel branch:NAME")
    assert machine.run("check", demo.project, "--require-latest").code == 2
    assert machine.run("doctor", demo.project).code == 1


def test_a_branch_that_never_was_is_named_for_new_projects_too(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--channel", "branch:nope", "--defaults")
    done.refused("has no branch nope", "--channel branch:NAME")


def test_what_is_no_channel_is_refused_before_anything_is_read(machine: Machine) -> None:
    machine.run("new", "demo", "--template", machine.template(), "--channel", "nightly").refused(
        "'nightly' is no channel"
    )
    machine.nothing_was_left()


def test_a_lock_without_a_channel_is_written_as_ever(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    text = demo.text(LOCK_FILE)
    assert "\nchannel: " not in text
    assert dump_lock(parse_lock(text)) == text


def test_a_lock_with_a_channel_that_is_none_is_refused(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    lock = read_lock(demo.project)
    object.__setattr__(lock, "channel", "branch:-x")
    demo.edit({LOCK_FILE: dump_lock(lock)})
    demo.refuses("is no channel")


def test_a_migration_counts_from_the_release_that_a_commit_contains(machine: Machine) -> None:
    migration = "_migrations:\n  - version: v2.0.0\n    command: touch migrated\n"
    state(machine, "one", "v1.0.0")
    demo = at(machine, state(machine, "two"), "--channel", "branch:main")
    machine.template({"copier.yml": SMALL["copier.yml"] + migration}, tag="v2.0.0")
    remote(machine, machine.template({"template/which.txt": "three\n"}, tag=""))
    demo.updated("--trust")
    assert (demo.has("migrated"), demo.text("which.txt")) == (True, "three\n")


def test_what_only_the_channel_changes_is_called_so(machine: Machine) -> None:
    demo = at(machine, state(machine, "one", "v1.0.0"))
    done = demo.update("--channel", "prereleases")
    assert "change of channel to prereleases" in done.out
    assert "change of answers" not in done.out


def test_a_commit_that_a_branch_lost_is_named(machine: Machine) -> None:
    template = state(machine, "one", "v1.0.0")
    demo = made(machine, str(state(machine, "two", "")), "--ref", "main", "--channel", "branch:main")
    lost = commit(machine, template)
    machine.git("reset", "-q", "--hard", "v1.0.0", cwd=template)
    machine.git("reflog", "expire", "--expire=now", "--all", cwd=template)
    machine.git("gc", "-q", "--prune=now", cwd=template)
    found = Followed(machine=machine, template=template, project=demo.project)
    found.refuses(f"has no commit {lost[:10]}.", "bring the commit back")
    assert "has no commit" in machine.run("doctor", demo.project).out


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_a_version_tag_that_leads_to_no_commit_is_no_version(machine: Machine, kind: str) -> None:
    template = state(machine, "one", "v1.0.0")
    demo = at(machine, template)
    target = {"blob": "HEAD:copier.yml", "tree": "HEAD^{tree}"}[kind]
    machine.git("tag", "v9.0.0", machine.git("rev-parse", target, cwd=template).strip(), cwd=template)
    remote(machine, template)
    demo.updated()
    assert demo.version == "v1.0.0"
    done = demo.update("--to", "v9.0.0")
    done.refused("has no version v9.0.0", "Versions: v1.0.0.")

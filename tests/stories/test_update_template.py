"""`mlscaffold update` from templates that moved, vanished, run code, or mean harm; and from plain Copier projects."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mlscaffold.project.lock import LOCK_FILE, dump_lock, read_lock

from .conftest import SMALL, Machine, write_files
from .updating import LINES, Followed, follow, lines, made, with_line

# Versions that are not what they were


def test_a_missing_tag_is_named_and_nothing_is_touched(machine: Machine) -> None:
    demo = follow(machine)
    demo.release()
    machine.git("tag", "-d", "v1.0.0", cwd=demo.template)

    demo.refuses("has no version v1.0.0")


def test_a_moved_tag_is_an_error(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    machine.git("tag", "-d", "v1.0.0", cwd=demo.template)
    demo.release("v1.0.0", {"notes.md": "other\n"})
    demo.release("v2.0.0")

    demo.refuses("v1.0.0", "the tag was moved", "restore the tag")


def test_an_unreleased_work_tree_is_nothing_to_update_to(machine: Machine) -> None:
    demo = follow(machine)
    write_files(demo.template, {"template/notes.md": "draft\n"})

    demo.refuses("unreleased work tree", "--to")


def test_a_project_of_an_unreleased_template_cannot_be_updated(machine: Machine) -> None:
    template = machine.template()
    write_files(template, {"template/notes.md": "draft\n"})
    demo = made(machine, template)

    demo.refuses("unreleased state of the template")
    demo.set("name=Ada").refused("unreleased state of the template")


# Where the template is


def served(machine: Machine, demo: Followed) -> Path:
    """A copy of the template that is reached by URL."""
    bare = machine.home.parent / "served.git"
    machine.git("clone", "-q", "--bare", demo.template, bare)
    return bare


def push(machine: Machine, demo: Followed, bare: Path) -> None:
    machine.git("push", "-q", "--tags", bare, "main", cwd=demo.template)


@pytest.fixture
def remote(machine: Machine) -> tuple[Followed, Path]:
    """A project of a template that is reached by URL, whose mirror is in the cache."""
    local = follow(machine, {"notes.md": "one\n"}, name="local")
    bare = served(machine, local)
    demo = made(machine, f"file://{bare}")
    return Followed(machine=machine, template=local.template, project=demo.project), bare


def test_a_remote_template_is_followed(machine: Machine, remote: tuple[Followed, Path]) -> None:
    demo, bare = remote
    demo.release(files={"notes.md": "two\n"})
    push(machine, demo, bare)

    demo.updated()

    assert demo.text("notes.md") == "two\n"


def test_no_network_with_a_warm_cache(machine: Machine, remote: tuple[Followed, Path]) -> None:
    demo, bare = remote
    shutil.rmtree(bare)

    done = demo.update()
    answered = demo.set("name=Ada")

    assert (done.code, answered.code) == (0, 0)
    assert "cannot be reached: the copy from the last time is used" in " ".join(done.err.split())
    assert demo.text("hello.txt") == "Hello Ada\n"


def test_no_network_and_a_cold_cache(machine: Machine, remote: tuple[Followed, Path]) -> None:
    demo, bare = remote
    shutil.rmtree(bare)
    shutil.rmtree(machine.home / ".cache")

    demo.refuses("cannot be read", "Check the path")


def test_a_template_that_moved_is_named_once(machine: Machine, remote: tuple[Followed, Path]) -> None:
    demo, bare = remote
    moved = bare.with_name("moved.git")
    bare.rename(moved)
    shutil.rmtree(machine.home / ".cache")
    demo.release(files={"notes.md": "two\n"})
    push(machine, demo, moved)
    demo.refuses("cannot be read", "--template")

    demo.updated("--template", f"file://{moved}")

    assert demo.text("notes.md") == "two\n"
    assert f"_src_path: file://{moved}" in demo.text(".copier-answers.yml")
    assert read_lock(demo.project).template == f"file://{moved}"


def test_another_template_is_no_move(machine: Machine) -> None:
    demo = follow(machine)
    other = machine.template({**SMALL, "template/other.md": "other\n"}, name="other")

    demo.refuses("v1.0.0", "is not what this project was made from", options=("--template", str(other)))


def test_credentials_are_never_shown_nor_kept(machine: Machine, remote: tuple[Followed, Path]) -> None:
    demo, bare = remote
    demo.release(files={"notes.md": "two\n"})
    push(machine, demo, bare)
    address = "https://ada:hunter2@127.0.0.1:9/template.git"
    failed = demo.update("--template", address)
    machine.git("config", "--global", f"url.file://{bare}.insteadOf", address)

    done = demo.update("--template", address)

    failed.refused("cannot be read")
    assert done.code == 0, done
    kept = demo.text(LOCK_FILE) + demo.text(".copier-answers.yml")
    assert "hunter2" not in kept + done.out + done.err + failed.out + failed.err
    cached = [file for file in (machine.home / ".cache").rglob("*") if file.is_file()]
    assert cached
    assert all(b"hunter2" not in file.read_bytes() for file in cached)


# Code


def with_tasks(demo: Followed, *tasks: str, more: str = "") -> None:
    listing = json.dumps(list(tasks))
    demo.release(files={"copier.yml": f"{SMALL['copier.yml']}_tasks: {listing}\n{more}", "notes.md": "two\n"})


def test_a_template_that_runs_code_needs_trust_and_a_dry_run_does_not(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    with_tasks(demo, "touch ran")

    assert "will run  touch ran" in demo.update("--dry-run").out
    demo.refuses("touch ran", "--trust", code=4)
    demo.updated("--trust")

    assert demo.has("ran")
    assert "ran" not in read_lock(demo.project).files


def test_tasks_need_trust_even_where_no_file_changes(machine: Machine) -> None:
    demo = follow(machine)
    demo.release(files={"copier.yml": f"{SMALL['copier.yml']}_tasks: [touch ran]\n"})

    demo.refuses("touch ran", "--trust", code=4)
    assert not demo.has("ran")


def test_migrations_run_once_on_their_way(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    migrations = "_migrations: [{version: v2.0.0, command: 'echo $STAGE >> migrated', when: true}]\n"
    demo.release(files={"copier.yml": SMALL["copier.yml"] + migrations, "notes.md": "two\n"})

    demo.refuses("migrated", "--trust", code=4)
    demo.updated("--trust")
    first = demo.text("migrated")
    demo.commit()
    demo.release("v3.0.0", {"notes.md": "three\n"})
    demo.updated()

    assert demo.text("migrated") == first


def test_a_task_that_fails_is_pending_and_can_be_repeated_or_undone(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n", ".gitignore": "allowed\n"})
    with_tasks(demo, "test -e allowed")
    before = demo.state()

    demo.update("--trust").refused("a task of the template failed", "--continue --trust", "--abort", code=3)
    assert demo.text("notes.md") == "two\n"
    assert "will run  test -e allowed" in demo.update("--status").out
    demo.updated("--abort")
    assert demo.state() == before

    assert demo.update("--trust").code == 3
    write_files(demo.project, {"allowed": ""})
    demo.update("--continue").refused("--trust", code=4)
    demo.updated("--continue", "--trust")
    assert demo.update("--status").code == 0


def test_a_task_that_asks_gets_no_answer_and_does_not_hang(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    with_tasks(demo, "read answer && touch answered")

    assert demo.update("--trust").code == 3
    assert not demo.has("answered")


def test_tasks_wait_until_conflicts_are_resolved(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "one\n"})
    demo.edit({"notes.md": "mine\n"})
    with_tasks(demo, "cp notes.md seen")

    assert demo.update("--trust").code == 3
    assert not demo.has("seen")
    demo.git("checkout", "--ours", "notes.md")
    demo.git("add", "notes.md")
    demo.updated("--continue", "--trust")

    assert demo.text("seen") == "mine\n"


def test_an_extension_needs_trust_even_for_a_dry_run(machine: Machine) -> None:
    demo = follow(machine)
    demo.release(files={"copier.yml": SMALL["copier.yml"] + "_jinja_extensions: [os.path]\n"})

    demo.refuses("Jinja extension os.path", options=("--dry-run",), code=4)


# Templates that mean harm


@pytest.mark.parametrize(
    "name", ["{{ up }}/escaped.txt", "{{ top }}/escaped.txt", "{{ git }}/hooks/post-commit", "{{ git }}"]
)
def test_a_template_cannot_write_outside_of_the_project(machine: Machine, name: str) -> None:
    demo = follow(machine)
    outside = machine.home.parent / "escaped"
    values = {"up": "..", "top": str(outside), "git": ".git"}
    questions = "".join(f"{key}: {{type: str, default: '{value}', when: false}}\n" for key, value in values.items())
    demo.release(files={"copier.yml": SMALL["copier.yml"] + questions, f"{name}.jinja": "gotcha\n"})

    refused = demo.update()

    assert refused.code == 2, refused
    assert "Traceback" not in refused.err
    assert not outside.exists()
    assert not list(machine.home.parent.rglob("escaped.txt"))
    assert not (demo.project / ".git" / "hooks" / "post-commit").exists()
    assert demo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside"])
def test_a_link_of_the_template_leads_nowhere_outside(machine: Machine, target: str) -> None:
    demo = follow(machine)
    (demo.template / "template" / "link").symlink_to(target)
    demo.release(files={"copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n"})

    demo.refuses("link")


def test_a_settings_file_that_never_ends_is_refused(machine: Machine) -> None:
    demo = follow(machine)
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    demo.release(files={"ownership.yml": bomb})

    demo.refuses("ownership.yml of the template")


@pytest.mark.parametrize("text", ["files: {a: nonsense}\n", "[" * 5000, "files: {a: 2026-99-99}\n"])
def test_a_damaged_ownership_table_is_named(machine: Machine, text: str) -> None:
    demo = follow(machine)
    demo.release(files={"ownership.yml": text})

    demo.refuses("ownership.yml of the template")


def test_a_template_that_stops_writing_an_answers_file(machine: Machine) -> None:
    demo = follow(machine)
    demo.release(gone=("{{ _copier_conf.answers_file }}.jinja",))

    demo.refuses("writes no answers file")


def test_a_template_that_no_longer_renders(machine: Machine) -> None:
    demo = follow(machine)
    demo.release(files={"hello.txt.jinja": "{{ 1 / 0 }}"})

    demo.refuses("does not render", "hello.txt.jinja")


# Locks that mean harm


@pytest.mark.parametrize("path", ["/etc/out", ".GIT/config", "a/../../out", "C:\\out"])
def test_a_lock_with_hostile_paths_is_refused(machine: Machine, path: str) -> None:
    demo = follow(machine)
    good = read_lock(demo.project)
    hostile = replace(good, files={**good.files, path: good.files["hello.txt"]})
    demo.edit({LOCK_FILE: dump_lock(hostile)})

    demo.refuses("Refused")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("version: v1.0.0", "version: v0.9.0", "MLS001"),
        ("mlscaffold-lock 1", "mlscaffold-lock 9", "reads format 1"),
        ("mlscaffold-lock", "something else", "does not start as a lock does"),
    ],
)
def test_a_lock_that_was_changed_by_hand_is_refused(machine: Machine, before: str, after: str, said: str) -> None:
    demo = follow(machine)
    demo.edit({LOCK_FILE: demo.text(LOCK_FILE).replace(before, after)})

    demo.refuses(said)


def test_a_lock_that_names_an_option_as_its_template_or_version(machine: Machine) -> None:
    demo = follow(machine)
    good = read_lock(demo.project)
    for hostile in (replace(good, template="--upload-pack=touch pwned"), replace(good, version="--output=pwned")):
        demo.edit({LOCK_FILE: dump_lock(hostile)})

        demo.refuses("is no")
        demo.git("reset", "-q", "--hard", "HEAD~1")


@pytest.mark.parametrize("content", ["", "a: [", "x" * 2_000_000], ids=["empty", "not YAML", "huge"])
def test_a_damaged_answers_file_is_named(machine: Machine, content: str) -> None:
    demo = follow(machine)
    demo.edit({".copier-answers.yml": content})

    demo.refuses(".copier-answers.yml")


def test_a_missing_answers_file_is_named(machine: Machine) -> None:
    demo = follow(machine)
    demo.edit(gone=(".copier-answers.yml",))

    demo.refuses(".copier-answers.yml is missing", "git checkout")


def test_answers_that_were_changed_by_hand_are_refused(machine: Machine) -> None:
    demo = follow(machine)
    demo.edit({".copier-answers.yml": demo.text(".copier-answers.yml").replace("World", "Ada")})

    demo.refuses("changed without the lock", "mlscaffold lock --resolve", "mlscaffold set")


# Plain Copier


def copier(machine: Machine, *words: str | Path) -> None:
    """Plain Copier, in a process of its own."""
    command = [sys.executable, "-m", "copier", *map(str, words), "--defaults", "--quiet"]
    subprocess.run(command, cwd=machine.work, check=True, capture_output=True)


def test_a_project_that_plain_copier_made_gets_its_lock(machine: Machine) -> None:
    template = machine.template({**SMALL, "template/notes.md": LINES})
    copier(machine, "copy", template, "demo")
    demo = Followed(machine=machine, template=template, project=machine.work / "demo")
    demo.git("init", "-q", "-b", "main")
    demo.edit({"notes.md": with_line(1, "mine")})
    demo.release(files={"notes.md": with_line(9, "theirs")})

    done = demo.update()

    assert done.code == 0
    assert "it is derived from .copier-answers.yml" in " ".join(done.err.split())
    assert demo.text("notes.md") == lines((1, "mine"), (9, "theirs"))
    assert demo.version == "v2.0.0"
    demo.commit()
    assert machine.run("check", demo.project).code == 0
    assert "Nothing to do" in demo.update().out


def test_a_relative_template_path_means_nothing(machine: Machine) -> None:
    demo = follow(machine)
    answers = demo.text(".copier-answers.yml").replace(str(demo.template), "../template")
    demo.edit({".copier-answers.yml": answers}, gone=(LOCK_FILE,))

    demo.refuses("relative path")


def test_no_project_at_all(machine: Machine) -> None:
    machine.git("init", "-q", "plain")

    machine.run("update", "plain").refused("was not made from a template")
    machine.run("update", "nowhere").refused("is not a folder")


def test_after_plain_copier_update_the_lock_is_resolved_first(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.release("v2.0.0", {"notes.md": with_line(9, "theirs")})
    copier(machine, "update", demo.project)
    demo.commit()
    demo.release("v3.0.0", {"notes.md": lines((9, "theirs"), (1, "third"))})

    demo.refuses("plain `copier update`", "mlscaffold lock --resolve")
    assert machine.run("lock", "--resolve", demo.project).code == 0
    demo.commit()
    demo.updated()

    assert demo.text("notes.md") == lines((9, "theirs"), (1, "third"))
    assert demo.version == "v3.0.0"


def test_plain_copier_follows_what_update_left(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.release("v2.0.0", {"notes.md": with_line(9, "theirs")})
    demo.updated()
    demo.edit({"notes.md": lines((1, "mine"), (9, "theirs"))})
    demo.release("v3.0.0", {"notes.md": lines((9, "theirs"), (5, "third"))})

    copier(machine, "update", demo.project)

    assert demo.text("notes.md") == lines((1, "mine"), (5, "third"), (9, "theirs"))


def test_derived_files_are_made_by_their_command(machine: Machine) -> None:
    table = "files:\n  copy.txt: {derived: cp hello.txt copy.txt}\n"
    template = machine.template({**SMALL, "ownership.yml": table})
    refused = machine.run("new", "demo", "--template", template, "--defaults")
    assert refused.code == 4
    assert "cp hello.txt copy.txt" in refused.err
    assert machine.run("new", "demo", "--template", template, "--defaults", "--trust").code == 0
    project = machine.work / "demo"
    assert (project / "copy.txt").read_text() == (project / "hello.txt").read_text() == "Hello World\n"
    assert machine.git("status", "--porcelain", cwd=project) == ""
    machine.template({"template/hello.txt.jinja": "Good day {{ name }}\n"}, tag="v1.1.0")
    planned = machine.run("update", project, "--defaults", "--trust", "--dry-run")
    assert "will run  cp hello.txt copy.txt" in planned.out
    assert machine.run("update", project, "--defaults").code == 4
    assert machine.run("update", project, "--defaults", "--trust").code == 0
    assert (project / "copy.txt").read_text() == "Good day World\n"
    machine.git("commit", "-qam", "update", cwd=project)
    assert machine.run("check", project, "--strict", "--trust").code == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [("no-such-program x", "cannot be run"), ("cp nothing here", "ended with 1"), ("cp '", "cannot")],
)
def test_a_command_that_fails_leaves_work_pending(machine: Machine, command: str, said: str) -> None:
    template = machine.template()
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    project = machine.work / "demo"
    machine.template({"ownership.yml": f'files:\n  made.txt: {{derived: "{command}"}}\n'}, tag="v1.1.0")
    done = machine.run("update", project, "--defaults", "--trust")
    assert done.code == 3
    assert said in done.err
    assert machine.run("update", project, "--abort").code == 0
    assert machine.git("status", "--porcelain", cwd=project) == ""

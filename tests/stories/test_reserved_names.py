"""Names that are not a template's to give: `new` refuses them, or makes a project that `check` can read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlscaffold.project.lock import dump_lock, read_lock

from .conftest import ANSWERS_FILE, SMALL, Machine, Outcome
from .updating import follow

HEAD = "_subdirectory: template\n_templates_suffix: .jinja\nname: {type: str, default: World}\n"
ANSWERS = "{{ _copier_answers | to_nice_yaml -}}\n"
LOCK = ".mlscaffold.lock"


def new(machine: Machine, files: dict[str, str | bytes], *options: str) -> Outcome:
    """`new` from a template with these files on top."""
    return machine.run("new", "demo", "--template", machine.template({**SMALL, **files}), "--defaults", *options)


def is_sound(machine: Machine, done: Outcome) -> None:
    """Every command that looks at the project, and at a clone of it, is content."""
    assert done.code == 0, done
    machine.git("clone", "-q", "demo", "clone")
    for words in (("check", "demo"), ("check", "demo", "--strict"), ("diff", "--project", "demo"), ("check", "clone")):
        looked = machine.run(*words)
        assert looked.code == 0, (words, looked)
    assert "No edits" in machine.run("diff", "--project", "demo").out


TAKEN = [
    LOCK,
    ".MLSCAFFOLD.LOCK",
    ".MlScaffold.Lock",
    ".mlscaffold.lock.",
    ".mlscaffold.lock ",
    ".ml\u200dscaffold.lock",
    ".ml\u017fcaffold.loc\u212a",
    ".mlscaffold.lock::$DATA",
    ".mlscaffold.toml",
    ".Mlscaffold.TOML",
]


@pytest.mark.parametrize("path", [*TAKEN, f"{LOCK}/inside", ".mlscaffold.TOML/inside"])
def test_no_template_writes_at_the_place_of_lock_or_settings(machine: Machine, path: str) -> None:
    new(machine, {f"template/{path}": "x\n"}).refused("is not a template's to write", "Refused")
    machine.nothing_was_left()


@pytest.mark.parametrize("path", [".mlscaffold-734cad14909b", ".MLscaffold-734cad14909b.old", "a/.mlscaffold-x/b"])
def test_no_template_writes_where_files_pass_that_are_replaced(machine: Machine, path: str) -> None:
    new(machine, {f"template/{path}": "x\n"}).refused("is not a template's to write", "Refused")
    machine.nothing_was_left()


@pytest.mark.parametrize("option", ["--no-git", "--dry-run"])
def test_reserved_names_are_refused_without_git_and_in_a_dry_run(machine: Machine, option: str) -> None:
    new(machine, {f"template/{LOCK}": "x\n"}, option).refused("is not a template's to write", "Refused")
    machine.nothing_was_left()


@pytest.mark.parametrize("name", TAKEN[::2])
def test_no_answers_file_is_at_the_place_of_lock_or_settings(machine: Machine, name: str) -> None:
    new(machine, {"copier.yml": f"{HEAD}_answers_file: '{name}'\n"}).refused("is not a template's to write")
    machine.nothing_was_left()


@pytest.mark.parametrize("name", [LOCK, ".mlscaffold.toml", ".copier-answers.yml"])
def test_no_link_is_at_the_place_of_what_is_read_first(machine: Machine, name: str) -> None:
    root = machine.template({**SMALL, "copier.yml": HEAD + "_preserve_symlinks: true\n", "template/real.yml": "a: 1\n"})
    (root / "template" / ANSWERS_FILE).unlink()
    (root / "template" / name).symlink_to("real.yml")
    machine.template({}, tag="v1.1.0")
    machine.run("new", "demo", "--template", root, "--defaults").refused("Refused")
    machine.nothing_was_left()


def test_an_answers_file_in_a_linked_folder_is_none(machine: Machine) -> None:
    settings_ = HEAD + "_preserve_symlinks: true\n_answers_file: linked/answers.yml\n"
    root = machine.template({"copier.yml": settings_, "template/real/answers.yml.jinja": ANSWERS})
    (root / "template" / "linked").symlink_to("real")
    machine.template({}, tag="v1.1.0")
    machine.run("new", "demo", "--template", root, "--defaults").refused("writes no answers file (linked/answers.yml)")
    machine.nothing_was_left()


@pytest.mark.parametrize(
    "name", ["/etc/x.yml", "../x.yml", "5", "[a]", "null", "''", ".", '"a\\nb.yml"', '"a\\0b"', ".git/config", "a\\b"]
)
def test_an_answers_file_lies_in_the_project(machine: Machine, name: str) -> None:
    new(machine, {"copier.yml": f"{HEAD}_answers_file: {name}\n"}).refused()
    machine.nothing_was_left()


@pytest.mark.parametrize("name", ["my answers.yml", " a  b ", "sub dir/x.yml", "-x.yml", "'q'.yml", ":(top)x", "é.yml"])
def test_an_answers_file_may_have_an_odd_name(machine: Machine, name: str) -> None:
    done = new(machine, {"copier.yml": f'{HEAD}_answers_file: "{name}"\n'})
    is_sound(machine, done)
    changed = machine.run("set", "name=Ada", "--project", "demo")
    assert changed.code == 0, changed
    assert read_lock(machine.work / "demo").answers_file == name
    assert machine.run("check", "demo", "--strict").code == 0


@pytest.mark.parametrize(
    "content",
    [
        "a: [",
        "- a\n",
        "",
        "text\n",
        "x: 2026-99-99\n",
        "a: \x01\n",
        b"a: \xff\n",
        "a: " + "x" * 1_100_000,
        "- &a [*a]\n",
    ],
    ids=["no YAML", "a list", "nothing", "a text", "no date", "a control", "no UTF-8", "too much", "a list of itself"],
)
def test_an_answers_file_that_cannot_be_read_is_refused(machine: Machine, content: str | bytes) -> None:
    files: dict[str, str | bytes] = {f"template/{ANSWERS_FILE}": "", "template/.copier-answers.yml": content}
    root = machine.template({**SMALL, **files})
    (root / "template" / ANSWERS_FILE).unlink()
    machine.template({}, tag="v1.1.0")
    machine.run("new", "demo", "--template", root, "--defaults").refused("answers file", "copier-answers.yml")
    machine.nothing_was_left()


@pytest.mark.parametrize(
    "content",
    [
        "name: World\n",
        "1: a\nb: c\n2020-01-01: d\n",
        "a: &a [*a]\n",
        "a: {1: x, b: y}\n",
        ANSWERS + "managed: by us\n",
        ANSWERS + '"\\ud800": x\n',
    ],
)
def test_an_answers_file_may_hold_odd_things(machine: Machine, content: str) -> None:
    done = new(machine, {f"template/{ANSWERS_FILE}": content})
    is_sound(machine, done)
    said = "plain Copier cannot update the project" in " ".join(done.err.split())
    assert said is not content.startswith(ANSWERS)


def test_a_template_file_whose_own_name_no_lock_can_hold_is_refused(machine: Machine) -> None:
    new(machine, {"template/{{\n'z'\n}}": "x"}).refused("cannot be recorded")
    machine.nothing_was_left()


def test_a_file_that_is_a_folder_is_refused(machine: Machine) -> None:
    new(machine, {"template/{{ 'a' }}": "x", "template/a/b": "x"}).refused()
    machine.nothing_was_left()


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_not_utf8_is_refused(machine: Machine) -> None:
    root = machine.template()
    (Path(os.fsdecode(os.fsencode(root) + b"/template/\xff.txt"))).write_text("x")
    machine.template({}, tag="v1.1.0")
    machine.run("new", "demo", "--template", root, "--defaults").refused("UTF-8")
    machine.nothing_was_left()


@pytest.mark.parametrize(
    "table", ['"a\\tb": retired', '"x.yml": {keyed: ["a\\tb", "c\\nd"]}', ".mlscaffold.lock: retired"]
)
def test_a_table_that_no_lock_can_hold_is_refused(machine: Machine, table: str) -> None:
    files: dict[str, str | bytes] = {"ownership.yml": f"files:\n  {table}\n", "template/x.yml": "a: 1\n"}
    new(machine, files).refused("cannot be recorded")
    machine.nothing_was_left()


@pytest.mark.parametrize("ignored", ["*", LOCK, ".copier-answers.yml", ".*"])
def test_lock_and_answers_are_committed_though_the_template_ignores_them(machine: Machine, ignored: str) -> None:
    done = new(machine, {"template/.gitignore.jinja": f"{ignored}\n"})
    assert done.code == 0, done
    machine.git("clone", "-q", "demo", "clone")
    assert {LOCK, ".copier-answers.yml"} <= set(machine.git("ls-files", cwd=machine.work / "clone").split())


def test_names_that_some_systems_take_for_one_are_said(machine: Machine) -> None:
    names = ["Makefile", "makefile", "caf\u00e9", "cafe\u0301", "folder", "Folder/a"]
    done = new(machine, {f"template/{name}": "x\n" for name in names})
    is_sound(machine, done)
    for one, other in (("Makefile", "makefile"), ("cafe\u0301", "caf\u00e9"), ("folder", "Folder/a")):
        assert f"{one} and {other} are one on macOS and Windows" in done.err


@pytest.mark.parametrize("name", ["nul", "Con.txt", "a.", "a ", "xy:z", "a?"])
def test_names_that_windows_cannot_hold_are_said(machine: Machine, name: str) -> None:
    done = new(machine, {f"template/{name}": "x\n"})
    is_sound(machine, done)
    assert f"Windows cannot hold a file {name}" in done.err


@pytest.mark.parametrize("verb", ["update", "dry run", "set"])
@pytest.mark.parametrize("name", [".MLSCAFFOLD.lock", ".mlscaffold.toml"])
def test_an_update_to_a_version_that_makes_a_reserved_name_is_refused(machine: Machine, verb: str, name: str) -> None:
    path = f"template/{{% if name == 'Ada' %}}{name}{{% endif %}}"
    demo = follow(machine, {path: "x\n"})
    demo.release(files={"notes.md": "x\n"})
    before = demo.state()
    options = {"update": ("--set", "name=Ada"), "dry run": ("--set", "name=Ada", "--dry-run"), "set": ()}[verb]
    done = demo.set("name=Ada") if verb == "set" else demo.update(*options)
    done.refused("is not a template's to write")
    assert demo.state() == before


def test_an_update_to_a_version_with_a_broken_answers_file_is_refused(machine: Machine) -> None:
    demo = follow(machine)
    demo.release(files={f"template/{ANSWERS_FILE}": "- a\n"})
    demo.refuses("nobody can read again")


def test_the_projects_settings_stay_when_a_template_has_them_no_longer(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": "x\n"})
    waiver = machine.run(
        *("waive", "MLS002", "hello.txt", "--project", demo.project, "--reason", "r", "--owner", "o"),
        *("--until", "2099-01-01"),
    )
    if waiver.code == 0:
        demo.commit()
    demo.release(files={"notes.md": "y\n"})
    before = demo.has(".mlscaffold.toml")
    demo.updated()
    assert demo.has(".mlscaffold.toml") is before


@pytest.mark.parametrize("place", [LOCK, ".MLSCAFFOLD.LOCK", "../x", ".git/config"])
def test_a_hostile_lock_names_no_answers_file_at_its_own_place(machine: Machine, place: str) -> None:
    demo = follow(machine)
    lock = demo.project / LOCK
    text = lock.read_text().partition("\n")[2].replace("answers: .copier-answers.yml", f"answers: {place}")
    lock.write_text(_signed(text))
    for words in (("check",), ("update",), ("doctor",)):
        done = machine.run(*words, demo.project)
        assert done.code in {1, 2}, done
        assert "Refused" in done.out + done.err


def _signed(body: str) -> str:
    import hashlib

    return f"mlscaffold-lock 1 sha256:{hashlib.sha256(body.encode()).hexdigest()}\n{body}"


@pytest.mark.parametrize("target", ["elsewhere", "/dev/zero"])
def test_a_link_at_the_place_of_the_lock_is_not_followed(machine: Machine, target: str) -> None:
    demo = follow(machine)
    (demo.project / LOCK).unlink()
    (demo.project / LOCK).symlink_to(target)
    for words in (("check",), ("update",)):
        machine.run(*words, demo.project).refused("Refused")


def test_answers_behind_a_linked_folder_are_not_read(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + "_answers_file: sub/answers.yml\n"})
    shutil.move(demo.project / "sub", machine.work / "elsewhere")
    (demo.project / "sub").symlink_to(machine.work / "elsewhere")
    machine.run("update", demo.project).refused("Refused")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("name", [LOCK, ".copier-answers.yml"])
def test_a_pipe_in_the_place_of_lock_or_answers_is_no_file(machine: Machine, name: str) -> None:
    demo = follow(machine)
    (demo.project / name).unlink()
    os.mkfifo(demo.project / name)
    machine.run("update", demo.project).refused("not a plain file")


#: Signs that mean something to YAML, git, shells, file systems or the lock; and what looks like others.
SIGNS = "aA.\u0301\u00e9 -_~:!#*?[]{}()'\"$%&=,;<>|@^+\u200d\u2028\x85\ud7ff\U0001f600\t\n\x1b"
PARTS = st.one_of(
    st.text(alphabet=SIGNS, min_size=1, max_size=6),
    st.sampled_from([*TAKEN, ".git", ".gitignore", ".gitattributes", "nul", "x" * 200, "lpt1.txt", "copier.yml"]),
)
PATHS = st.lists(PARTS.filter(lambda part: part not in {".", ".."}), min_size=1, max_size=3).map("/".join)


@settings(max_examples=15)
@given(paths=st.lists(PATHS, max_size=3, unique=True), answers=st.one_of(st.just(".copier-answers.yml"), PATHS))
@example(paths=[], answers="my answers.yml")
@example(paths=[".mlscaffold.lock"], answers=".copier-answers.yml")
@example(paths=["a", "A"], answers="\U0001f600")
def test_a_project_is_refused_whole_or_is_sound(machine: Machine, paths: list[str], answers: str) -> None:
    for place in (machine.work, machine.scratch):
        shutil.rmtree(place)
        place.mkdir()
    os.chdir(machine.work)
    shutil.rmtree(machine.home.parent / "odd", ignore_errors=True)
    written = {path: f"template/{path}" for path in paths if ".git" not in path.split("/")}
    held = {path for path in paths for other in paths if path.startswith(f"{other}/") or other.startswith(f"{path}/")}
    settings_ = {"copier.yml": f"{HEAD}_answers_file: {json.dumps(answers)}\n"}
    files = {place: "x\n" for path, place in written.items() if path not in held}
    root = machine.template({**SMALL, **settings_, **files}, name="odd")
    done = machine.run("new", "demo", "--template", root, "--defaults")
    if done.code:
        done.refused()
        machine.nothing_was_left()
        return
    for words in (("check", "demo"), ("check", "demo", "--strict"), ("diff", "--project", "demo")):
        looked = machine.run(*words)
        assert looked.code == 0, (words, looked, done)
    lock = read_lock(machine.work / "demo")
    assert dump_lock(lock) == (machine.work / "demo" / LOCK).read_text()

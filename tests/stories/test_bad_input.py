"""Every mistake a person can make at the command line is answered: what, where, what to do; nothing is written."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from mlscaffold.preferences.settings import Settings, read_settings

from .conftest import ROOT, SMALL, Machine, snapshot


def test_an_unknown_preset_names_those_there_are(machine: Machine) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--defaults", "--preset", "enormous")
    done.refused("preset: 'enormous' is not a valid answer", "workshop", "--set preset=VALUE")
    machine.nothing_was_left()


def test_a_preset_of_a_template_that_has_none(machine: Machine) -> None:
    done = machine.run("new", "demo", "--template", machine.template(), "--defaults", "--preset", "workshop")
    done.refused("The template has no question 'preset'", "Its questions are: name")
    machine.nothing_was_left()


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("licence=MIT", "The template has no question 'licence'. Did you mean license?"),
        ("project_slug=x", "The template has no question 'project_slug'"),
        ("_src_path=x", "The template has no question '_src_path'"),
        ("license=Mit", "license: 'Mit' is not a valid answer"),
        ("example=trains", "example: 'trains' is not a valid answer"),
        ("task=regression", "The template has no question 'task'"),
        ("python_version=3.9", "3.11"),
        ("package_name=", "start with a letter: flight_delays"),
        ("package_name=Flight", "Use lower-case letters, digits and underscores"),
        ("package_name=../x", "Use lower-case letters, digits and underscores"),
        ("package_name={{ 7 * 6 }}", "Use lower-case letters, digits and underscores"),
        ("package_name=numpy", '"numpy" is taken'),
        ("project_name=  ", "Give the project a name"),
        ("project_name=a\nb", "One line of printable text"),
        ("project_name=a\x1b[31mb", "One line of printable text"),
        (f"project_name={'x' * 61}", "At most 60 characters"),
        (f"description={'x' * 501}", "At most 500 characters"),
        ("description=bell\a", "Control characters are not allowed"),
        ("author=Ada", "Write it as: Ada Lovelace <ada@example.com>"),
        ('author=Ada <"@x>', "Write it as: Ada Lovelace <ada@example.com>"),
    ],
)
def test_a_wrong_answer_is_named_with_the_right_form(machine: Machine, assignment: str, said: str) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--defaults", "--set", assignment)
    done.refused(said)
    machine.nothing_was_left()


@pytest.mark.parametrize("assignment", ["example", "", "=x", " =x"])
def test_set_without_a_key_or_a_value(machine: Machine, assignment: str) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--defaults", "--set", assignment)
    done.refused("write it as KEY=VALUE")
    machine.nothing_was_left()


def test_a_mistyped_no_is_no_yes(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "ci:\n  type: bool\n  default: true\n"})
    machine.run("new", "demo", "--template", template, "--defaults", "--set", "ci=flase").refused(
        "It must be yes or no"
    )
    machine.nothing_was_left()


def test_an_answer_of_the_wrong_type(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": "_subdirectory: template\nname:\n  type: int\n  default: 3\n"})
    machine.run("new", "demo", "--template", template, "--defaults", "--set", "name=three").refused(
        "name: 'three' is not a valid answer. It must be of type int."
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"example: [unclosed\n", "is not valid YAML, line 2"),
        (b"- a\n- b\n", "must be a mapping of question names to answers"),
        (b"", "must be a mapping of question names to answers"),
        (b"example: caf\xe9\n", "Cannot read the answers file"),
        (b"example: a\0b\n", "is not valid YAML"),
        (b"description: 2026-99-99\n", "holds a value that YAML cannot read: month must be in 1..12"),
        (b"[" * 20_000, "it is nested too deeply"),
        (b"example: !!python/object/apply:os.system [id]\n", "is not valid YAML, line 1"),
        (b"? [a]\n: b\n", "is not valid YAML"),
        (b"exemple: none\n", "The template has no question 'exemple'. Did you mean example?"),
        (b"example: [none]\n", "example: ['none'] is not a valid answer"),
        (b"project_name: {a: b}\n", "project_name"),
        (b"package_name: 12\n", "package_name: '12' is not a valid answer"),
        (b"example: null\n", "example: 'null' is not a valid answer"),
    ],
)
def test_a_corrupt_answers_file(machine: Machine, content: bytes, said: str) -> None:
    file = machine.home / "answers.yml"
    file.write_bytes(content)
    machine.run("new", "demo", "--template", ROOT, "--defaults", "--answers", file).refused(said)
    machine.nothing_was_left()


def test_an_answers_file_that_is_not_there(machine: Machine) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--defaults", "--answers", "nope.yml")
    done.refused("The answers file nope.yml does not exist")


def test_an_answers_file_that_is_a_folder(machine: Machine) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--defaults", "--answers", machine.home)
    done.refused("Cannot read the answers file", "Is a directory")


def test_no_terminal_and_no_answers_names_every_missing_one(machine: Machine) -> None:
    done = machine.run("new", "demo", "--template", ROOT, "--set", "example=none")
    done.refused(
        "there is no terminal to ask them in: "
        "project_name, package_name, description, author, preset Give them with --set NAME=VALUE"
    )
    machine.nothing_was_left()


def test_defaults_do_not_help_where_there_is_none(machine: Machine) -> None:
    questions = "_subdirectory: template\nname:\n  type: str\nsize:\n  type: int\nlater:\n  default: '{{ name }}'\n"
    template = machine.template({**SMALL, "copier.yml": questions})
    machine.run("new", "demo", "--template", template, "--defaults").refused("to ask them in: name, size Give")
    machine.nothing_was_left()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nowhere", "The template nowhere was not found: there is no such folder or file, and it is no address"),
        ("./nowhere/at/all", "was not found"),
        ("", "is no template"),
        ("--upload-pack=touch /tmp/owned", "is no template"),
        ("https://localhost:9/team/template", "The template https://localhost:9/team/template cannot be read"),
        ("ext::sh -c id", "was not found"),
    ],
)
def test_a_template_that_is_not_there(machine: Machine, spec: str, said: str) -> None:
    machine.run("new", "demo", f"--template={spec}", "--defaults").refused(said)
    machine.nothing_was_left()


def test_an_ext_transport_is_no_way_to_run_a_command(machine: Machine) -> None:
    stolen = machine.home / "stolen"
    machine.run("new", "demo", "--template", f"ext::sh -c touch% {stolen}://x", "--defaults").refused()
    assert not stolen.exists()


def test_a_folder_that_is_no_template(machine: Machine) -> None:
    empty = machine.home / "empty"
    empty.mkdir()
    machine.run("new", "demo", "--template", empty, "--defaults").refused(f"{empty} is not a Copier template")
    machine.nothing_was_left()


def test_a_file_that_is_no_git_bundle(machine: Machine) -> None:
    file = machine.home / "template.bundle"
    file.write_text("not a bundle\n")
    machine.run("new", "demo", "--template", file, "--defaults").refused(f"The template {file} cannot be read")
    machine.nothing_was_left()


@pytest.mark.parametrize("ref", ["9.9.9", "-v", " ", "v1.0.0..main", "--upload-pack=id"])
def test_a_version_that_is_not_there(machine: Machine, ref: str) -> None:
    done = machine.run("new", "demo", "--template", machine.template(), f"--ref={ref}", "--defaults")
    done.refused("version")
    machine.nothing_was_left()


def test_an_unknown_version_lists_those_there_are(machine: Machine) -> None:
    template = machine.template()
    machine.template({"template/more.txt": "more\n"}, tag="v1.1.0")
    done = machine.run("new", "demo", "--template", template, "--ref", "2.0", "--defaults")
    done.refused(f"The template {template} has no version 2.0. Versions: v1.0.0, v1.1.0.")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"template/x.txt.jinja": "{% if %}"}, "mistake in"),
        ({"template/x.txt.jinja": "one\n{{ name | nope }}\n"}, "nope"),
        ({"template/x.txt.jinja": "\n{{ nobody.told.us }}"}, "x.txt.jinja, line 2: 'nobody' is undefined"),
        ({"template/{{ name": "x"}, "template path {{ name"),
        ({"template/x.txt.jinja": b"caf\xe9 {{ name }}\n"}, "is not UTF-8"),
        ({"template/{{ '../out' }}.txt": "x"}, "does not render"),
        ({"copier.yml": "name: [unclosed"}, "does not render: copier.yml: while parsing a flow sequence"),
        ({"copier.yml": "_subdirectory: nowhere\nname: x\n"}, "nowhere"),
        ({"copier.yml": "_subdirectory: template\n_min_copier_version: '99'\nname: x\n"}, "99"),
        ({"copier.yml": "_subdirectory: template\nname: {type: nonsense, default: x}\n"}, "nonsense"),
        ({"copier.yml": "_subdirectory: template\nname: {type: str, default: '{{ 1/0 }}'}\n"}, "division"),
        ({"template/x.txt.jinja": "{{ 1 + name }}"}, "in template/x.txt.jinja, line 1: TypeError"),
        ({"template/x.txt.jinja": "{{ [][1:][0].x }}"}, "x.txt.jinja"),
        ({"ownership.yml": "files: [not, a, mapping]\n"}, "ownership.yml"),
        ({"ownership.yml": "files: {'**': mine}\n"}, "mine"),
    ],
)
def test_a_broken_template_is_the_templates_fault(machine: Machine, files: dict[str, str | bytes], said: str) -> None:
    template = machine.template({**SMALL, **files})
    machine.run("new", "demo", "--template", template, "--defaults").refused(said)
    machine.nothing_was_left()


def test_a_template_without_an_answers_file(machine: Machine) -> None:
    files = {path: content for path, content in SMALL.items() if "answers" not in path}
    done = machine.run("new", "demo", "--template", machine.template(files), "--defaults")
    done.refused("writes no answers file (.copier-answers.yml)", "Its authors can add one")
    machine.nothing_was_left()


def test_what_is_in_the_way_is_named_and_kept(machine: Machine) -> None:
    taken = machine.work / "demo"
    taken.mkdir()
    for number in range(10):
        (taken / f"file{number}").write_text("mine")
    before = snapshot(machine.work)
    done = machine.run("new", "demo", "--template", ROOT, "--defaults")
    done.refused("is not empty; in the way: file0, file1", "and 2 more", "Choose a new folder name")
    assert snapshot(machine.work) == before


def test_a_hidden_file_is_in_the_way_too(machine: Machine) -> None:
    (machine.work / "demo").mkdir()
    (machine.work / "demo" / ".env").write_text("SECRET=1\n")
    machine.run("new", "demo", "--template", ROOT, "--defaults").refused("in the way: .env")


@pytest.mark.parametrize("kind", ["file", "below a file", "loop", "fifo"])
def test_a_destination_that_cannot_be_a_folder(machine: Machine, kind: str) -> None:
    if kind == "loop":
        Path("demo").symlink_to("demo")
    elif kind == "fifo":
        subprocess.run(["mkfifo", "demo"], check=True)
    else:
        Path("demo").write_text("mine")
    name = "demo/project" if kind in {"below a file", "loop"} else "demo"
    machine.run("new", name, "--template", ROOT, "--defaults").refused(str(machine.work / "demo"))
    assert [entry.name for entry in machine.work.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    ("name", "reason"), [("a" * 300, "too long"), ("~nobody-here/x", "home"), ("b\udcff", "UTF-8")]
)
def test_a_destination_whose_name_no_folder_can_have(machine: Machine, name: str, reason: str) -> None:
    done = machine.run("new", name, "--template", ROOT, "--defaults")
    done.refused("cannot be the folder of a project", "Choose another name")
    assert reason in done.err
    machine.nothing_was_left()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new"], "mlscaffold new DEST"),
        (["new", "demo", "--sett", "x=y"], "--sett"),
        (["new", "demo", "--set"], "--set"),
        (["nwe", "demo"], "nwe"),
        (["new", "demo", "extra"], "extra"),
        (["versions", "--nope"], "--nope"),
        (["questions", "extra"], "extra"),
        (["check", "a", "b"], "b"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(machine: Machine, arguments: list[str], said: str) -> None:
    machine.run(*arguments).refused(said)
    machine.nothing_was_left()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("template: [a]\n", "`template` is a text"),
        ("templates: x\n", "unknown keys: templates"),
        ("just text\n", "must be a mapping"),
        ("trust: {\n", "cannot be read"),
        ("defaults: {day: 2026-99-99}\n", "cannot be read"),
    ],
)
def test_a_corrupt_settings_file(machine: Machine, monkeypatch: pytest.MonkeyPatch, content: str, said: str) -> None:
    file = machine.home / "settings.yml"
    file.write_text(content)
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(file))
    machine.run("new", "demo", "--template", ROOT, "--defaults").refused(str(file), said)


def test_a_settings_file_that_is_not_there(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(machine.home / "nope.yml"))
    machine.run("versions").refused("nope.yml, which does not exist")


def test_whoever_has_no_home_keeps_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run with a number for a user."""

    def nobody_knows(_cls: type[Path]) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MLSCAFFOLD_CACHE_DIR", "MLSCAFFOLD_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", classmethod(nobody_knows))
    template = machine.template()
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    for line in (("check", "demo"), ("check", "demo", "--strict"), ("versions", "--template", template)):
        done = machine.run(*line)
        assert done.code == 0, done


def test_a_home_that_is_closed_to_us_holds_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that is run with `--user`, and another one's HOME."""

    def refuse(_: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.delenv("MLSCAFFOLD_SETTINGS", raising=False)
    monkeypatch.setattr(Path, "is_file", refuse)
    assert read_settings() == Settings()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full (Linux)")
def test_a_full_disk_behind_standard_output(machine: Machine) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mlscaffold", "questions", "--template", machine.template()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_a_question_whose_name_yaml_takes_for_something_else_is_named(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": "_subdirectory: template\nyes:\n  type: str\n"})
    machine.run("new", "demo", "--template", template, "--defaults").refused("the name of a question is no text: True")
    machine.nothing_was_left()


@pytest.mark.parametrize("target", [".git/config", ".GIT/hooks", "../outside"])
def test_a_link_that_leads_out_of_the_project_or_into_git(machine: Machine, target: str) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n"}, tag="")
    (template / "template" / "link").symlink_to(target)
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 2
    assert "link" in done.err
    assert "Refused" in done.err
    machine.nothing_was_left()


@pytest.mark.parametrize("target", ["x/y/up/../../home/secret.yml", "x/y/up/.."])
def test_no_link_leads_out_of_the_project_by_way_of_another(machine: Machine, target: str) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n"}, tag="")
    (template / "template" / "x" / "y").mkdir(parents=True)
    (template / "template" / "x" / "y" / "up").symlink_to("../..")
    (template / "template" / "link").symlink_to(target)
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused("makes link a link to", "leads out of the project by way of another")
    machine.nothing_was_left()


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, sys; os.rmdir({str(gone)!r}); sys.argv = ['mlscaffold', 'check']; "
    code += "from mlscaffold.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no longer exists" in done.stderr

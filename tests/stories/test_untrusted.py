"""A template that nobody trusts reads itself and the project, and nothing else of the machine that renders it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from .conftest import SMALL, Machine, Outcome, snapshot
from .updating import follow

CANARY = "canary-5f3a91"
HEAD = SMALL["copier.yml"]
READ = "{{ _external_data.k }}\n"


@pytest.fixture
def canary(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secret of the person's: in a file of their home, and in the environment."""
    file = machine.home / "secret.yml"
    file.write_text(f"token: {CANARY}\n_subdirectory: template\n")
    monkeypatch.setenv("CANARY", CANARY)
    return file


def silent(machine: Machine, canary: Path, *outcomes: Outcome) -> None:
    """The secret is in no output and in no file but its own: project, lock, cache and what is left in scratch."""
    for done in outcomes:
        assert CANARY not in done.out + done.err, done
    files = [file for file in machine.home.parent.rglob("*") if file.is_file() and not file.is_symlink()]
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == [canary]


def filled(files: Mapping[str, str], canary: Path) -> dict[str, str]:
    """The files of an attack, with the place of the secret in them."""
    return {path.replace("CANARY", str(canary)): text.replace("CANARY", str(canary)) for path, text in files.items()}


#: Files on top of the small template; CANARY stands for the path of the secret.
DATA: Mapping[str, Mapping[str, str]] = {
    "a file": {"copier.yml": HEAD + "_external_data: {k: CANARY}\n", "template/x.jinja": READ},
    "all of it": {
        "copier.yml": HEAD + "_external_data: {k: CANARY}\n",
        "template/x.jinja": "{{ _external_data|to_json }}",
    },
    "a computed path": {
        "copier.yml": HEAD + "_external_data: {k: '{{ where }}'}\nwhere: {type: str, when: false, default: CANARY}\n",
        "template/x.jinja": READ,
    },
    "an answer": {
        "copier.yml": HEAD + "_external_data: {k: '{{ where }}'}\nwhere: {type: str, default: CANARY}\n",
        "template/x.jinja": READ,
    },
    "a default": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\nt: {type: str, default: '{{ _external_data.k.token }}'}\n"
    },
    "a validator": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\n"
        + "t: {type: str, default: a, validator: '{{ _external_data.k.token }}'}\n"
    },
    "a condition": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\nt: {type: str, default: a, when: '{{ _external_data.k.token }}'}\n"
    },
    "a help text": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\nt: {type: str, default: a, help: '{{ _external_data.k.token }}'}\n"
    },
    "choices": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\nt: {type: str, choices: ['{{ _external_data.k.token }}']}\n"
    },
    "a name": {
        "copier.yml": HEAD + "_external_data: {k: '{{ \"CANARY\" }}'}\n",
        "template/{{ _external_data.k.token }}.txt": "x",
    },
    "a message": {
        "copier.yml": HEAD
        + "_external_data: {k: '{{ \"CANARY\" }}'}\n_message_after_copy: '{{ _external_data.k.token }}'\n"
    },
    "the answers file": {
        "copier.yml": HEAD + "_external_data: {k: '{{ \"CANARY\" }}'}\n_answers_file: '{{ _external_data.k.token }}'\n"
    },
    "what is excluded": {
        "copier.yml": HEAD + "_external_data: {k: '{{ \"CANARY\" }}'}\n_exclude: ['{{ _external_data.k.token }}']\n"
    },
    "the folder": {
        "copier.yml": HEAD.replace("_subdirectory: template", "_subdirectory: '{{ _external_data.k.token }}'")
        + "_external_data: {k: '{{ \"CANARY\" }}'}\n"
    },
}


@pytest.mark.parametrize("attack", DATA)
def test_external_data_outside_of_the_project_needs_trust(machine: Machine, canary: Path, attack: str) -> None:
    template = machine.template({**SMALL, **filled(DATA[attack], canary)})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused("external data 'k' from", "outside of the project", "--trust", code=4)
    machine.nothing_was_left()
    silent(machine, canary, done, machine.run("questions", "--template", template))


@pytest.mark.parametrize(
    "path", ["../secret.yml", "a/../../secret.yml", "../../work/../home/secret.yml", "link.yml", "folder/secret.yml"]
)
def test_no_way_leads_out_of_the_project(machine: Machine, canary: Path, path: str) -> None:
    template = machine.template(
        {**SMALL, "copier.yml": HEAD + f"_external_data: {{k: {path}}}\n", "template/x.jinja": READ}
    )
    project = machine.home / "demo"
    project.mkdir()
    done = machine.run("new", project, "--template", template, "--defaults")
    if path.startswith(("link", "folder")):
        assert done.code == 0, done
        (project / "link.yml").symlink_to(canary)
        (project / "folder").symlink_to(machine.home)
        machine.git("add", "-A", cwd=project)
        machine.git("commit", "-qm", "Links", cwd=project)
        done = machine.run("set", "name=Moon", "--project", project)
    done.refused("outside of the project", code=4)
    silent(machine, canary, done)


@pytest.mark.parametrize("path", ["/proc/self/environ", "/dev/zero", "~/secret.yml"])
def test_devices_and_processes_are_not_read(machine: Machine, canary: Path, path: str) -> None:
    template = machine.template(
        {**SMALL, "copier.yml": HEAD + f"_external_data: {{k: {path}}}\n", "template/x.jinja": READ}
    )
    done = machine.run("new", "demo", "--template", template, "--defaults")
    # Nobody expands `~` in a path: that is a folder of the project.
    assert done.code == (0 if path.startswith("~") else 4)
    silent(machine, canary, done)


@pytest.mark.parametrize("trust", [(), ("--trust",)])
@pytest.mark.parametrize("kind", ["pipe", "socket", "large", "yaml", "tag", "folder", "absent", "binary"])
def test_whatever_lies_at_the_place_of_external_data_nothing_hangs(
    machine: Machine, kind: str, trust: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = follow(machine, {"copier.yml": HEAD + "_external_data: {k: data.yml}\n", "x.jinja": READ})
    place = demo.project / "data.yml"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "socket":
            monkeypatch.chdir(demo.project)
            with socket.socket(socket.AF_UNIX) as end:
                end.bind("data.yml")
        case "folder":
            place.mkdir()
        case "absent":
            pass
        case _:
            content = {
                "large": b"a: b\n" * 500_000,
                "yaml": b"a: [canary",
                "tag": b"!!python/name:os.system",
                "binary": b"\xff\0",
            }
            place.write_bytes(content[kind])
    if kind not in {"folder", "absent", "socket", "pipe"}:
        demo.commit()
    done = machine.run("set", "name=Moon", "--project", demo.project, *trust)
    if kind in {"folder", "absent"}:
        assert done.code == 0, done
    else:
        done.refused("external data")
        assert "canary" not in done.err


def test_git_of_the_project_is_no_external_data(machine: Machine) -> None:
    template = machine.template(
        {**SMALL, "copier.yml": HEAD + "_external_data: {k: .git/HEAD}\n", "template/x.jinja": READ}
    )
    machine.run("new", "demo", "--template", template, "--defaults").refused("inside .git")


LINKS = {
    "a file": "template/leak.txt",
    "a template": "template/leak.txt.jinja",
    "included": "leak",
    "the settings": "copier.yml",
    "the settings of other names": "copier.ymlx",
    "the ownership": "ownership.yml",
}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", ["repository", "work tree", "folder"])
def test_no_link_of_a_template_leads_out_of_it(machine: Machine, canary: Path, link: str, kind: str) -> None:
    include = {"template/x.jinja": "{% include 'leak' %}"} if link == "included" else {}
    template = machine.template(
        {**SMALL, "template/y.jinja": "{{ token }}", **include}, tag="" if kind == "folder" else "v0.9.0"
    )
    place = template / LINKS[link]
    if link == "the settings of other names":
        (template / "copier.yml").rename(template / "Copier.yml")
    place.unlink(missing_ok=True)
    place.symlink_to(canary)
    if kind == "repository":
        machine.template({}, tag="v1.0.0")
    elif kind == "folder":
        template = template.rename(machine.home / "plain")
        machine.git("init", "-q", str(machine.home / "unused"))
        for file in sorted((template / ".git").rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        (template / ".git").rmdir()
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 2, done
    silent(machine, canary, done, machine.run("questions", "--template", template))
    machine.nothing_was_left()


def test_no_linked_folder_of_a_template_leads_out_of_it(machine: Machine, canary: Path) -> None:
    template = machine.template(tag="")
    (template / "template" / "all").symlink_to(machine.home)
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 2, done
    silent(machine, canary, done)


REACHING = {
    "an absolute include": {"template/x.jinja": "{% include 'CANARY' %}"},
    "an include above": {"template/x.jinja": "{% include '../home/secret.yml' %}"},
    "an import": {"template/x.jinja": "{% import 'CANARY' as m %}{{ m }}"},
    "a parent": {"template/x.jinja": "{% extends 'CANARY' %}"},
    "absolute settings": {"copier.yml": HEAD + "---\n!include CANARY\n", "template/x.jinja": "{{ token }}"},
    "settings above": {
        "copier.yml": HEAD + "---\n!include ../../../home/secret.yml\n",
        "template/x.jinja": "{{ token }}",
    },
    "the folder": {"copier.yml": HEAD.replace("_subdirectory: template", "_subdirectory: ../home")},
    "the absolute folder": {"copier.yml": HEAD.replace("_subdirectory: template", "_subdirectory: CANARY/..")},
    "a loader": {"copier.yml": HEAD + "_envops: {loader: CANARY}\n"},
    "a sandbox": {"copier.yml": HEAD + "_envops: {sandboxed: false}\n"},
    "an undefined": {"copier.yml": HEAD + "_envops: {undefined: jinja2.runtime.ChainableUndefined}\n"},
    "a file of the environment": {"template/x.jinja": "{{ now.__globals__ }}{{ lipsum.__globals__['os'].environ }}"},
    "the settings of Copier": {"template/x.jinja": "{{ _copier_conf.settings.from_file('CANARY') }}"},
    "a path that reads": {"template/x.jinja": "{{ (_copier_conf.src_path / 'CANARY').read_text() }}"},
    "a path that writes": {"template/x.jinja": "{{ (_copier_conf.dst_path / 'x').write_text('x') }}"},
    "a path that lists": {"template/x.jinja": "{{ (_copier_conf.dst_path / 'CANARY').parent.iterdir() | list }}"},
    "the environment as YAML": {"template/x.jinja": "{{ self | to_yaml }}"},
    "a macro as YAML": {"template/x.jinja": "{% macro m() %}{% endmacro %}{{ [m] | to_nice_yaml }}"},
    "external data as YAML": {"template/x.jinja": "{{ _external_data | to_yaml }}"},
    "the configuration as YAML": {"template/x.jinja": "{{ {'a': _copier_conf} | to_yaml }}"},
    "a path that finds modules": {"template/x.jinja": "{{ _copier_conf.dst_path.parser.os.environ }}"},
}


@pytest.mark.parametrize("attack", REACHING)
def test_what_reaches_out_of_a_template_does_not_render(machine: Machine, canary: Path, attack: str) -> None:
    template = machine.template({**SMALL, **filled(REACHING[attack], canary)})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 2, done
    assert "Traceback" not in done.err
    assert canary.read_text().startswith("token")
    silent(machine, canary, done)
    machine.nothing_was_left()


FROM_GIT = {
    "included": {"template/x.jinja": "{% include '.git/config' %}"},
    "as settings": {"copier.yml": HEAD + "---\n!include .git/logs/HEAD\n", "template/x.jinja": "{{ _copier_answers }}"},
    "as the folder": {"copier.yml": HEAD.replace("_subdirectory: template", "_subdirectory: .git")},
}


@pytest.mark.parametrize("attack", [*FROM_GIT, "linked"])
def test_no_template_reads_what_git_notes_of_where_it_came_from(machine: Machine, attack: str) -> None:
    template = machine.template({**SMALL, **FROM_GIT.get(attack, {})})
    if attack == "linked":
        (template / "template" / "x").symlink_to("../.git/config")
        machine.template({}, tag="v1.0.1")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == (0 if attack == "as settings" else 2), done
    assert "Traceback" not in done.err
    assert "clone: from" not in machine.run("questions", "--template", template).out
    made = snapshot(machine.work)
    assert [path for path, (_, content) in made.items() if b"[remote" in content or b"clone: from" in content] == []


LOOKING = [
    "{{ '$CANARY' | expandvars }}",
    "{{ '~' | expanduser }}",
    "{{ 'HOME/*' | fileglob }}",
    "{{ '.' | realpath }}",
    "{{ '/' | relpath }}",
    "{{ ['$CANARY'] | map('expandvars') | list }}",
    "{% filter expandvars %}$CANARY{% endfilter %}",
    "{{ _copier_python }}",
    "{{ _copier_python ~ '' }}",
    "{{ [_copier_python] | to_json }}",
    "{{ _copier_python | to_nice_yaml }}",
]


@pytest.mark.parametrize("expression", LOOKING)
def test_expressions_that_look_at_the_machine_need_trust(machine: Machine, canary: Path, expression: str) -> None:
    text = expression.replace("HOME", str(machine.home))
    template = machine.template({**SMALL, "template/x.txt.jinja": text})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused("this machine", "--trust", code=4)
    if "_copier_python" not in expression:
        done.refused("template/x.txt.jinja", code=4)
    machine.nothing_was_left()
    silent(machine, canary, done)


def test_they_need_trust_in_settings_and_validators_too(machine: Machine, canary: Path) -> None:
    asked = "t: {type: str, default: a, validator: \"{{ '$CANARY' | expandvars }}\"}\n"
    computed = "t: {type: str, default: \"{{ '$CANARY' | expandvars }}\"}\n"
    for number, question in enumerate((asked, computed)):
        template = machine.template({**SMALL, "copier.yml": HEAD + question}, name=f"t{number}")
        done = machine.run("new", "demo", "--template", template, "--defaults")
        done.refused("filter `expandvars`", code=4)
        silent(machine, canary, done, machine.run("questions", "--template", template))


def test_copier_s_settings_do_not_tell_the_home(machine: Machine) -> None:
    text = "{{ _copier_conf.settings.normalize('~') }}"
    template = machine.template({**SMALL, "template/x.txt.jinja": text})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    done.refused("unsafe")
    assert str(machine.home) + "\n" not in done.err


def test_with_trust_a_template_looks_where_it_likes_and_nothing_of_that_is_kept(machine: Machine, canary: Path) -> None:
    files = {
        "copier.yml": HEAD + "_external_data: {k: ../../home/secret.yml, l: CANARY}\n",
        "template/x.txt.jinja": "{{ ('${CAN' ~ 'ARY}') | expandvars }} {{ _external_data.k.token }} "
        "{{ _external_data.l.token }}\n",
    }
    template = machine.template({**SMALL, **filled(files, canary)})
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust")
    assert done.code == 0, done
    assert Path("demo/x.txt").read_text() == f"{CANARY} {CANARY} {CANARY}\n"
    machine.run("diff", "--project", "demo").refused("'k' from ../../home/secret.yml", "'l' from", code=4)
    assert machine.run("diff", "--project", "demo", "--trust").out.startswith("No edits")
    cache = [file for file in machine.home.rglob("*") if file.is_file() and file != canary]
    assert not [file for file in cache if CANARY.encode() in file.read_bytes()]


@pytest.mark.parametrize("inside", [False, True], ids=["on its own", "in a repository"])
def test_external_data_of_a_project_is_read_where_the_project_is(machine: Machine, inside: bool) -> None:
    if inside:
        machine.git("init", "-q", "-b", "main")
    demo = follow(
        machine,
        {
            "copier.yml": HEAD + "_external_data: {parent: .parent.yml}\n",
            "who.txt.jinja": "{{ _external_data.parent.team | default('nobody') }}\n",
        },
    )
    who = demo.project / "who.txt"
    assert who.read_text() == "nobody\n"
    demo.commit()
    demo.edit({".parent.yml": "team: core\n"})
    # The lock was written before: it is proven by the data of then, and so is the look at edits.
    assert machine.run("check", demo.project, "--strict").code == 0
    assert machine.run("diff", "--project", demo.project).out.startswith("No edits")
    demo.release("v2.0.0")
    demo.updated()
    assert who.read_text() == "core\n"
    assert machine.run("check", demo.project, "--strict").code == 0
    demo.commit()
    demo.edit({".parent.yml": "team: platform\n"})
    assert machine.run("check", demo.project, "--strict").code == 0
    assert machine.run("set", "name=Moon", "--project", demo.project).code == 0
    assert who.read_text() == "platform\n"
    assert machine.run("check", demo.project, "--strict").code == 0
    demo.commit()
    assert machine.run("check", demo.project, "--strict", "--rev", "HEAD").code == 0


def test_external_data_that_git_does_not_know_is_read_as_it_is(machine: Machine) -> None:
    demo = follow(
        machine,
        {
            "copier.yml": HEAD + "_external_data: {parent: local.yml}\n",
            ".gitignore": "local.yml\n",
            "who.txt.jinja": "{{ _external_data.parent.team | default('nobody') }}\n",
        },
    )
    (demo.project / "local.yml").write_text("team: core\n")
    assert machine.run("set", "name=Moon", "--project", demo.project).code == 0
    demo.commit()
    assert machine.run("check", demo.project, "--strict").code == 0
    assert machine.run("diff", "--project", demo.project).out.startswith("No edits")

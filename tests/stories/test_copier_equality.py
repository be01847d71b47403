"""`mlscaffold new` writes what plain Copier writes, byte for byte; and plain `copier update` goes on from there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from .conftest import ANSWERS_FILE, SMALL, Machine, built_in, snapshot

HEAD = "_subdirectory: template\n"
ANSWERS = {f"template/{ANSWERS_FILE}": SMALL[f"template/{ANSWERS_FILE}"]}
FEATURES: Mapping[str, Mapping[str, str | bytes]] = {
    "plain": SMALL,
    "yield paths": {
        **ANSWERS,
        "copier.yml": HEAD + "items: {type: yaml, default: [one, two]}\n",
        "template/{% yield item from items %}{{ item }}{% endyield %}.txt.jinja": "item {{ item }}\n",
    },
    "plain names below yielded ones": {
        **ANSWERS,
        "copier.yml": HEAD + "items: {type: yaml, default: [one, two]}\n",
        "template/a/{% yield item from items %}{{ item }}{% endyield %}/plain/{{ item }}.txt.jinja": "{{ item }}\n",
        "template/a/{% yield item from items %}{{ item }}{% endyield %}/plain/same.txt": "same\n",
        "template/a/last.txt.jinja": "{{ items }}\n",
    },
    "comments in names": {
        **ANSWERS,
        "copier.yml": HEAD + "_envops: {line_comment_prefix: '##', keep_trailing_newline: true}\nname: World\n",
        "template/name.txt## not this.jinja": "{{ name }} ## nor this\n",
    },
    "exclude": {
        **SMALL,
        "copier.yml": SMALL["copier.yml"] + "_exclude: ['*.bak', '{{ name }}.txt']\n",
        "template/a.bak": "a",
        "template/World.txt": "w",
        "template/kept.txt": "k",
    },
    "conditional names": {
        **SMALL,
        "template/{% if name == 'World' %}yes.txt{% endif %}": "yes\n",
        "template/{% if name != 'World' %}no{% endif %}/file.txt": "no\n",
        "template/{{ name }}/{{ name | lower }}.py.jinja": "x = '{{ name }}'\n",
    },
    "every file a template": {
        "copier.yml": HEAD + "_templates_suffix: ''\nname: World\n",
        "template/hello.txt": "Hello {{ name }}",
        "template/{{ _copier_conf.answers_file }}": SMALL[f"template/{ANSWERS_FILE}"],
    },
    "bytes and line ends": {
        **SMALL,
        "template/raw.bin": bytes(range(256)),
        "template/crlf.txt.jinja": "{{ name }}\r\nx\r\n",
        "template/no-end.jinja": "{{ name }}",
        "template/empty.txt": "",
    },
    "envops": {
        "template/[[ _copier_conf.answers_file ]].jinja": "[[ _copier_answers|to_nice_yaml -]]\n",
        "template/[[ name ]].txt.jinja": "[[ name ]] {{ name }}\n",
        "copier.yml": HEAD
        + "_envops: {variable_start_string: '[[', variable_end_string: ']]', keep_trailing_newline: true}\n"
        "name: World\n",
    },
    "hidden questions, choices, types": {
        **ANSWERS,
        "copier.yml": HEAD + "kind: {type: str, choices: {First: a, Second: b}, default: b}\n"
        "parts: {type: str, multiselect: true, choices: [x, y, z], default: [x, z]}\n"
        "n: {type: int, default: '{{ 6 * 7 }}'}\nr: {type: float, default: 0.1}\nwanted: {type: bool, default: 'no'}\n"
        "tree: {type: yaml, default: {a: [1, null]}}\nj: {type: json, default: '{\"b\": 1}'}\n"
        "hidden: {type: str, when: false, default: '{{ kind }}-{{ n }}'}\n"
        "sometimes: {type: str, when: \"{{ kind == 'a' }}\", default: never}\n"
        "once: {type: str, when: '{{ once is defined }}'}\nquiet: {type: str, ask: false, default: hush}\n",
        "template/all.txt.jinja": "{{ kind }} {{ parts }} {{ n + 1 }} {{ r }} {{ wanted }} "
        "{{ tree }} {{ j }} {{ hidden }} {{ once is defined }} {{ quiet }}\n",
    },
    "secrets": {
        **SMALL,
        "copier.yml": SMALL["copier.yml"] + "token: {type: str, secret: true, default: abc}\n",
        "template/token.txt.jinja": "{{ token }}\n",
    },
    "context": {
        **SMALL,
        "template/where.txt.jinja": "{{ _folder_name }} {{ _copier_conf.dst_path.name }} {{ _copier_operation }}\n"
        "{{ _copier_conf.vcs_ref_hash }} {{ _copier_conf.os }} {{ _copier_conf.sep }}\n",
    },
    "macros and includes": {
        **SMALL,
        "macros.jinja": "{% macro shout(x) %}{{ x | upper }}!{% endmacro %}",
        "template/shout.txt.jinja": "{% from 'macros.jinja' import shout %}{{ shout(name) }}\n",
    },
    "extensions and tasks": {
        **SMALL,
        "copier.yml": SMALL["copier.yml"]
        + "_jinja_extensions: [jinja2.ext.do]\n_tasks: ['echo {{ name }} > task.txt']\n",
        "template/do.txt.jinja": "{% set l = [] %}{% do l.append(name) %}{{ l }}\n",
    },
    "phases": {
        **SMALL,
        "copier.yml": SMALL["copier.yml"]
        + "phase: '{{ _copier_phase }}'\nasked: {type: str, default: x, when: \"{{ _copier_phase == 'prompt' }}\"}\n"
        "_migrations:\n",
        "template/phase.txt.jinja": "{{ phase }} {{ asked }} {{ _copier_phase }}\n",
    },
    "another answers file": {
        **SMALL,
        "copier.yml": SMALL["copier.yml"] + "_answers_file: .answers/mine.yml\n",
    },
}


def copier(machine: Machine, *arguments: str | Path, cwd: Path | None = None) -> None:
    """Run plain Copier."""
    command = [sys.executable, "-m", "copier", *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd or machine.work, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def written(root: Path) -> dict[str, tuple[str, bytes]]:
    """All files of a project but those that are ours alone."""
    found = snapshot(root)
    found.pop(".mlscaffold.lock", None)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("feature", FEATURES)
def test_new_equals_copier_copy(machine: Machine, feature: str) -> None:
    template = machine.template(FEATURES[feature], tag="")
    (template / "template" / "run.sh").write_text("#!/bin/sh\n")
    (template / "template" / "run.sh").chmod(0o755)
    (template / "template" / "link").symlink_to("run.sh")
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "ours/demo", "--template", template, "--defaults", "--trust")
    assert done.code == 0, done
    copier(machine, "copy", "--defaults", "--trust", "--quiet", template, "theirs/demo")
    assert written(machine.work / "ours" / "demo") == written(machine.work / "theirs" / "demo")
    assert machine.run("check", "ours/demo").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("example", ["flights", "none"])
def test_the_built_in_template_renders_as_plain_copier_renders_it(machine: Machine, example: str) -> None:
    template = built_in(machine)
    answers = {
        "example": example,
        "author": "Ann <ann@example.com>",
        "python_version": "3.12",
        "description": "It's: {{ x }}",
    }
    given = [word for name, value in answers.items() for word in ("--set", f"{name}={value}")]
    assert machine.run("new", "ours/demo", "--template", template, "--defaults", *given).code == 0
    data = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
    copier(machine, "copy", "--defaults", "--quiet", *data, template, "theirs/demo")
    sides = [written(machine.work / side / "demo") for side in ("ours", "theirs")]
    # Copier makes the folder of a file that it leaves out.
    files = [{path: found for path, found in side.items() if found[0] != "empty folder"} for side in sides]
    assert files[0] == files[1]


@pytest.mark.slow
def test_links_are_preserved_as_copier_preserves_them(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n"}, tag="")
    (template / "template" / "link.jinja").symlink_to("{{ name }}.txt")
    (template / "template" / "folder").symlink_to(".", target_is_directory=True)
    machine.template({}, tag="v1.0.0")
    assert machine.run("new", "ours/demo", "--template", template, "--defaults").code == 0
    copier(machine, "copy", "--defaults", "--quiet", template, "theirs/demo")
    assert written(machine.work / "ours" / "demo") == written(machine.work / "theirs" / "demo")


@pytest.mark.slow
def test_plain_copier_update_goes_on_from_a_project_of_ours(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address in the answers file need not be reachable: git's `insteadOf` says where it is."""
    template = machine.template()
    address = "https://git.example.com/team/template.git"
    with (machine.home / ".gitconfig").open("a") as file:
        file.write(f'[url "{template}"]\n\tinsteadOf = {address}\n')
    done = machine.run("new", "demo", "--template", address, "--set", "name=Ada")
    assert done.code == 0, done
    project = machine.work / "demo"
    assert f"_src_path: {address}\n" in (project / ".copier-answers.yml").read_text()
    (project / "mine.txt").write_text("mine\n")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "mine", cwd=project)
    machine.template({"template/hello.txt.jinja": "Good day {{ name }}\n"}, tag="v1.1.0")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", os.pathsep.join(["file", "https"]))
    copier(machine, "update", "--defaults", "--quiet", cwd=project)
    assert (project / "hello.txt").read_text() == "Good day Ada\n"
    assert (project / "mine.txt").read_text() == "mine\n"
    assert "_commit: v1.1.0" in (project / ".copier-answers.yml").read_text()
    done = machine.run("check", project)
    assert done.code == 1
    assert "MLS007" in done.out

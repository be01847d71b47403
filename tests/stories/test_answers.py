"""What is given as an answer stays as it was written, is named where it is none, and returns with its question."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .conftest import ANSWERS_FILE, SMALL, Machine

_QUESTIONS = """
_subdirectory: template
pin: {type: str, default: x}
pins: {type: str, multiselect: true, choices: ["3.10", "3.9"], default: []}
use_db: {type: bool, default: false}
db: {type: str, default: main, when: "{{ use_db }}"}
conf: {type: yaml, default: {}}
rate: {type: float, default: 1.5}
where: {type: path, default: here}
"""
_ANSWERS = "{{ _copier_answers | to_nice_yaml -}}\n"
_TEMPLATE = {
    "copier.yml": _QUESTIONS,
    "template/v.txt.jinja": "{{ pin }} {{ pins }} {{ db }} {{ conf }}\n",
    f"template/{ANSWERS_FILE}": _ANSWERS,
}


@pytest.mark.parametrize(
    "written",
    [
        "3.10",
        "0123",
        "yes",
        "12:30:45",
        "0x1F",
        "1e3",
        "null",
        "~",
        "2026-01-02",
        "2026-01-02 10:00:00",
        "1_000",
        ".nan",
    ],
)
def test_a_text_stays_as_it_is_written(machine: Machine, written: str) -> None:
    template = machine.template(_TEMPLATE)
    (machine.work / "a.yml").write_text(f"pin: {written}\npins: [3.10]\n")
    assert machine.run("new", "by-file", "--template", template, "--answers", "a.yml", "--defaults").code == 0
    assert machine.run("new", "by-set", "--template", template, "--set", f"pin={written}", "--defaults").code == 0
    assert (machine.work / "by-file" / "v.txt").read_text() == f"{written} ['3.10'] main {{}}\n"
    assert (machine.work / "by-set" / "v.txt").read_text() == f"{written} [] main {{}}\n"
    assert machine.run("check", "by-file").code == 0


def test_a_quoted_text_loses_its_quotes_and_a_choice_may_be_a_number(machine: Machine) -> None:
    template = machine.template(
        {**_TEMPLATE, "copier.yml": "_subdirectory: template\npin: {type: str, choices: [3.10, 4]}\n"}
    )
    (machine.work / "a.yml").write_text('pin: "4"\n')
    assert machine.run("new", "p", "--template", template, "--answers", "a.yml").code == 0
    # YAML reads the choice 3.10 as a number: so the answer is one.
    (machine.work / "a.yml").write_text("pin: 3.10\n")
    assert machine.run("new", "q", "--template", template, "--answers", "a.yml").code == 0
    assert (machine.work / "q" / "v.txt").read_text().startswith("3.1 ")


def test_an_answer_to_a_hidden_question_is_named(machine: Machine) -> None:
    template = machine.template(_TEMPLATE)
    outcome = machine.run("new", "p", "--template", template, "--defaults", "--set", "db=orders")
    outcome.refused("db is not asked, so it has no answer: its condition `{{ use_db }}` does not hold")
    machine.nothing_was_left()
    (machine.work / "a.yml").write_text("db: orders\n")
    machine.run("new", "p", "--template", template, "--defaults", "--answers", "a.yml").refused("db is not asked")
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    machine.run("set", "db=orders", "--project", "p").refused("`{{ use_db }}` does not hold")
    assert machine.run("set", "db=orders", "use_db=true", "--project", "p").code == 0
    assert "orders" in (machine.work / "p" / "v.txt").read_text()


def test_an_answer_returns_with_its_question(machine: Machine) -> None:
    template = machine.template(_TEMPLATE)
    given = ("--set", "use_db=true", "--set", "db=orders")
    assert machine.run("new", "p", "--template", template, "--defaults", *given).code == 0
    project = machine.work / "p"
    for value, seen in (("false", "main"), ("true", "orders")):
        assert machine.run("set", f"use_db={value}", "--project", "p").code == 0
        assert f" {seen} " in (project / "v.txt").read_text()
        assert "db: orders" in (project / ".copier-answers.yml").read_text()
        assert machine.run("check", "--strict", "p").code == 0
        machine.git("commit", "-qam", "set", cwd=project)
    assert machine.run("set", "use_db=false", "--project", "p").code == 0
    # What a project recorded for a hidden question is no answer that somebody gives.
    answers = project / ".copier-answers.yml"
    assert machine.run("new", "q", "--template", template, "--answers", answers, "--defaults").code == 0
    assert " main " in (machine.work / "q" / "v.txt").read_text()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("conf={1: a, x: b}", "conf has a key that is no text: 1. Quote it"),
        ("conf={null: a}", "conf has a key that is no text: None"),
        ("conf={true: a}", "conf has a key that is no text: True"),
        ("conf={a: {[1]: b}}", "conf"),
        ("conf=&a [*a]", "conf[0] holds itself, by an alias"),
        ("conf=&a {x: {y: *a}}", "conf.x.y holds itself, by an alias"),
        ("conf={a: .nan}", "conf.a is no number that can be written down"),
        ("rate=nan", "rate is no number that can be written down"),
        ("conf=[" * 3000, "conf"),
        ("conf=1" + "0" * 4200, "conf"),
        ("rate=1" + "0" * 4200, "rate"),
        ("where=" + "x" * 256, "where: 'xxx"),
        ("where=a/" + "é" * 128, "more than 255 bytes"),
        ("pin=\udcff", "pin holds"),
    ],
    ids=range(14),
)
def test_what_cannot_be_recorded_is_no_answer(machine: Machine, answer: str, said: str) -> None:
    template = machine.template(_TEMPLATE)
    outcome = machine.run("new", "p", "--template", template, "--defaults", "--set", answer)
    outcome.refused(said, "answer")
    assert len(outcome.err) < 3000
    machine.nothing_was_left()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conf: &a [*a]\n", "conf[0] holds itself"),
        ("1: x\n", "a key that is no text: 1"),
        ("pin: " + "x" * 1024 * 1024, "larger than 1 MiB"),
        (
            "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" if n else "a0: &a0 [x]\n" for n in range(9)),
            "too long",
        ),
        ("conf: {<<: 1}\n", "answers file"),
        ("&a {conf: *a}\n", "holds itself"),
        ('pin: "\\ud800"\n', "which is no text"),
    ],
    ids=range(7),
)
def test_an_odd_answers_file_is_said(machine: Machine, text: str, said: str) -> None:
    (machine.work / "a.yml").write_text(text)
    machine.run("new", "p", "--template", machine.template(_TEMPLATE), "--defaults", "--answers", "a.yml").refused(said)


def test_questions_and_new_agree_on_python(machine: Machine) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    questions = "_subdirectory: template\npython_version: {type: str, default: '2.7'}\n"
    files = {**SMALL, "copier.yml": questions, "template/hello.txt.jinja": "{{ python_version }}\n"}
    template = machine.template(files)
    assert f"default: {here}" in machine.run("questions", "--template", template).out
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    assert (machine.work / "p" / "hello.txt").read_text() == f"{here}\n"


def test_a_dropped_question_that_is_looked_at_keeps_its_answer(machine: Machine) -> None:
    before = "_subdirectory: template\nuse_x: {type: bool, default: false}\nother: {type: str, default: gone}\n"
    condition = "template/{% if use_x %}x.txt{% endif %}.jinja"
    files = {**SMALL, "copier.yml": before, "template/hello.txt.jinja": "1\n", condition: "{{ use_x }}\n"}
    template = machine.template(files)
    assert machine.run("new", "p", "--template", template, "--defaults", "--set", "use_x=true").code == 0
    machine.template({"copier.yml": "_subdirectory: template\n", "template/hello.txt.jinja": "2\n"}, tag="v2.0.0")
    machine.git("clone", "-q", "p", "q")
    machine.git("config", "--global", "user.name", "A")
    assert machine.run("update", "p").code == 0
    copier = [sys.executable, "-m", "copier", "update", "-q", "--defaults", "q"]
    subprocess.run(copier, check=True, capture_output=True)
    ours, theirs = machine.work / "p", machine.work / "q"
    assert (ours / "x.txt").read_text() == (theirs / "x.txt").read_text() == "True\n"
    assert "use_x: true" in (ours / ".copier-answers.yml").read_text()
    assert "other" not in (ours / ".copier-answers.yml").read_text()
    assert machine.run("check", "--strict", "p").code == 0


@pytest.mark.parametrize(
    "answers",
    ["kind: {long}\n", "kind: [[[[{long}]]]]\n", "? '{long}'\n: 1\n", "many: ['{long}']\n", "number: '{long}'\n"],
)
def test_of_an_over_long_answer_the_message_quotes_a_part(machine: Machine, answers: str) -> None:
    questions = (
        "kind: {type: str, choices: [a, b], default: a}\nnumber: {type: int, default: 1}\n"
        "many: {type: str, multiselect: true, choices: [a], default: []}\n"
    )
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + questions})
    file = machine.home / "answers.yml"
    file.write_text(answers.replace("{long}", "x" * 5000))
    outcome = machine.run("new", "p", "--template", template, "--defaults", "--answers", file)
    outcome.refused("xxx")
    assert len(outcome.err) < 2000

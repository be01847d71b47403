"""The wizard in a real terminal: keys in, what a person sees out."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
import yaml

from .conftest import SMALL, Machine

pytestmark = pytest.mark.slow

CONFIGURATION = """\
_subdirectory: template
_templates_suffix: .jinja
_message_after_copy: make it so
name:
  type: str
  help: What is it called?
  default: "{{ _folder_name | replace('-', ' ') | title }}"
  validator: "{% if not name %}Give it a name.{% endif %}"
package:
  type: str
  help: Which package?
  default: "{{ name | lower | replace(' ', '_') }}"
  validator: "{% if not (package | regex_search('^[a-z_]+$')) %}Lower-case letters only.{% endif %}"
author:
  type: str
  help: Who?
  default: nobody
colour:
  type: str
  help: Which colour?
  choices: {Deep red: red, Light blue: blue, Black: black}
  default: blue
wanted: {type: bool, help: "Do you want it?", default: true}
token: {type: str, help: "The token?", secret: true, default: hunter2}
licence: {type: str, help: "Which licence?", choices: [MIT, none], default: MIT, ask: false}
"""
QUESTIONS = ("What is it called?", "Which package?", "Who?", "Which colour?", "Do you want it?", "The token?")
DOWN, CLEAR, CTRL_C = "\x1b[B", "\x15", "\x03"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")
#: Colours, as a terminal is told them: not bold (1) or underlined (4), which are no colours.
_COLOURS = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38;[0-9;]+|48;[0-9;]+)(?:;\d+)*m")


class Terminal:
    """A person at the command line."""

    def __init__(self, machine: Machine, *arguments: str, **environment: str) -> None:
        self.machine = machine
        command = ["-m", "mlscaffold", *arguments]
        env = os.environ | {"TERM": "xterm-256color", "LINES": "50", "COLUMNS": "120"} | environment
        self.child = pexpect.spawn(
            sys.executable, command, cwd=str(machine.work), env=env, encoding="utf-8", timeout=120, dimensions=(50, 120)
        )
        self.raw = ""

    def sees(self, text: str) -> None:
        """Wait until a text was shown."""
        words = r"(?:\s|\x1b\[[0-9;?]*[A-Za-z])+".join(re.escape(word) for word in text.split())
        try:
            self.child.expect(words)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            pytest.fail(f"{text!r} was not shown: {type(error).__name__}\n{_plain(self.raw + str(self.child.before))}")
        self.raw += str(self.child.before) + str(self.child.after)

    def types(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def enters(self, text: str = "") -> None:
        """Replace what stands there (if anything is given), and press Enter."""
        self.types((CLEAR + text if text else "") + "\r")

    def ends(self, code: int) -> str:
        """Wait for the end, and return all that was shown, without escapes."""
        self.child.expect(pexpect.EOF)
        self.raw += str(self.child.before)
        self.child.wait()
        self.child.close()
        shown = _plain(self.raw)
        assert self.child.exitstatus == code, shown
        assert "Traceback" not in shown
        return shown


def _plain(text: str) -> str:
    return _ESCAPES.sub("", text)


@pytest.fixture
def terminal(machine: Machine) -> Iterator[Terminal]:
    """A person who has typed `mlscaffold new flight-delays`."""
    template = machine.template({**SMALL, "copier.yml": CONFIGURATION})
    terminal = Terminal(machine, "new", "flight-delays", "--template", str(template))
    yield terminal
    terminal.child.close(force=True)


def answers(machine: Machine) -> dict[str, object]:
    """What the project remembers."""
    found: dict[str, object] = yaml.safe_load((machine.work / "flight-delays" / ".copier-answers.yml").read_text())
    return {name: value for name, value in found.items() if not name.startswith("_")}


def accept_all(terminal: Terminal) -> None:
    """Press Enter at every question."""
    for question in QUESTIONS:
        terminal.sees(question)
        terminal.enters()


def test_enter_takes_every_default_from_folder_name_and_git(machine: Machine, terminal: Terminal) -> None:
    terminal.sees("A new project in flight-delays")
    accept_all(terminal)
    terminal.sees("Your answers for flight-delays")
    terminal.sees("All right?")
    terminal.enters()
    shown = terminal.ends(0)
    assert "Made 2 files" in shown
    assert "cd flight-delays" in shown
    assert "make it so" in shown
    assert "hunter2" not in shown
    assert "(hidden)" in shown
    assert answers(machine) == {
        "name": "Flight Delays",
        "package": "flight_delays",
        "author": "Ada Lovelace <ada@example.com>",
        "colour": "blue",
        "wanted": True,
        "licence": "MIT",
    }
    assert machine.run("check", "flight-delays").code == 0


def test_a_wrong_answer_is_refused_while_it_is_typed(machine: Machine, terminal: Terminal) -> None:
    terminal.sees("What is it called?")
    terminal.enters("Nine Lives")
    terminal.sees("Which package?")
    terminal.enters("Nine-Lives")
    terminal.sees("Lower-case letters only.")
    terminal.enters("nine")
    terminal.sees("Who?")
    terminal.enters("Björn 🚀 {{ name }}")
    terminal.sees("Which colour?")
    terminal.types(DOWN + "\r")
    terminal.sees("Do you want it?")
    terminal.types("n")
    terminal.sees("The token?")
    terminal.enters("s3cret")
    terminal.sees("All right?")
    terminal.enters()
    assert "s3cret" not in terminal.ends(0)
    assert answers(machine) == {
        "name": "Nine Lives",
        "package": "nine",
        "author": "Björn 🚀 {{ name }}",
        "colour": "black",
        "wanted": False,
        "licence": "MIT",
    }
    assert (machine.work / "flight-delays" / "hello.txt").read_text() == "Hello Nine Lives\n"


def test_an_answer_is_changed_at_the_review_and_what_follows_from_it_too(machine: Machine, terminal: Terminal) -> None:
    terminal.sees("What is it called?")
    terminal.enters()
    terminal.sees("Which package?")
    terminal.enters()
    terminal.sees("Who?")
    terminal.enters("Grace")
    for question in QUESTIONS[3:]:
        terminal.sees(question)
        terminal.enters()
    terminal.sees("All right?")
    terminal.types(DOWN + "\r")
    terminal.sees("Which one?")
    terminal.enters()
    terminal.sees("What is it called?")
    terminal.enters("Late Planes")
    terminal.sees("late_planes")
    terminal.sees("All right?")
    terminal.enters()
    terminal.ends(0)
    found = answers(machine)
    assert (found["name"], found["package"], found["author"]) == ("Late Planes", "late_planes", "Grace")


def test_what_is_not_asked_is_changed_at_the_review(machine: Machine, terminal: Terminal) -> None:
    accept_all(terminal)
    terminal.sees("licence")
    terminal.sees("All right?")
    terminal.types(DOWN + "\r")
    terminal.sees("Which one?")
    terminal.types(DOWN * len(QUESTIONS) + "\r")
    terminal.sees("Which licence?")
    terminal.types(DOWN + "\r")
    terminal.sees("All right?")
    terminal.enters()
    assert terminal.ends(0).count("Which licence?") >= 1
    assert answers(machine)["licence"] == "none"


def test_stop_at_the_review_leaves_nothing(machine: Machine, terminal: Terminal) -> None:
    accept_all(terminal)
    terminal.sees("All right?")
    terminal.types(DOWN + DOWN + "\r")
    assert "Nothing was changed." in terminal.ends(130)
    machine.nothing_was_left()


@pytest.mark.parametrize("question", [*QUESTIONS, "All right?", "Which one?"])
def test_ctrl_c_leaves_nothing(machine: Machine, terminal: Terminal, question: str) -> None:
    for each in QUESTIONS:
        terminal.sees(each)
        if each == question:
            break
        terminal.enters()
    else:
        terminal.sees("All right?")
        if question == "Which one?":
            terminal.types(DOWN + "\r")
            terminal.sees("Which one?")
    terminal.types(CTRL_C)
    assert "Stopped" in terminal.ends(130)
    machine.nothing_was_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_in_the_wizard_leaves_nothing(machine: Machine, terminal: Terminal, number: signal.Signals) -> None:
    terminal.sees("What is it called?")
    terminal.child.kill(number)
    terminal.ends(130)
    machine.nothing_was_left()


def test_a_folder_that_is_in_the_way_is_told_before_any_question(machine: Machine) -> None:
    (machine.work / "flight-delays").mkdir()
    (machine.work / "flight-delays" / "mine").write_text("x")
    template = machine.template({**SMALL, "copier.yml": CONFIGURATION})
    shown = Terminal(machine, "new", "flight-delays", "--template", str(template)).ends(2)
    assert "in the way: mine" in " ".join(shown.split())
    assert "What is it called?" not in shown


def test_what_is_given_is_not_asked_and_defaults_ask_nothing(machine: Machine) -> None:
    template = str(machine.template({**SMALL, "copier.yml": CONFIGURATION}))
    terminal = Terminal(machine, "new", "flight-delays", "--template", template, "--set", "name=Given")
    for question in QUESTIONS[1:]:
        terminal.sees(question)
        terminal.enters()
    terminal.sees("All right?")
    terminal.enters()
    assert "What is it called?" not in terminal.ends(0)
    assert answers(machine)["package"] == "given"
    shown = Terminal(machine, "new", "other", "--template", template, "--defaults").ends(0)
    assert "?" not in shown


def test_no_colours_where_none_are_wanted(machine: Machine) -> None:
    template = str(machine.template({**SMALL, "copier.yml": CONFIGURATION}))
    coloured = Terminal(machine, "new", "one", "--template", template)
    accept_all(coloured)
    coloured.sees("All right?")
    coloured.enters()
    coloured.ends(0)
    assert _COLOURS.search(coloured.raw)
    plain = Terminal(machine, "new", "two", "--template", template, NO_COLOR="1")
    accept_all(plain)
    plain.sees("All right?")
    plain.enters()
    plain.ends(0)
    assert _COLOURS.findall(plain.raw) == []


@pytest.mark.parametrize("name", ["a[b]c", "[red]x", "[", "naïve 🚀"])
def test_a_folder_name_is_shown_as_it_is(machine: Machine, name: str) -> None:
    template = str(machine.template({**SMALL, "copier.yml": CONFIGURATION}))
    terminal = Terminal(machine, "new", name, "--template", template, "--set", "package=x")
    terminal.sees(f"A new project in {name}")
    for question in (QUESTIONS[0], *QUESTIONS[2:]):
        terminal.sees(question)
        terminal.enters()
    terminal.sees(f"Your answers for {name}")
    terminal.sees("All right?")
    terminal.enters()
    terminal.ends(0)
    assert (machine.work / name / "hello.txt").exists()


def test_the_built_in_template_asks_six_questions_and_shows_the_rest(machine: Machine) -> None:
    root = str(Path(__file__).parents[2])
    terminal = Terminal(machine, "new", "flight-delays", "--template", root, "--dry-run")
    for question in ("called?", "package", "sentence?", "maintains", "start with?", "How much"):
        terminal.sees(question)
        terminal.enters()
    for shown in ("Ada Lovelace <ada@example.com>", "python_version", "Proprietary", "All right?"):
        terminal.sees(shown)
    terminal.enters()
    shown = terminal.ends(0)
    assert "nothing was written" in shown
    assert "Which Python" not in shown
    machine.nothing_was_left()


def test_the_folder_is_asked_for_where_it_is_left_out(machine: Machine) -> None:
    terminal = Terminal(machine, "new", "--template", str(machine.template()))
    terminal.sees("Folder of the new project?")
    terminal.enters("from-the-wizard")
    terminal.sees("A new project in from-the-wizard")
    terminal.types(CTRL_C)
    terminal.sees("Nothing was changed")
    assert not (machine.work / "from-the-wizard").exists()

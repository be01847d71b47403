"""Whatever strangers write, no verb lets it speak to the terminal, hide, or look like a line of ours."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml

from mlscaffold.checking.reports import ReportFormat
from mlscaffold.cli.command_line import VERBS
from mlscaffold.project.lock import LOCK_FILE, dump_lock, read_lock

from .conftest import SMALL, Machine, write_files
from .test_wizard import CTRL_C, DOWN, Terminal

#: A title for the window, a clear screen, colours of both kinds, text from right to left, signs without width, ends of
#: lines that are none, what deletes, a tag, a selector; then the languages of a CI system and of Rich.
ORDERS = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202e\u2066\u200b\ufeff\u2028\u2029\x85\x08\x0b\x7f\U000e0041\ufe0f\u3164"
MARKUP = "##vso[task.x] [red]x[/red] [/] :smile: [link=http://x]y[/link]"
#: What begins no line of output.
FORGED = "#forged"


def evil(name: str, *, breaks: bool = True) -> str:
    """What a stranger writes into a field; `evil-NAME-` shows where it went."""
    return f"evil-{name}- {MARKUP}{ORDERS}" + (f"\r{FORGED}\n::error::x\n{FORGED}" if breaks else "")


def quoted(text: str) -> str:
    """A text as a string of YAML and of TOML."""
    return '"' + "".join(sign if sign.isalnum() and sign.isascii() else f"\\U{ord(sign):08x}" for sign in text) + '"'


#: YAML takes no controls of ASCII, and quotes the line that it does not understand.
NO_YAML = '"evil-yaml-\u202e\u2066\u200b" x: ['


def is_harmful(sign: str) -> bool:
    """Orders, surrogates, ends of lines and paragraphs, formats, and what is drawn as nothing."""
    if sign in "\n\t":
        return False
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or sign in "\ufe0f\u3164"


#: What Rich and prompt_toolkit send by themselves: styles, moves, erasing, modes, the question where the cursor is.
_OWN = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\d*[ABCDGHK]|\x1b\[J|\x1b\[\?(?:1|7|12|25|2004)[hl]|\x1b\[6n|\x1b\[0 q|\r")


def orders(said: str) -> list[str]:
    """The harmful signs of an output."""
    return sorted({ascii(sign) for sign in said if is_harmful(sign)})


def harm(said: str) -> list[str]:
    """The harmful signs of an output, and the lines that a stranger began."""
    # To a CI system, "##vso[" is an order wherever it stands, and "::error" at the start of a line.
    forged = [line for line in said.split("\n") if line.startswith(FORGED) or line.strip().startswith("::error")]
    return orders(said) + forged + re.findall(r"##vso\[", said)


#: Paths of a template with controls of ASCII are refused.
FILE, CLASH = (re.sub(r"[\x00-\x1f\x7f/]", "", evil(name)) for name in ("file", "clash"))
CONFIGURATION = {
    "_subdirectory": "template",
    "_templates_suffix": ".jinja",
    "_message_after_copy": evil("after"),
    # To a shell all of it is a remark.
    "_tasks": [f"true # {evil('task').replace('::error', '#::error')}"],
    "name": {"type": "str", "help": evil("help"), "default": "World", "validator": "{{ name[5:] }}"},
    "motto": {"type": "str", "default": evil("default")},
    "colour": {
        "type": "str",
        "help": "Which colour?",
        "choices": {evil("label"): evil("choice"), "Blue": "blue", "No": {"value": "n", "validator": evil("disabled")}},
    },
    evil("question"): {"type": "str", "default": "x"},
}
OWNERSHIP = {"files": {"hello.txt": "owned", evil("glob"): "seeded", "evil-file*": "owned"}}
FILES: dict[str, str] = {
    **SMALL,
    "copier.yml": yaml.safe_dump(CONFIGURATION, sort_keys=False),
    "ownership.yml": yaml.safe_dump(OWNERSHIP),
    f"template/{FILE}": "one\n",
    f"template/{CLASH}": "one\ntwo\nthree\n",
}


Run = Callable[..., str]


@dataclass(frozen=True)
class Scene:
    """A hostile template, a project made of it by somebody who trusts it, and one who looks at both."""

    machine: Machine
    template: Path
    project: Path
    #: A command's whole output, whatever its exit code.
    run: Run

    def release(self, tag: str = "v2.0.0", files: Mapping[str, str] | None = None) -> None:
        """A second version, which changes what the project changed."""
        changed = {f"template/{FILE}": "two\n", f"template/{CLASH}": f"one\n{evil('theirs')}\nthree\n"}
        self.machine.template({**changed, **(files or {})}, tag=tag)

    def edit(self) -> None:
        """What the owner of the project wrote, who may be a stranger to whoever works in it."""
        write_files(self.project, {FILE: "mine\n", CLASH: f"one\n{evil('mine')}\nthree\n"})
        self.commit()

    def commit(self) -> None:
        """Commit all that is there."""
        self.machine.git("add", "-A", cwd=self.project)
        self.machine.git("commit", "-qm", "Edit", "--no-verify", cwd=self.project)

    def relock(self, **changes: Any) -> None:
        """Write something else into the lock, under a digest that fits."""
        (self.project / LOCK_FILE).write_text(dump_lock(dataclasses.replace(read_lock(self.project), **changes)))

    def excuse(self) -> None:
        """Waive a rule, and eject a file."""
        who = f"reason = {quoted(evil('reason'))}\nowner = {quoted(evil('owner'))}\n"
        waiver = f'[[waive]]\nrule = "MLS002"\nuntil = 2099-01-31\n{who}'
        (self.project / ".mlscaffold.toml").write_text(f"{waiver}[[eject]]\npath = {quoted(FILE)}\n{who}")


def _new(scene: Scene) -> Iterator[str]:
    new = ("new", "other", "--template", scene.template, "--defaults", "--set", "colour=blue")
    yield scene.run(*new)
    for wrong in ("colour={}", "name=World{}", "{}=1", "{}"):
        yield scene.run(*new, "--trust", "--set", wrong.format(evil("answer")))
    yield scene.run(*new, "--ref", evil("ref"))
    yield scene.run(*new[:3], evil("template"))
    yield scene.run("new", evil("folder", breaks=False), *new[2:], "--trust", "--no-git")
    yield scene.run(*new, "--trust", "--dry-run")
    yield scene.run(*new, "--trust")
    (scene.machine.work / "full").mkdir()
    (scene.machine.work / "full" / FILE).touch()
    yield scene.run("new", "full", *new[2:], "--trust")


def _check(scene: Scene) -> Iterator[str]:
    (scene.project / "hello.txt").write_text("Mine\n")
    (scene.project / FILE).unlink()
    scene.commit()
    for form in ReportFormat:
        yield scene.run("check", scene.project, "--report", form)
    scene.excuse()
    for form in ReportFormat:
        yield scene.run("check", scene.project, "--report", form)
    yield scene.run("check", scene.project, "--report", evil("report"))
    yield scene.run("check", scene.project, "--rev", evil("rev"))
    yield scene.run("check", evil("folder"))
    (scene.project / ".mlscaffold.toml").unlink()
    yield scene.run("check", scene.project, "--fix", "--trust")


def _diff(scene: Scene) -> Iterator[str]:
    scene.edit()
    yield scene.run("diff", "--project", scene.project, "--trust")
    yield scene.run("diff", "--project", scene.project, "--trust", "--name-only")
    yield scene.run("diff", evil("path"), "--project", scene.project, "--trust")


def _update(scene: Scene) -> Iterator[str]:
    scene.edit()
    scene.release(tag="")
    scene.machine.git("commit", "-q", "--amend", "-m", evil("subject"), cwd=scene.template)
    scene.machine.git("tag", "v2.0.0", cwd=scene.template)
    yield scene.run("update", scene.project, "--dry-run", "--diff", "--trust")
    scene.release("v3.0.0", {"CHANGELOG.md": f"## 3.0.0\n\n{evil('changelog')}\n"})
    for options in (
        ("--dry-run", "--diff"),
        ("--dry-run", "--json"),
        (),
        ("--to", evil("to")),
        ("--template", evil("moved")),
    ):
        yield scene.run("update", scene.project, *options)
    yield scene.run("update", scene.project, "--trust")
    yield scene.run("update", scene.project, "--status")
    yield scene.run("update", scene.project, "--continue", "--trust")
    (scene.project / CLASH).write_text("later\n")
    yield scene.run("update", scene.project, "--abort")


def _set(scene: Scene) -> Iterator[str]:
    yield scene.run("set", evil("assignment"), "--project", scene.project)
    setting = ("set", f"motto={evil('answer')}", "--project", scene.project)
    for options in ((), ("--dry-run", "--diff"), ("--dry-run", "--json"), ("--trust",)):
        yield scene.run(*setting, *options)


def _why(scene: Scene) -> Iterator[str]:
    scene.excuse()
    for path in (FILE, "hello.txt", evil("path")):
        yield scene.run("why", path, "--project", scene.project)
    scene.relock(template=evil("locked", breaks=False).replace("\r", ""))
    yield scene.run("why", FILE, "--project", scene.project)


def _explain(scene: Scene) -> Iterator[str]:
    yield scene.run("explain", evil("rule"))


def _waive(scene: Scene) -> Iterator[str]:
    waive = ("waive", "MLS002", "--project", scene.project, "--until", "2027-01-31", "--reason", evil("reason"))
    yield scene.run(*waive, "--owner", evil("owner"))
    yield scene.run("waive", "MLS002", evil("path"), *waive[2:])
    yield scene.run("waive", evil("rule"), *waive[2:])
    yield scene.run(*waive, "--until", evil("day"))
    (scene.project / ".mlscaffold.toml").write_text(f"[[waive]]\n{quoted(evil('key'))} = 1\n")
    yield scene.run(*waive)


def _eject(scene: Scene) -> Iterator[str]:
    eject = ("--project", scene.project, "--reason", evil("reason"), "--owner", evil("owner"))
    yield scene.run("eject", FILE, *eject)
    yield scene.run("eject", evil("path"), *eject)


def _lock(scene: Scene) -> Iterator[str]:
    yield scene.run("lock", scene.project)
    scene.relock(**{each: evil(f"locked-{each}", breaks=False) for each in ("template", "version", "tree", "renderer")})
    yield scene.run("lock", scene.project)
    yield scene.run("lock", "--resolve", "--set", f"motto={evil('answer')}", scene.project)
    (scene.project / LOCK_FILE).write_text(f"mlscaffold-lock {evil('lock', breaks=False).replace(' ', '')} x")
    yield scene.run("lock", scene.project)
    (scene.project / LOCK_FILE).unlink()
    yield scene.run("lock", "--resolve", "--trust", "--dry-run", "--diff", scene.project)
    (scene.project / ".copier-answers.yml").write_text(NO_YAML)
    yield scene.run("lock", "--resolve", "--trust", scene.project)


def _doctor(scene: Scene) -> Iterator[str]:
    scene.machine.configure(f"[user]\n\tname = {evil('person', breaks=False)}\n\temail = x\n")
    yield scene.run("doctor", scene.project)
    scene.relock(version=evil("locked", breaks=False))
    yield scene.run("doctor", scene.project)
    (scene.project / ".mlscaffold.toml").write_text(f"[[waive]]\n{quoted(evil('key'))} = 1\n")
    yield scene.run("doctor", scene.project)
    yield scene.run("doctor", evil("folder"))


def _versions(scene: Scene) -> Iterator[str]:
    yield scene.run("versions", "--template", scene.template)
    yield scene.run("versions", "--template", evil("template"))
    scene.machine.environment("MLSCAFFOLD_SETTINGS", evil("file"))
    yield scene.run("versions")
    settings = scene.machine.home / "settings.yml"
    scene.machine.environment("MLSCAFFOLD_SETTINGS", str(settings))
    for text in (f"{quoted(evil('setting'))}: 1\n", f"template: {quoted(evil('set'))}\n", NO_YAML):
        settings.write_text(text)
        yield scene.run("versions")
    scene.machine.environment("MLSCAFFOLD_TEMPLATE", evil("environment"))
    yield scene.run("versions")
    yield scene.run("versions", "--json")


def _questions(scene: Scene) -> Iterator[str]:
    yield scene.run("questions", "--template", scene.template)
    yield scene.run("questions", "--template", scene.template, "--trust")
    yield scene.run("questions", "--template", scene.template, "--trust", "--json-schema")
    for wrong in (
        f"x: {{type: {quoted(evil('type'))}}}",
        NO_YAML,
        f"x: {quoted('{{' + evil('jinja'))}",
        f"_jinja_extensions: [{quoted(evil('extension'))}]",
        f"_min_copier_version: {quoted(evil('version'))}",
    ):
        scene.machine.template({"copier.yml": wrong}, tag="")
        yield scene.run("questions", "--template", scene.template, "--ref", "main")


#: What each verb does with words of strangers; and which of them it has to show, so that the story is about something.
STORIES: Mapping[str, tuple[Callable[[Scene], Iterator[str]], str]] = {
    "new": (_new, "task answer ref template folder file after"),
    "check": (_check, "file reason owner report rev folder"),
    "diff": (_diff, "file mine path"),
    "update": (_update, "file clash subject changelog task theirs mine to moved"),
    "set": (_set, "default answer assignment task"),
    "why": (_why, "file reason owner path locked"),
    "explain": (_explain, "rule"),
    "waive": (_waive, "owner path rule day key"),
    "eject": (_eject, "file path"),
    "lock": (_lock, "locked-template locked-version locked-tree locked-renderer lock yaml"),
    "doctor": (_doctor, "person locked key folder"),
    "versions": (_versions, "template setting set environment file"),
    "questions": (_questions, "question help default choice type extension version"),
}


@pytest.fixture
def made(machine: Machine) -> Machine:
    """A machine with a hostile template, and a project of it."""
    template = machine.template(FILES)
    done = machine.run("new", "demo", "--template", template, "--defaults", "--trust", "--set", "colour=blue")
    assert done.code == 0, done
    return machine


def piped(machine: Machine, *arguments: str | Path) -> str:
    """What a command writes into pipes."""
    done = machine.run(*arguments)
    assert done.code != 70, done
    return done.out + done.err


def shown(machine: Machine, *arguments: str | Path) -> str:
    """What a command shows in a terminal, without what the libraries send by themselves."""
    terminal = Terminal(machine, *map(str, arguments))
    terminal.child.expect(pexpect.EOF)
    said = str(terminal.child.before)
    terminal.child.close()
    assert terminal.child.exitstatus != 70, said
    return _OWN.sub("", said)


#: Verbs that print with colours, wrap, and talk while they work; all others print the same everywhere.
_COLOURFUL = ("new", "diff", "update", "set", "lock")


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "verb"), [(piped, verb) for verb in VERBS] + [(shown, verb) for verb in _COLOURFUL])
def test_no_word_of_a_stranger_is_an_order(made: Machine, verb: str, reader: Callable[..., str]) -> None:
    story, fields = STORIES[verb]
    scene = Scene(made, made.home.parent / "template", made.work / "demo", partial(reader, made))
    said = [*story(scene), reader(made, verb, *[evil("argument")] * 3), reader(made, verb, f"--{evil('option')}")]
    for each in said:
        assert harm(each) == [], each
    everything = "".join(said)
    assert {name for name in fields.split() if f"evil-{name}-" not in everything} == set()


@pytest.mark.slow
def test_a_wizard_shows_what_it_asks_and_keeps_what_is_answered(made: Machine) -> None:
    template = made.home.parent / "template"
    terminal = Terminal(made, "new", "other", "--template", str(template), "--trust")
    terminal.sees("evil-help-")
    terminal.enters(f"World{evil('typed', breaks=False)[:20]}")
    terminal.sees("evil-typed-")
    terminal.enters("World")
    terminal.sees("evil-default-")
    terminal.enters()
    terminal.sees("evil-label-")
    terminal.sees("evil-disabled-")
    terminal.enters()
    terminal.sees("evil-question-")
    terminal.enters("mine")
    terminal.sees("All right?")
    terminal.types(DOWN + "\r")
    terminal.sees("Which one?")
    terminal.types(CTRL_C)
    said = terminal.ends(130)
    # What is asked and what is edited may have several lines.
    assert orders(_OWN.sub("", terminal.raw)) == [], said


def test_the_list_before_trust_hides_nothing(machine: Machine) -> None:
    commands = [f"echo ok{' ' * 500}; rm -rf one", "echo ok\nrm -rf two", "echo ok\rrm -rf three"]
    machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + yaml.safe_dump({"_tasks": commands})})
    done = machine.run("new", "demo", "--template", machine.home.parent / "template", "--defaults")
    done.refused(code=4)
    listed = [line for line in done.err.split("\n") if line.startswith("  - ")]
    assert listed == [
        f"  - task, run after rendering: {command}"
        for command in (
            r"echo ok\x20{500}; rm -rf one",
            r"echo ok\nrm -rf two",
            r"echo ok\rrm -rf three",
        )
    ]


def test_the_list_before_trust_says_what_it_leaves_out(machine: Machine) -> None:
    commands = ["x" * 100_000, *(f"echo {number}" for number in range(5000))]
    machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + yaml.safe_dump({"_tasks": commands})})
    done = machine.run("new", "demo", "--template", machine.home.parent / "template", "--defaults")
    done.refused("… and 98027 more characters, not shown", "… and 4901 more, not shown", code=4)
    assert len(done.err) < 10_000


def test_ordinary_words_are_shown_as_they_are(machine: Machine) -> None:
    words = "Größe, naïve, 日本語, עברית, ❤️ 👩‍💻 1️⃣"
    configuration = {"_message_after_copy": words, "size": {"type": "str", "help": words, "default": "x"}}
    template = machine.template({**SMALL, "copier.yml": SMALL["copier.yml"] + yaml.safe_dump(configuration)})
    assert f"\n    {words}\n" in machine.run("questions", "--template", template).out
    assert words in machine.run("new", "demo", "--template", template, "--defaults").out


def test_what_looks_like_markup_is_text(machine: Machine) -> None:
    words = "[red]a[/red] [/b] :smile: [link=http://x]y[/link] \\[b]"
    template = machine.template(
        {**SMALL, "copier.yml": SMALL["copier.yml"] + yaml.safe_dump({"_message_after_copy": words})}
    )
    assert words in machine.run("new", "demo", "--template", template, "--defaults").out


def test_words_of_a_journal_are_harmless(made: Machine) -> None:
    demo = made.work / "demo"
    write_files(demo, {CLASH: "mine\n"})
    made.git("add", "-A", cwd=demo)
    made.git("commit", "-qm", "Edit", "--no-verify", cwd=demo)
    made.template({f"template/{CLASH}": "theirs\n"}, tag="v2.0.0")
    assert made.run("update", demo, "--trust").code == 3
    (journal,) = (demo / ".git").rglob("journal.json")
    words = {"title": evil("title"), "tasks": [evil("waiting")]}
    journal.write_text(json.dumps(json.loads(journal.read_text()) | words))
    said = "".join(piped(made, *verb) for verb in (("update", demo, "--status"), ("doctor", demo), ("update", demo)))
    assert harm(said) == []
    assert {name for name in ("title", "waiting") if f"evil-{name}-" not in said} == set(), said


def test_half_a_character_is_refused_as_a_mistake(machine: Machine) -> None:
    half = '"a\\ud800b"'
    for wrong in (f"x: {{type: str, default: {half}}}", "x: \"{{ '\\\\ud800' }}\""):
        files = {"copier.yml": f"{SMALL['copier.yml']}{wrong}\n", "template/x.txt.jinja": "{{ x }}\n"}
        template = machine.template({**SMALL, **files}, tag="")
        machine.run("new", "demo", "--template", template, "--ref", "main", "--defaults").refused("no text")
    machine.nothing_was_left()


def test_half_a_character_that_reaches_no_file_is_in_nobodys_way(machine: Machine) -> None:
    template = machine.template({**SMALL, "copier.yml": f'{SMALL["copier.yml"]}"a\\ud800b": 1\n'})
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    for verb in (("check", "--strict"), ("diff", "--project"), ("questions", "--template", template)):
        done = machine.run(*verb, *([] if verb[0] == "questions" else ["demo"]))
        assert done.code == 0, done
        assert "Traceback" not in done.err


def test_names_that_are_no_text_are_shown_byte_by_byte(made: Machine) -> None:
    said = made.run("why", os.fsdecode(b"caf\xe9"), "--project", made.work / "demo")
    assert said.out.startswith("caf\\xe9\n"), said

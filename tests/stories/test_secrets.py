"""Secret answers: they are in the files of the work tree that need them, and nowhere else."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from .conftest import ANSWERS_FILE, SMALL, Machine, Outcome, write_files
from .updating import Followed, follow

#: Nothing else in a story looks like it, nor like one of its spellings.
CANARY = "kanarie'n Vogel/7+q"
SPELLINGS = (
    CANARY,
    "kanarie",
    quote(CANARY, safe=""),
    base64.b64encode(CANARY.encode()).decode(),
    repr(CANARY)[1:-1],
)
HEAD = "_subdirectory: template\n_templates_suffix: .jinja\n"
QUESTIONS = "name: {type: str, default: World}\ntoken: {type: str, secret: true, default: ''}\n"
TOKEN = ("--set", f"token={CANARY}")


def leaks(*roots: Path, but: tuple[str, ...] = ()) -> list[str]:
    """Files below some folders whose name or content holds the secret, and objects of git that do."""
    found = []
    for file in (file for root in roots for file in _files(root)):
        name = str(file)
        if not name.endswith(but or ("/nowhere",)) and (_holds(name) or _holds(file.read_text(errors="replace"))):
            found.append(name)
    for root in roots:
        if (root / ".git").is_dir():
            command = ["git", "cat-file", "--batch-all-objects", "--batch", "--buffer"]
            done = subprocess.run(command, cwd=root, check=True, capture_output=True)
            found += ["an object of git"] if _holds(done.stdout.decode(errors="replace")) else []
    return found


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in names if Path(folder, name).is_file())


def _holds(text: str) -> bool:
    return any(spelling in text for spelling in SPELLINGS)


def secret_is_kept(machine: Machine, *outcomes: Outcome, but: tuple[str, ...] = ()) -> None:
    """Neither printed nor on the disk, but for the ends of names that are given."""
    for outcome in outcomes:
        assert not _holds(outcome.out + outcome.err), outcome
    assert leaks(machine.work, machine.scratch, machine.home, *machine.work.iterdir(), but=but) == []


def template(machine: Machine, files: dict[str, str], *, tag: str = "v1.0.0") -> Path:
    """A template with a secret question, unless the files bring questions of their own."""
    below = {name if name == "copier.yml" else f"template/{name}": text for name, text in files.items()}
    return machine.template({**SMALL, "copier.yml": HEAD + QUESTIONS, **below}, tag=tag)


def new(machine: Machine, source: Path, *options: str) -> Outcome:
    """`new` with the secret."""
    return machine.run("new", "demo", "--template", source, "--defaults", *TOKEN, *options)


ENV = {"secret.env.jinja": "TOKEN={{ token }}\n"}


@pytest.fixture
def project(machine: Machine) -> Followed:
    """A project whose secret was given."""
    source = template(machine, {**ENV, "notes.md.jinja": "Notes of {{ name }}\n"})
    done = new(machine, source)
    assert done.code == 0, done
    secret_is_kept(machine, done, but=("demo/secret.env",))
    return Followed(machine=machine, template=source, project=machine.work / "demo")


def test_new_leaves_files_of_secrets_out_of_the_first_commit_and_says_so(machine: Machine) -> None:
    done = new(machine, template(machine, ENV))
    assert done.code == 0, done
    assert "Not committed, since it depends on a secret answer: secret.env" in done.out
    demo = machine.work / "demo"
    assert CANARY in (demo / "secret.env").read_text()
    assert machine.git("status", "--porcelain", cwd=demo) == "?? secret.env\n"
    secret_is_kept(machine, done, but=("demo/secret.env",))


def test_a_file_of_secrets_that_the_template_ignores_needs_no_word(machine: Machine) -> None:
    done = new(machine, template(machine, {**ENV, ".gitignore.jinja": "*.env\n"}))
    assert done.code == 0
    assert "Not committed" not in done.out
    assert machine.git("status", "--porcelain", cwd=machine.work / "demo") == ""


@pytest.mark.parametrize("option", ["--no-git", "--dry-run"])
def test_new_without_a_commit_names_files_of_secrets(machine: Machine, option: str) -> None:
    done = new(machine, template(machine, ENV), option)
    assert done.code == 0
    assert "depends on a secret answer" in done.out
    secret_is_kept(machine, done, but=("demo/secret.env",))


def test_what_a_task_stages_of_a_secret_is_not_committed(machine: Machine) -> None:
    questions = HEAD + QUESTIONS + "_tasks: ['git add -A']\n"
    done = new(machine, template(machine, {**ENV, "copier.yml": questions}), "--trust")
    assert done.code == 0, done
    demo = machine.work / "demo"
    assert "secret.env" not in machine.git("ls-tree", "-r", "--name-only", "HEAD", cwd=demo)
    assert machine.git("status", "--porcelain", cwd=demo) == "?? secret.env\n"


def test_every_verb_works_on_such_a_project_and_shows_no_secret(machine: Machine, project: Followed) -> None:
    project.release(files={"secret.env.jinja": "NEW={{ token }}\n", "notes.md.jinja": "More of {{ name }}\n"})
    demo = str(project.project)
    said = [
        machine.run("check", demo),
        machine.run("check", demo, "--strict"),
        machine.run("diff", "--project", demo),
        machine.run("why", "secret.env", "--project", demo),
        machine.run("doctor", demo),
        machine.run("lock", "--resolve", demo),
        project.update("--dry-run", "--diff"),
        project.update("--dry-run", "--json"),
        project.set("name=Ada", "--dry-run", "--diff"),
        project.set(f"token={CANARY}", "name=Ada", "--dry-run", "--json"),
        project.update(),
    ]
    assert [each.code for each in said] == [0] * len(said), said
    assert f"TOKEN={CANARY}" in project.text("secret.env")
    assert project.text("notes.md") == "More of World\n"
    secret_is_kept(machine, *said, but=("demo/secret.env",))


def test_diff_names_a_file_of_secrets_and_prints_nothing_of_it(machine: Machine, project: Followed) -> None:
    done = machine.run("diff", "--project", project.project)
    assert done.code == 0
    assert "secret   seeded  secret.env" in done.out
    assert "depends on a secret answer: not compared, not shown" in done.out
    assert "TOKEN" not in done.out


def test_a_clone_that_lacks_the_files_of_secrets_is_clean(machine: Machine, project: Followed) -> None:
    machine.git("clone", "-q", project.project, "clone")
    project.release(files={"notes.md.jinja": "More of {{ name }}\n"})
    clone = str(machine.work / "clone")
    checked, strict, shown = (
        machine.run(*words) for words in (("check", clone), ("check", clone, "--strict"), ("diff", "--project", clone))
    )
    assert (checked.code, strict.code, shown.code) == (0, 0, 0), (checked, strict, shown)
    assert "No edits" in shown.out
    assert machine.run("update", clone).code == 0


def test_an_ignored_file_of_secrets_is_in_nobodys_way(machine: Machine, project: Followed) -> None:
    project.edit({".gitignore": "secret.env\n"})
    project.release(files={"secret.env.jinja": "NEW={{ token }}\n", "notes.md.jinja": "More of {{ name }}\n"})
    assert machine.run("check", project.project).code == 0
    project.updated()
    assert project.text("secret.env") == f"TOKEN={CANARY}\n"
    assert machine.run("check", project.project, "--strict").code == 0


def test_a_file_of_secrets_that_the_template_drops_or_opens_is_not_shown(machine: Machine, project: Followed) -> None:
    project.release(files={"secret.env.jinja": "TOKEN=from the vault\n"})
    opened = project.update("--dry-run", "--diff")
    project.release("v3.0.0", gone=("secret.env.jinja",))
    dropped = project.update("--dry-run", "--diff")
    assert not _holds(opened.out + opened.err + dropped.out + dropped.err)
    assert project.update().code == 0
    assert CANARY in project.text("secret.env")


def test_a_file_of_secrets_that_comes_with_an_update_is_to_be_kept_out_of_git(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS})
    demo.release(files={"secret.env.jinja": "TOKEN={{ token }}\n"})
    planned = demo.set(f"token={CANARY}", "--dry-run", "--json")
    done = demo.set(f"token={CANARY}")
    updated = demo.update("--dry-run", "--diff")
    assert "secret.env depends on a secret answer: keep it out of git" in updated.out + updated.err
    secret_is_kept(machine, planned, done, updated)


def test_the_plan_for_programs_has_no_digest_of_what_depends_on_a_secret(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS})
    demo.release(files=ENV)
    planned = demo.planned()
    after = next(file["after"] for file in planned["files"] if file["path"] == "secret.env")
    assert after == {"mode": "100644", "blob": None}


def test_a_question_that_became_secret_is_not_shown_as_it_was(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + "token: {type: str, default: ''}\n"}, *TOKEN)
    demo.release(files={"copier.yml": HEAD + "token: {type: str, secret: true, default: ''}\n"})
    said = [demo.update("--dry-run", "--diff"), demo.update("--dry-run", "--json")]
    assert not any(_holds(each.out + each.err) for each in said)


REFUSED = {
    "a file's name": {"{{ token }}.txt.jinja": "x"},
    "a folder's name": {"{{ token }}/a.txt": "x"},
    "a part of a name": {"{{ token | lower }}-{{ name }}.txt": "x"},
    "the length of it": {"{{ token | length }}.txt": "x"},
    "a digest of it": {"{{ token | hash('sha256') }}.txt": "x"},
    "many names": {"{% yield part from token.split() %}{{ part }}{% endyield %}.txt": "x"},
    "a name by way of a computed value": {
        "copier.yml": HEAD + QUESTIONS + "computed: {type: str, default: 'x{{ token }}', when: false}\n",
        "{{ computed }}.txt": "x",
    },
    "the place of the answers file": {"copier.yml": f"{HEAD}{QUESTIONS}_answers_file: '{{{{ token }}}}.yml'\n"},
    "the answers file": {ANSWERS_FILE: "{{ _copier_answers | to_nice_yaml -}}\ntoken: {{ token | to_json }}\n"},
    "the answers file by Copier's own data": {
        ANSWERS_FILE: "{{ _copier_answers | to_nice_yaml -}}\ndata: {{ _copier_conf.data | to_json }}\n"
    },
    "an answer that is computed from it": {
        "copier.yml": HEAD + QUESTIONS + "url: {type: str, default: 'https://u:{{ token }}@host'}\n"
    },
    "an answer that is a digest of it": {
        "copier.yml": HEAD + QUESTIONS + "url: {type: str, default: \"{{ token | hash('sha256') }}\"}\n"
    },
}


BESIDE_CHANCE = {
    "a line of the answers file": {
        ANSWERS_FILE: "# {{ now() }}\n{{ _copier_answers | to_nice_yaml -}}\nsum: {{ token | hash('sha256') }}\n"
    },
    "as many lines": {
        ANSWERS_FILE: "# {{ now() }}\n{{ _copier_answers | to_nice_yaml -}}\n{{ '#\n' * (token | length) }}"
    },
    "a name": {
        "{% yield part from [(10 ** 9) | ans_random | string, token | hash('sha256')] %}{{ part }}{% endyield %}": "x"
    },
}


@pytest.mark.parametrize("files", BESIDE_CHANCE.values(), ids=BESIDE_CHANCE)
def test_chance_beside_it_hides_no_secret_in_what_is_recorded(machine: Machine, files: dict[str, str]) -> None:
    done = new(machine, template(machine, files))
    done.refused("depends on a secret answer", "Refused")
    secret_is_kept(machine, done)
    machine.nothing_was_left()


def test_chance_alone_in_what_is_recorded_is_no_secret(machine: Machine) -> None:
    made = f"# {{{{ now() }}}} {{{{ (10 ** 9) | ans_random }}}}\n{SMALL[f'template/{ANSWERS_FILE}']}"
    name = "{{ (10 ** 9) | ans_random }}.txt"
    done = new(machine, template(machine, {**ENV, ANSWERS_FILE: made, name: "x"}))
    assert done.code == 0, done
    secret_is_kept(machine, done, but=("demo/secret.env",))


@pytest.mark.parametrize("files", REFUSED.values(), ids=REFUSED)
def test_a_secret_in_what_is_recorded_is_refused(machine: Machine, files: dict[str, str]) -> None:
    source = template(machine, files)
    for options in ((), ("--no-git",), ("--dry-run",)):
        done = new(machine, source, *options)
        done.refused("depends on a secret answer", "Refused")
        secret_is_kept(machine, done)
    machine.nothing_was_left()


def test_the_template_file_with_a_secret_in_its_name_is_named(machine: Machine) -> None:
    new(machine, template(machine, {"keys/{{ token }}.txt": "x"})).refused("template/keys/{{ token }}.txt")


@pytest.mark.parametrize("files", [REFUSED["a file's name"], REFUSED["the answers file"]])
def test_an_update_to_a_version_that_records_a_secret_is_refused(machine: Machine, files: dict[str, str]) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS})
    demo.release(files={f"template/{path}": text for path, text in files.items()})
    before = demo.state()
    for options in ((), ("--dry-run", "--json")):
        done = demo.update(*TOKEN, *options)
        done.refused("depends on a secret answer", "Refused")
        secret_is_kept(machine, done)
    assert demo.state() == before


HONEST = {
    "a file for those who have one": {"{% if token %}secret.env{% endif %}.jinja": "TOKEN={{ token }}\n"},
    "a file for those who have none": {"{% if not token %}how-to.md{% endif %}": "Give a token."},
    "chance beside it": {**ENV, "made.txt.jinja": "{{ now() }} {{ _copier_conf.dst_path }}"},
}


@pytest.mark.parametrize("files", HONEST.values(), ids=HONEST)
@pytest.mark.parametrize("given", [TOKEN, ()], ids=["given", "not given"])
def test_a_template_may_ask_whether_there_is_a_secret(
    machine: Machine, files: dict[str, str], given: tuple[str, ...]
) -> None:
    source = template(machine, files)
    done = machine.run("new", "demo", "--template", source, "--defaults", *given)
    assert done.code == 0, done
    for options in ((), ("--strict",)):
        checked = machine.run("check", "demo", *options)
        assert checked.code == 0, checked
    secret_is_kept(machine, done, but=("demo/secret.env",))


SPOKEN = {
    "a validator that quotes it": {
        "copier.yml": HEAD
        + "token: {type: str, secret: true, default: '', validator: \"{% if token %}Not {{ token }}, nor "
        + '{{ token | b64encode }} or {{ token | urlencode }}{% endif %}"}\n',
    },
    "a validator of another answer": {
        "copier.yml": HEAD
        + "token: {type: str, secret: true, default: ''}\n"
        + "name: {type: str, default: x, validator: 'no {{ token }}'}\n"
    },
    "a choice": {"copier.yml": HEAD + "token: {type: str, secret: true, default: a, choices: [a, b]}\n"},
    "a number": {"copier.yml": HEAD + "token: {type: int, secret: true, default: 1}\n"},
    "an expression that fails": {"a.txt.jinja": "{{ {}[token].x }}"},
    "a number that is none": {"a.txt.jinja": "{{ token | mandatory(1/0) }}{{ ('%d' % token) }}"},
    "a file that does not exist": {"a.txt.jinja": "{% include token %}"},
    "a path outside": {"{{ '../' ~ token }}.txt": "x"},
    "an answers file that nobody writes": {
        "copier.yml": f"{HEAD}{QUESTIONS}_answers_file: 'x{{{{ token }}}}/y.yml'\n",
        ANSWERS_FILE: "{{ 1 / 0 }}",
    },
    "a file that is keyed and does not parse": {"x.yml.jinja": "a: [{{ token }}\n  b: '\n"},
}


@pytest.mark.parametrize("files", SPOKEN.values(), ids=SPOKEN)
def test_no_message_holds_a_secret(machine: Machine, files: dict[str, str]) -> None:
    source = template(machine, files)
    if "x.yml.jinja" in files:
        machine.template({"ownership.yml": "files:\n  x.yml: {keyed: [a]}\n"}, tag="v1.1.0")
    done = new(machine, source)
    assert done.code in {0, 2}, done
    secret_is_kept(machine, done, but=("demo/x.yml",))


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_no_message_holds_a_part_of_a_secret(machine: Machine, kind: str) -> None:
    asked = f"token: {{type: {kind}, secret: true, default: '{{}}'}}\n"
    judged = "name: {type: str, default: x, validator: 'no {{ token.key }}'}\n"
    source = template(machine, {"copier.yml": HEAD + asked + judged})
    given = f'token={{"key": "{CANARY}", "user": "ada"}}'
    done = machine.run("new", "demo", "--template", source, "--defaults", "--set", given)
    done.refused("name: 'x' is not a valid answer. no (hidden)")
    secret_is_kept(machine, done)


UNQUOTED = ["!kanarie", "!kanarie!7 x", "!<kanarie> x", "*kanarie", "&kanarie [&kanarie x]", "!!int kanarie"]


@pytest.mark.parametrize("value", [*UNQUOTED, "!!float kanarie", "'7': kanarie", "[kanarie", "%kanarie", "a: kanarie"])
@pytest.mark.parametrize("place", ["answers", "settings"])
def test_no_parser_quotes_a_secret(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, place: str
) -> None:
    file = tmp_path / "written.yml"
    file.write_text(f"token: {value}\n" if place == "answers" else f"defaults:\n  token: {value}\n")
    if place == "settings":
        monkeypatch.setenv("MLSCAFFOLD_SETTINGS", str(file))
    options = ("--answers", file) if place == "answers" else ()
    done = machine.run("new", "demo", "--template", template(machine, ENV), "--defaults", *options)
    done.refused("written.yml")
    secret_is_kept(machine, done)


TASKS = {
    "a shell": "\"echo '{{ token | b64encode }}' >/dev/null; exit 3 # {{ token }}\"",
    "words": '["sh", "-c", "exit 3", "{{ token }}"]',
    "no program": '["{{ token }}"]',
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_task_that_fails_is_shown_as_the_template_writes_it(machine: Machine, task: str) -> None:
    source = template(machine, {"copier.yml": f"{HEAD}{QUESTIONS}_tasks:\n  - {task}\n"})
    done = new(machine, source, "--trust")
    done.refused("A task of the template failed", "{{ token }}")
    secret_is_kept(machine, done)
    machine.nothing_was_left()


def test_what_a_command_of_a_derived_file_says_is_told_without_the_secret(machine: Machine) -> None:
    source = template(machine, {**ENV})
    machine.template({"ownership.yml": "files:\n  x.lock: {derived: sh -c 'cat secret.env >&2; exit 3'}\n"}, tag="v2")
    done = new(machine, source, "--trust")
    done.refused("ended with 3", "TOKEN=(hidden)")
    secret_is_kept(machine, done)


def test_closing_words_that_depend_on_a_secret_are_not_shown(machine: Machine) -> None:
    questions = HEAD + QUESTIONS + "_message_after_copy: 'Sign in with {{ token | reverse }}'\n"
    done = new(machine, template(machine, {"copier.yml": questions}))
    assert done.code == 0
    assert "depends on a secret answer, and is not shown" in done.out
    assert "Sign in" not in done.out


def test_a_report_of_a_bug_holds_no_secret(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(f"while writing {CANARY}, that is {quote(CANARY, safe='')}")

    monkeypatch.setattr("mlscaffold.new.create._copy", broken)
    done = new(machine, template(machine, ENV))
    assert done.code == 70
    secret_is_kept(machine, done)
    (report,) = machine.scratch.iterdir()
    assert "ZeroDivisionError: while writing (hidden)" in report.read_text()


NAMED = {
    "a list": "_secret_questions: [token]\n",
    "a name": "_secret_questions: token\n",
    "a part of the settings": "---\n_secret_questions: token\n---\n",
}


@pytest.mark.parametrize("setting", NAMED.values(), ids=NAMED)
def test_secret_questions_are_named_by_a_list_or_a_name(machine: Machine, setting: str) -> None:
    questions = HEAD + "name: {type: str, default: World}\ntoken: {type: str, default: ''}\n" + setting
    done = new(machine, template(machine, {**ENV, "copier.yml": questions}))
    assert done.code == 0, done
    secret_is_kept(machine, done, but=("demo/secret.env",))


def test_secret_questions_of_an_included_file_count(machine: Machine) -> None:
    questions = HEAD + "token: {type: str, default: ''}\n---\n!include secrets.yml\n"
    source = template(machine, {**ENV, "copier.yml": questions})
    machine.template({"secrets.yml": "_secret_questions: token\n"}, tag="v1.1.0")
    done = new(machine, source)
    assert done.code == 0, done
    secret_is_kept(machine, done, but=("demo/secret.env",))


@pytest.mark.parametrize("value", ["5", "{token: true}", "[[token]]", "true", ""])
def test_secret_questions_of_another_shape_are_refused(machine: Machine, value: str) -> None:
    questions = f"{HEAD}{QUESTIONS}_secret_questions: {value}\n"
    new(machine, template(machine, {"copier.yml": questions})).refused("copier.yml of the template", "list")
    machine.nothing_was_left()


def test_a_secret_question_that_does_not_exist_is_said(machine: Machine) -> None:
    questions = HEAD + QUESTIONS + "_secret_questions: [tokn]\n"
    done = new(machine, template(machine, {"copier.yml": questions}))
    assert done.code == 0
    assert "calls tokn a secret question, and has no question of that name" in done.err


def test_secrets_of_every_type_are_followed(machine: Machine) -> None:
    questions = (
        HEAD
        + "number: {type: int, secret: true, default: 1}\n"
        + "flag: {type: bool, secret: true, default: false}\n"
        + "part: {type: float, secret: true, default: 0.5}\n"
        + "kind: {type: str, secret: true, default: a, choices: [a, b]}\n"
        + "some: {type: str, secret: true, default: [], multiselect: true, choices: [a, b]}\n"
        + "data: {type: yaml, secret: true, default: {}}\n"
        + "computed: {type: str, default: 'x{{ number }}', when: false}\n"
    )
    names = ("number", "flag", "part", "kind", "some", "data", "computed")
    files = {f"{name}.txt.jinja": f"{{{{ {name} }}}}" for name in names}
    demo = follow(machine, {"copier.yml": questions, **files, "open.txt": "x"})
    committed = demo.git("ls-files").split()
    assert not {f"{name}.txt" for name in names} & set(committed)
    assert "open.txt" in committed


def test_a_secret_that_must_have_a_form_is_replaced_by_one_of_that_form(machine: Machine) -> None:
    questions = HEAD + (
        "name: {type: str, default: World}\n"
        "token: {type: str, secret: true, default: '', validator: \"{% if token and not (token | "
        "regex_search('^[a-z]+:[0-9]+$')) %}no{% endif %}\"}\n"
    )
    files = {**ENV, "copier.yml": questions, "port.txt.jinja": "{{ token.split(':')[1] | int if token }}"}
    files["open.md.jinja"] = "{{ name }}"
    source = template(machine, files)
    done = machine.run("new", "demo", "--template", source, "--defaults", "--set", "token=ada:8080")
    assert done.code == 0, done
    committed = machine.git("ls-files", cwd=machine.work / "demo").split()
    assert "open.md" in committed
    assert not {"secret.env", "port.txt"} & set(committed)


def test_the_answers_that_a_person_reviews_hide_what_is_computed_from_a_secret(machine: Machine) -> None:
    from mlscaffold.template.answers import resolve_answers
    from mlscaffold.template.checkout import check_out
    from mlscaffold.template.source import find_source

    source = template(machine, REFUSED["an answer that is computed from it"])
    checkout = check_out(find_source(str(source)), None, into=machine.scratch)
    found = resolve_answers(checkout, "demo", given={"token": CANARY}, suggested={}, ask=None, use_defaults=True)
    assert found.shown() == {"name": "World", "token": "(hidden)", "url": "https://u:(hidden)@host"}


def test_an_update_writes_a_new_file_of_secrets_and_no_other_trace(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS, "notes.md": "a\n"})
    demo.release(files={**ENV, "notes.md": "b\n"})
    said = [demo.update("--dry-run", "--diff", *TOKEN), demo.update("--dry-run", "--json", *TOKEN), demo.update(*TOKEN)]
    assert [each.code for each in said] == [0, 0, 0], said
    assert "secret.env depends on a secret answer: keep it out of git" in said[2].out + said[2].err
    assert demo.text("secret.env") == f"TOKEN={CANARY}\n"
    secret_is_kept(machine, *said, but=("demo/secret.env",))


def test_a_failing_task_of_an_update_shows_no_secret(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS, "notes.md": "a\n"})
    tasks = "_tasks: ['test -e done || exit 3 # {{ token }}']\n"
    demo.release(files={"copier.yml": HEAD + QUESTIONS + tasks, **ENV, "notes.md": "b\n"})
    failed = demo.update("--trust", *TOKEN)
    failed.refused("A task of the template failed", "{{ token }}", code=3)
    write_files(demo.project, {"done": ""})
    said = [failed, demo.update("--status"), demo.update("--continue", "--trust")]
    assert [each.code for each in said] == [3, 3, 0], said
    secret_is_kept(machine, *said, but=("demo/secret.env",))


def test_an_update_in_which_another_file_conflicts_leaves_no_secret_behind(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + QUESTIONS, **ENV, "notes.md": "a\n"}, *TOKEN)
    demo.edit({"notes.md": "mine\n", ".gitignore": "secret.env\n"})
    demo.release(files={"secret.env.jinja": "NEW={{ token }}\n", "notes.md": "theirs\n"})
    said = [demo.update(), demo.update("--status"), demo.update("--abort")]
    assert said[0].code == 3
    secret_is_kept(machine, *said, but=("demo/secret.env",))

"""`mlscaffold set`, and questions that change between versions: the same plan and merge, other answers."""

from __future__ import annotations

import json

import pytest

from mlscaffold.project.lock import read_lock

from .conftest import SMALL, Machine, begins, snapshot
from .updating import LINES, Followed, follow, with_line

HEAD = "_subdirectory: template\n_templates_suffix: .jinja\n"
QUESTIONS = (
    HEAD
    + """\
name: {type: str, default: World}
package: {type: str, default: core}
ci: {type: bool, default: true}
size: {type: int, default: 1}
"""
)
FILES = {
    "copier.yml": QUESTIONS,
    "hello.txt.jinja": "Hello {{ name }}\n",
    "notes.md": LINES,
    "src/{{ package }}/main.py.jinja": 'print("{{ package }}")\n' + LINES,
    "src/{{ package }}/rest.py": LINES,
    "{% if ci %}ci{% endif %}/job.yml": "job: 1\n",
    "{% if ci %}ci{% endif %}/test.yml": "test: 1\n",
}


@begins
def demo(machine: Machine) -> Followed:
    """A project with a package named by an answer, and a component."""
    return follow(machine, FILES)


def test_an_answer_alone_changes_what_depends_on_it(demo: Followed) -> None:
    demo.edit({"notes.md": with_line(5, "mine")})

    done = demo.set("name=Ada")

    assert done.code == 0
    assert "answer  name: World -> Ada" in done.out
    assert "update    merged  hello.txt" in done.out
    assert demo.text("hello.txt") == "Hello Ada\n"
    assert demo.text("notes.md") == with_line(5, "mine")
    assert "name: Ada" in demo.text(".copier-answers.yml")
    assert demo.version == "v1.0.0"
    demo.commit()
    assert demo.machine.run("check", demo.project).code == 0


def test_the_answer_that_is_there_already_changes_nothing(demo: Followed) -> None:
    before = demo.state()

    assert "Nothing to do" in demo.set("name=World").out
    assert demo.state() == before


def test_set_does_not_move_the_version(demo: Followed) -> None:
    demo.release(files={"notes.md": with_line(9, "theirs")})

    assert demo.set("name=Ada").code == 0

    assert demo.version == "v1.0.0"
    assert demo.text("notes.md") == LINES


def test_a_dry_run_writes_nothing_and_its_json_is_the_plan(demo: Followed) -> None:
    before = demo.state()

    planned = json.loads(demo.set("name=Ada", "--dry-run", "--json").out)

    assert demo.state() == before
    assert planned["answers"] == {"name": {"from": "World", "to": "Ada"}}
    assert planned == json.loads(demo.set("name=Ada", "--json").out)


def test_a_package_that_an_answer_renames_takes_the_edits_along(demo: Followed) -> None:
    demo.edit({"src/core/rest.py": with_line(5, "mine"), "src/core/own.py": "own\n"})

    done = demo.set("package=engine")

    assert done.code == 0
    assert demo.text("src/engine/rest.py") == with_line(5, "mine")
    assert demo.text("src/engine/main.py") == 'print("engine")\n' + LINES
    # The user's own file is nobody's to move.
    assert sorted(path.name for path in (demo.project / "src" / "core").iterdir()) == ["own.py"]


def test_a_component_goes_and_comes_back(demo: Followed) -> None:
    before = snapshot(demo.project)

    gone = demo.set("ci=false")
    assert "remove    merged  ci/job.yml" in gone.out
    assert not demo.has("ci")
    demo.commit()
    assert demo.set("ci=true").code == 0

    assert snapshot(demo.project) == before


def test_an_edited_file_of_a_component_that_goes_stays_and_is_named(demo: Followed) -> None:
    demo.edit({"ci/job.yml": "job: mine\n"})

    done = demo.set("ci=false")

    assert done.code == 0
    assert "keep      merged  ci/job.yml" in done.out
    assert demo.text("ci/job.yml") == "job: mine\n"
    assert not demo.has("ci/test.yml")


def test_conflicting_answers_are_finished_like_an_update(demo: Followed) -> None:
    demo.edit({"hello.txt": "Hello mine\n"})

    assert demo.set("name=Ada").code == 3
    assert "<<<<<<< your project\nHello mine\n" in demo.text("hello.txt")
    assert "name: World" in demo.text(".copier-answers.yml")
    demo.git("checkout", "--ours", "hello.txt")
    demo.git("add", "hello.txt")
    demo.updated("--continue")

    assert "name: Ada" in demo.text(".copier-answers.yml")


def test_unknown_questions_and_bad_answers_are_refused(demo: Followed) -> None:
    before = demo.state()

    demo.set("nmae=Ada").refused("no question 'nmae'", "Did you mean name?")
    demo.set("size=large").refused("size: 'large' is not a valid answer")
    demo.set("name").refused("write it as KEY=VALUE")

    assert demo.state() == before


def test_an_update_may_set_answers_too(demo: Followed) -> None:
    demo.release(files={"notes.md": with_line(9, "theirs")})

    demo.updated("--set", "name=Ada")

    assert (demo.text("hello.txt"), demo.text("notes.md")) == ("Hello Ada\n", with_line(9, "theirs"))


def test_an_update_takes_answers_from_a_file(demo: Followed) -> None:
    demo.release()
    answers = demo.machine.work / "answers.yml"
    answers.write_text("name: Grace\n")

    demo.updated("--answers", answers)

    assert demo.text("hello.txt") == "Hello Grace\n"


# Questions that change between versions


def test_a_new_question_with_a_default_is_answered_by_it(demo: Followed) -> None:
    demo.release(files={"copier.yml": QUESTIONS + "team: {type: str, default: ml}\n", "team.txt.jinja": "{{ team }}\n"})

    said = demo.update().out

    assert "answer  team: (none) -> ml" in said
    assert demo.text("team.txt") == "ml\n"
    assert "team: ml" in demo.text(".copier-answers.yml")


def test_a_new_question_without_a_default_needs_an_answer(demo: Followed) -> None:
    demo.release(files={"copier.yml": QUESTIONS + "team: {type: str}\n", "team.txt.jinja": "{{ team }}\n"})

    demo.refuses("no answer", "team", "--set NAME=VALUE")
    demo.updated("--set", "team=ml")

    assert demo.text("team.txt") == "ml\n"


def test_a_question_that_is_no_more_takes_its_answer_along(demo: Followed) -> None:
    demo.release(files={"copier.yml": QUESTIONS.replace("name: {type: str, default: World}\n", "")})
    demo.release("v2.1.0", {"hello.txt.jinja": "Hello\n"})

    said = demo.update().out

    assert "answer  name: World -> (none)" in said
    assert "name:" not in demo.text(".copier-answers.yml")
    assert demo.text("hello.txt") == "Hello\n"


def test_an_answer_that_is_no_longer_valid_needs_another(demo: Followed) -> None:
    stricter = "name:\n  type: str\n  default: Ada\n  validator: \"{% if name == 'World' %}too wide{% endif %}\"\n"
    demo.release(files={"copier.yml": HEAD + stricter + "package: core\nci: true\n"})

    demo.refuses("name: 'World' is not a valid answer", "too wide", "--set name=VALUE")
    demo.updated("--set", "name=Grace")

    assert demo.text("hello.txt") == "Hello Grace\n"


def test_an_answer_whose_choice_is_gone_needs_another(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + "name: {type: str, choices: [a, b], default: b}\n"})
    demo.release(files={"copier.yml": HEAD + "name: {type: str, choices: [a, c], default: a}\n"})

    demo.refuses("name: 'b' is not a valid answer")
    demo.updated("--set", "name=c")

    assert demo.text("hello.txt") == "Hello c\n"


def test_a_question_that_changes_its_type_keeps_what_can_be_kept(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD + "name: {type: str, default: '7'}\n"})
    demo.release(files={"copier.yml": HEAD + "name: {type: int, default: 1}\n"})

    demo.updated()

    assert "name: 7" in demo.text(".copier-answers.yml")


def test_a_default_that_depends_on_another_answer_does_not_move_what_was_answered(machine: Machine) -> None:
    questions = "name: {type: str, default: World}\nslug: {type: str, default: '{{ name | lower }}'}\n"
    demo = follow(machine, {"copier.yml": HEAD + questions, "slug.txt.jinja": "{{ slug }}\n"})

    assert demo.set("name=Ada").code == 0

    assert demo.text("slug.txt") == "world\n"


def test_a_computed_value_follows_its_answers(machine: Machine) -> None:
    questions = "name: {type: str, default: World}\nslug: {type: str, default: '{{ name | lower }}', when: false}\n"
    demo = follow(machine, {"copier.yml": HEAD + questions, "slug.txt.jinja": "{{ slug }}\n"})

    assert demo.set("name=Ada").code == 0

    assert demo.text("slug.txt") == "ada\n"


# Questions that are asked no more, and that nobody is asked


def once(machine: Machine, *options: str) -> Followed:
    """A project of a release that asked for a kind; the next one asks no more, and follows those who said `b`."""
    kind = "kind: {type: str, choices: [a, b], default: a}\n"
    demo = follow(machine, {"copier.yml": HEAD + kind, "kind.txt.jinja": "{{ kind }}\n"}, *options)
    later = "kind: {type: str, choices: [a, b], when: \"{{ kind is defined and kind == 'b' }}\"}\n"
    demo.release(files={"copier.yml": HEAD + later, "kind.txt.jinja": "{{ kind | default('a') }}\n"})
    return demo


def test_an_answer_to_a_question_that_is_asked_no_more_stays_where_it_was_given(machine: Machine) -> None:
    demo = once(machine, "--set", "kind=b")

    demo.updated()
    demo.commit()
    demo.release("v3.0.0", {"kind.txt.jinja": "kind {{ kind | default('a') }}\n"})
    demo.updated()
    demo.commit()

    assert demo.text("kind.txt") == "kind b\n"
    assert "kind: b" in demo.text(".copier-answers.yml")
    assert demo.machine.run("check", "--strict", demo.project).code == 0
    assert "Nothing to do" in demo.update().out


def test_the_answer_that_is_the_default_now_goes(machine: Machine) -> None:
    demo = once(machine)

    assert "answer  kind: a -> (none)" in demo.update().out
    demo.commit()

    assert demo.text("kind.txt") == "a\n"
    assert demo.machine.run("check", "--strict", demo.project).code == 0
    demo.set("kind=b").refused("no question 'kind'")


def test_an_answer_that_was_kept_can_be_given_up(machine: Machine) -> None:
    demo = once(machine, "--set", "kind=b")
    demo.updated()
    demo.commit()

    assert demo.set("kind=a").code == 0
    demo.commit()

    assert demo.text("kind.txt") == "a\n"
    assert "kind" not in demo.text(".copier-answers.yml")
    assert demo.machine.run("check", "--strict", demo.project).code == 0


def test_a_question_that_is_asked_no_more_is_unknown_to_new_projects(machine: Machine) -> None:
    demo = once(machine)

    refused = machine.run("new", "other", "--template", demo.template, "--defaults", "--set", "kind=b")

    refused.refused("The template has no question 'kind'")
    assert "kind" not in machine.run("questions", "--template", demo.template).out


def test_a_question_that_nobody_is_asked_can_be_answered(machine: Machine) -> None:
    quiet = "size: {type: int, default: 1, ask: false}\nnever: {type: str, ask: false}\n"
    files = {"copier.yml": HEAD + quiet, "size.txt.jinja": "{{ size }} {{ never is defined }}\n"}

    demo = follow(machine, files, "--set", "size=2")
    assert demo.text("size.txt") == "2 False\n"
    assert demo.set("size=3", "never=now").code == 0
    demo.commit()

    assert demo.text("size.txt") == "3 True\n"
    assert demo.machine.run("check", "--strict", demo.project).code == 0
    done = machine.run("new", "other", "--template", demo.template)
    assert done.code == 0, done


SECRET = HEAD + "name: {type: str, default: World}\ntoken: {type: str, secret: true, default: ''}\n"


def test_files_of_a_secret_answer_are_never_touched_again(machine: Machine) -> None:
    files = {"copier.yml": SECRET, "secret.env.jinja": "TOKEN={{ token }}\n", "notes.md": LINES}
    demo = follow(machine, files, "--set", "token=hunter2")
    assert "hunter2" not in demo.text(".copier-answers.yml") + demo.text(".mlscaffold.lock")
    demo.release(files={"secret.env.jinja": "NEW={{ token }}\n", "notes.md": with_line(9, "theirs")})

    done = demo.update()

    assert done.code == 0
    assert "hunter2" not in done.out + done.err
    assert demo.text("secret.env") == "TOKEN=hunter2\n"
    assert demo.text("notes.md") == with_line(9, "theirs")


def test_a_secret_answer_that_is_given_is_not_shown(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": SECRET, "secret.env.jinja": "TOKEN={{ token }}\n", "notes.md": LINES})
    demo.release(files={"notes.md": with_line(9, "theirs"), "more.env.jinja": "MORE={{ token }}\n"})

    dry = demo.update("--set", "token=swordfish7", "--dry-run", "--diff")
    done = demo.update("--set", "token=swordfish7", "--json")

    assert (dry.code, done.code) == (0, 0)
    assert "create    seeded  more.env" in dry.out
    assert "swordfish7" not in dry.out + dry.err + done.out + done.err
    assert demo.text("more.env") == "MORE=swordfish7\n"
    assert "swordfish7" not in demo.text(".copier-answers.yml") + demo.text(".mlscaffold.lock")
    kept = [file for file in (machine.home / ".cache").rglob("*") if file.is_file()]
    assert not [file for file in kept if b"swordfish7" in file.read_bytes()]


# Two branches


def test_two_branches_that_updated_and_answered_apart_conflict_in_the_lock_visibly(machine: Machine) -> None:
    demo = follow(machine, {"notes.md": LINES})
    demo.release(files={"notes.md": with_line(9, "theirs")})
    demo.git("checkout", "-qb", "answers")
    assert demo.set("name=Ada").code == 0
    demo.commit()
    demo.git("checkout", "-q", "main")
    demo.updated()
    demo.commit()
    with pytest.raises(Exception, match="merge"):
        demo.git("merge", "-q", "answers")

    refused = demo.update()

    refused.refused("conflict")
    assert ".mlscaffold.lock" in demo.git("diff", "--name-only", "--diff-filter=U")
    assert machine.run("lock", "--resolve", demo.project).code == 0
    demo.commit()
    assert (demo.text("hello.txt"), demo.text("notes.md")) == ("Hello Ada\n", with_line(9, "theirs"))
    assert read_lock(demo.project).version == "v2.0.0"
    assert machine.run("check", demo.project).code == 0


def test_template_without_questions(machine: Machine) -> None:
    demo = follow(machine, {"copier.yml": HEAD, "hello.txt.jinja": "Hello\n"})
    demo.release(files={"hello.txt.jinja": "Hello again\n"})

    demo.updated()

    assert demo.text("hello.txt") == "Hello again\n"
    demo.commit()
    demo.set("name=x").refused("no question 'name'")


def test_project_settings_of_the_person_are_defaults_only_for_new_questions(machine: Machine) -> None:
    settings = machine.home / ".config" / "mlscaffold"
    settings.mkdir(parents=True)
    demo = follow(machine, SMALL)
    (settings / "settings.yml").write_text("defaults: {name: Personal, team: mine}\n")
    demo.release(files={"copier.yml": SMALL["copier.yml"] + "team: {type: str, default: ml}\n"})

    demo.updated()

    assert demo.text("hello.txt") == "Hello World\n"
    assert "team: mine" in demo.text(".copier-answers.yml")


def test_the_folder_is_named_as_with_other_verbs(machine: Machine) -> None:
    """First, or by an option that every verb has; twice is too often."""
    demo = follow(machine, {})
    for words in ((demo.project, "name=Moon"), ("name=Moon", "--project", demo.project)):
        done = machine.run("set", *words, "--dry-run")
        assert done.code == 0, done
        assert "name: World -> Moon" in done.out
    machine.run("set", demo.project).refused("No answer is given", "KEY=VALUE")
    machine.run("set", "name", "--project", demo.project).refused("write it as KEY=VALUE")
    for verb in ("check", "lock", "doctor"):
        assert machine.run(verb, "--project", demo.project).code == 0, verb
        machine.run(verb, machine.work, "--project", demo.project).refused("Two projects are named")


def test_where_several_may_be_chosen_one_word_is_a_choice_and_commas_part_them(machine: Machine) -> None:
    """`set deploy=kubernetes` is what a person types; a list of YAML means the same."""
    parts = {
        "copier.yml": HEAD + 'parts: {type: str, multiselect: true, choices: [a, b, "c, d"], default: []}\n',
        "{% if 'a' in parts %}a.txt{% endif %}": "a\n",
        "{% if 'b' in parts %}b.txt{% endif %}": "b\n",
        "{% if 'c, d' in parts %}c.txt{% endif %}": "c\n",
        "notes.md": LINES,
    }
    demo = follow(machine, parts)
    demo.edit({"notes.md": with_line(5, "mine")})
    for typed, files in (
        ("a", "a"),
        ("b, a", "ab"),
        ("[b]", "b"),
        ("c, d", "c"),
        ("", ""),
        ("a,b,", "ab"),
    ):
        assert demo.set(f"parts={typed}").code == 0
        demo.commit()
        assert "".join(name for name in "abc" if (demo.project / f"{name}.txt").exists()) == files, typed
    demo.set("parts=a,x").refused("'x' is not in ['a', 'b', 'c, d']")
    assert demo.text("notes.md") == with_line(5, "mine")
